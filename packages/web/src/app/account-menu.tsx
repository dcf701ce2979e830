import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import Typography from '@mui/material/Typography';
import { lazy, Suspense, useId, useState } from 'react';
import { useMessages } from '../base/messages.ts';
import { useMe } from '../base/session.ts';
import { visuallyHidden } from '../ui/visually-hidden.ts';
import { appMessages } from './messages.ts';

export const loadAccountMenu = () => import('./account-menu-items.tsx');
const AccountMenuItems = lazy(async () => ({ default: (await loadAccountMenu()).AccountMenuItems }));

/** Who is signed in, how it looks to them, and the way out. */
export function AccountMenu({ onKeys }: { readonly onKeys: () => void }) {
  const t = useMessages(appMessages);
  const me = useMe();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const [isWanted, setWanted] = useState(false);
  const menuId = useId();
  const name = me.user?.name ?? me.role;
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
        sx={{
          justifyContent: 'flex-start',
          gap: 1.25,
          p: 1,
          borderRadius: 2,
          textAlign: 'left',
          '&:hover': { bgcolor: 'action.hover' },
        }}
      >
        <Box
          aria-hidden
          sx={{
            display: 'grid',
            placeItems: 'center',
            width: 32,
            height: 32,
            flexShrink: 0,
            borderRadius: '50%',
            bgcolor: 'action.selected',
            fontWeight: 600,
            fontSize: 13,
          }}
        >
          {initials(name)}
        </Box>
        <Box sx={{ minWidth: 0 }}>
          <Typography variant="body2" noWrap sx={{ fontWeight: 600 }}>
            {name}
          </Typography>
          <Typography variant="caption" color="textSecondary" noWrap component="div">
            {me.role}
          </Typography>
          <Box component="span" sx={visuallyHidden}>
            {t('account.menu')}
          </Box>
        </Box>
      </ButtonBase>
      {isWanted ? (
        <Suspense>
          <AccountMenuItems id={menuId} anchor={anchor} onClose={() => setAnchor(null)} onKeys={onKeys} />
        </Suspense>
      ) : null}
    </>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word === undefined ? '' : ([...word][0] ?? '')))
    .join('')
    .toUpperCase();
}
