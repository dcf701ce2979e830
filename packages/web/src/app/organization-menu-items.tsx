import Box from '@mui/material/Box';
import Menu from '@mui/material/Menu';
import MenuItem from '@mui/material/MenuItem';
import Typography from '@mui/material/Typography';
import type { RouteResponse, Routes } from '@zeronaut/model';
import type { FormEvent, ReactNode } from 'react';
import { forgetLastState } from '../base/last-state.ts';
import { useMessages } from '../base/messages.ts';
import { CheckIcon } from '../ui/icons.tsx';
import { appMessages } from './messages.ts';

/** The organizations to choose from. Not in the first load: most people belong to one. */
export function OrganizationMenuItems(props: {
  readonly id: string;
  /** Null: it is closed. */
  readonly anchor: HTMLElement | null;
  readonly items: RouteResponse<Routes['organizations.list']>['items'];
  readonly isAway: boolean;
  readonly onClose: () => void;
}) {
  const t = useMessages(appMessages);
  const { anchor, items, isAway, onClose } = props;
  return (
    <Menu
      id={props.id}
      anchorEl={anchor}
      open={anchor !== null}
      onClose={onClose}
      slotProps={{ paper: { sx: { minWidth: 220, maxWidth: 340 } } }}
    >
      {items.map(({ organization: one, role, current }) =>
        current ? (
          <MenuItem key={one.id} role="menuitemradio" aria-checked selected onClick={onClose}>
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
