import Box from '@mui/material/Box';
import ButtonBase from '@mui/material/ButtonBase';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { routeQuery } from '../base/api.ts';
import { forgetLastState } from '../base/last-state.ts';
import { useMessages } from '../base/messages.ts';
import { useMe } from '../base/session.ts';
import { CheckIcon, UnfoldIcon } from '../ui/icons.tsx';
import { visuallyHidden } from '../ui/visually-hidden.ts';
import { appMessages } from './messages.ts';

/** In which organization one acts, and the way to the others. Who belongs to one alone reads its name. */
export function OrganizationMenu() {
  const t = useMessages(appMessages);
  const { organization, credential } = useMe();
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
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
        onClick={(event) => setAnchor(event.currentTarget)}
        sx={{ maxWidth: '100%', borderRadius: 1, gap: 0.5, mx: -0.5, px: 0.5, '&:hover': { bgcolor: 'action.hover' } }}
      >
        {name}
        <UnfoldIcon sx={{ fontSize: 14, color: 'text.secondary' }} aria-hidden />
        <Box component="span" sx={visuallyHidden}>
          {t('organization.menu')}
        </Box>
      </ButtonBase>
      <Menu
        id={menuId}
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => setAnchor(null)}
        slotProps={{ paper: { sx: { minWidth: 220, maxWidth: 340 } } }}
      >
        {items.map(({ organization: one, role, current }) =>
          current ? (
            <MenuItem key={one.id} role="menuitemradio" aria-checked selected onClick={() => setAnchor(null)}>
              <Entry name={one.name} detail={role} />
              <CheckIcon fontSize="small" aria-hidden />
            </MenuItem>
          ) : (
            <SwitchForm key={one.id} action="/organizations/switch" id={one.id}>
              <Entry name={one.name} detail={role} />
            </SwitchForm>
          ),
        )}
        {isAway ? (
          <SwitchForm action="/organizations/home">
            <Entry name={t('organization.home')} detail={t('organization.homeHint')} />
          </SwitchForm>
        ) : null}
      </Menu>
    </>
  );
}

function Entry({ name, detail }: { readonly name: string; readonly detail: string }) {
  return (
    <Box sx={{ flex: 1, minWidth: 0 }}>
      <Box sx={{ overflow: 'hidden', textOverflow: 'ellipsis' }}>{name}</Box>
      <Typography variant="caption" color="textSecondary" component="div">
        {detail}
      </Typography>
    </Box>
  );
}

interface SwitchFormProps {
  readonly action: string;
  readonly id?: string;
  readonly children: ReactNode;
}

/** A form, so that the console changes the session and its cookie in one step. */
function SwitchForm({ action, id, children }: SwitchFormProps) {
  function submit(event: FormEvent): void {
    const form = event.currentTarget as HTMLFormElement;
    event.preventDefault();
    // What this browser keeps is of the organization that is left; `submit` does not come back here.
    void forgetLastState().then(() => form.submit());
  }
  return (
    <Box component="form" method="post" action={action} role="none" onSubmit={submit}>
      {id === undefined ? null : <input type="hidden" name="id" value={id} />}
      <MenuItem
        component="button"
        type="submit"
        role="menuitemradio"
        aria-checked={false}
        sx={{ width: 1, font: 'inherit', textAlign: 'left' }}
      >
        {children}
      </MenuItem>
    </Box>
  );
}
