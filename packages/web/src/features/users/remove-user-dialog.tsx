import Checkbox from '@mui/material/Checkbox';
import FormControlLabel from '@mui/material/FormControlLabel';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { User, UserRemoval } from '@zeronaut/model';
import { useState } from 'react';
import { routeQuery, useRouteMutation } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { userMessages } from './messages.ts';

const COUNTS = [
  'sessions',
  'devices',
  'apiKeys',
  'personalAccessTokens',
  'factors',
  'accessRequests',
  'consents',
  'workloadTrusts',
  'shares',
  'invitations',
  'enrolments',
] as const satisfies readonly (keyof UserRemoval['ends'])[];

/** Says what would end before it does, and asks for the name: it cannot be undone. */
export function RemoveUserDialog({ user, onClose }: { readonly user: User; readonly onClose: () => void }) {
  const t = useMessages(userMessages);
  const may = useMay();
  const navigate = useNavigate();
  const [eraseAudit, setEraseAudit] = useState(false);
  const remove = useRouteMutation('users.delete', ['users.list', 'devices.list', 'sessions.list']);
  const params = { id: user.id };
  const { data, error, refetch } = useQuery(routeQuery('users.previewRemoval', { params }));
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
      {error === null ? null : <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined ? error === null ? <RowsSkeleton label={t('remove')} /> : null : <Ends removal={data} />}
      {may('audit_erasures:write') ? (
        <FormControlLabel
          control={<Checkbox checked={eraseAudit} onChange={(_, checked) => setEraseAudit(checked)} />}
          label={t('remove.erase')}
        />
      ) : null}
    </ConfirmDialog>
  );
}

function Ends({ removal: { ends, unreachable, namedBy } }: { readonly removal: UserRemoval }) {
  const t = useMessages(userMessages);
  const counted = COUNTS.filter((what) => ends[what] > 0);
  const named = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name).join(', ');
  return (
    <>
      <Typography>
        {counted.length === 0
          ? t('remove.nothing')
          : t('remove.ends', { what: counted.map((what) => t(`ends.${what}`, { count: ends[what] })).join(', ') })}
      </Typography>
      {unreachable.length === 0 ? null : (
        <Typography>{t('remove.unreachable', { names: named(unreachable) })}</Typography>
      )}
      {namedBy.length === 0 ? null : <Typography>{t('remove.namedBy', { names: named(namedBy) })}</Typography>}
    </>
  );
}
