import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import Typography from '@mui/material/Typography';
import { useNavigate } from '@tanstack/react-router';
import type { User } from '@zeronaut/model';
import { useState } from 'react';
import { useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { userMessages } from './messages.ts';
import { UserEffects } from './user-effects.tsx';

/** Says what would end before it does, and asks for the name: it cannot be undone. */
export function RemoveUserDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const t = useMessages(userMessages);
  const may = useMay();
  const navigate = useNavigate();
  const [eraseAudit, setEraseAudit] = useState(false);
  const remove = useRouteMutation('users.delete', ['users.list', 'devices.list', 'sessions.list']);
  const params = { id: user.id };
  return (
    <ConfirmDialog
      open
      title={t('remove.title', { name: user.name })}
      action={t('remove')}
      typeName={user.email}
      onConfirm={async () => {
        await remove.mutateAsync({ params, query: eraseAudit ? { eraseAudit: 'true' } : {}, version: user.version });
        await navigate({ to: '/users' });
      }}
      onClose={onClose}
    >
      <Typography>{t('remove.text')}</Typography>
      <UserEffects id={user.id} of="removal" />
      {may('audit_erasures:write') ? (
        <FormControlLabel
          control={<Checkbox checked={eraseAudit} onChange={(_, checked) => setEraseAudit(checked)} />}
          label={t('remove.erase')}
        />
      ) : null}
    </ConfirmDialog>
  );
}
