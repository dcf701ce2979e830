import Box from '@mui/material/Box';
import ListItemButton, { type ListItemButtonProps } from '@mui/material/ListItemButton';
import { createLink } from '@tanstack/react-router';
import type { Ref } from 'react';
import { useMessages } from '../base/messages.ts';
import { useMay } from '../base/session.ts';
import { appMessages } from './messages.ts';
import { NAVIGATION, type NavigationItem } from './navigation.ts';

const NavigationLink = createLink(function NavigationLink(
  props: ListItemButtonProps<'a'> & { ref?: Ref<HTMLAnchorElement> },
) {
  return <ListItemButton component="a" {...props} />;
});

const LOOK = {
  minHeight: 40,
  px: 1.25,
  py: 0.5,
  gap: 1.5,
  flexGrow: 0,
  color: 'text.secondary',
  fontWeight: 500,
  whiteSpace: 'nowrap',
  '& svg': { fontSize: 20 },
  '&.active, &.active:hover': { bgcolor: 'action.selected', color: 'text.primary' },
  '&.active svg': { color: 'primary.main' },
} as const;

/** The pages that the role may open. */
export function NavigationList({ label }: { readonly label: string }) {
  const t = useMessages(appMessages);
  const may = useMay();
  return (
    <Box component="nav" aria-label={label} sx={{ flex: 1 }}>
      <Box component="ul" sx={{ listStyle: 'none', m: 0, p: 0, display: 'grid', gap: 0.25 }}>
        {NAVIGATION.filter(({ permission }) => may(permission)).map((item) => (
          <li key={item.to}>
            <Item item={item} text={t(item.label)} />
          </li>
        ))}
      </Box>
    </Box>
  );
}

function Item({ item, text }: { readonly item: NavigationItem; readonly text: string }) {
  const Icon = item.icon;
  if (item.external) {
    return (
      <ListItemButton component="a" href={item.to} sx={LOOK}>
        <Icon aria-hidden />
        {text}
      </ListItemButton>
    );
  }
  return (
    <NavigationLink
      to={item.to}
      activeOptions={{ exact: item.to === '/' }}
      activeProps={{ className: 'active', 'aria-current': 'page' }}
      sx={LOOK}
    >
      <Icon aria-hidden />
      {text}
    </NavigationLink>
  );
}
