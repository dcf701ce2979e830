import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useId, useState } from 'react';
import { routeQuery } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { useMe } from '../base/session.ts';
import { UnfoldIcon } from '../ui/icons.tsx';
import { visuallyHidden } from '../ui/visually-hidden.ts';
import { appMessages } from './messages.ts';

const OrganizationMenuItems = lazy(async () => ({
  default: (await import('./organization-menu-items.tsx')).OrganizationMenuItems,
}));

/** In which organization one acts, and the way to the others. Who belongs to one alone reads its name. */
export function OrganizationMenu() {
  const t = useMessages(appMessages);
  const { organization, credential } = useMe();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [isWanted, setWanted] = useState(false);
  const menuId = useId();
  const { data } = useQuery({ ...routeQuery('organizations.list', {}), enabled: credential === 'session' });
  const items = data?.items ?? [];
  // Away from home nobody hears of the others: the way leads home first.
  const isAway = items.length > 0 && items.every(({ home }) => !home);
  const name = (
    <Typography variant="caption" color="textSecondary" noWrap component="span" title={organization.name}>
      {organization.name}
    </Typography>
  );
  if (items.length < 2 && !isAway) return <Box sx={{ display: 'flex', minWidth: 0 }}>{name}</Box>;
  return (
    <>
      <ButtonBase
        aria-haspopup="menu"
        aria-controls={anchor === null ? undefined : menuId}
        aria-expanded={anchor !== null}
        onClick={(event) => {
          setWanted(true);
          setAnchor(event.currentTarget);
        }}
        sx={{ maxWidth: '100%', borderRadius: 1, gap: 0.5, mx: -0.5, px: 0.5, '&:hover': { bgcolor: 'action.hover' } }}
      >
        {name}
        <UnfoldIcon sx={{ fontSize: 14, color: 'text.secondary' }} aria-hidden />
        <Box component="span" sx={visuallyHidden}>
          {t('organization.menu')}
        </Box>
      </ButtonBase>
      {isWanted ? (
        <Suspense>
          <OrganizationMenuItems
            id={menuId}
            anchor={anchor}
            items={items}
            isAway={isAway}
            onClose={() => setAnchor(null)}
          />
        </Suspense>
      ) : null}
    </>
  );
}
