import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { useMay } from '../../base/session.ts';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { roleMessages } from './messages.ts';

const KINDS = [
  'user',
  'service_account',
  'api_key',
  'invitation',
  'identity_provider',
  'resource',
  'site',
  'approval_rule',
  'policy',
] as const;

/** Who has the role and what names it: with any of them it is not removed. */
export function RoleHolders({ name }: { readonly name: string }) {
  const t = useMessages(roleMessages);
  const may = useMay();
  const { data, error, refetch } = useQuery(routeQuery('roles.get', { params: { name } }));
  // The API names nobody to those who may not read users.
  if (!may('users:read')) return <Typography>{t('remove.text')}</Typography>;
  if (data === undefined) {
    return error === null ? (
      <RowsSkeleton rows={2} label={t('remove')} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  const named = KINDS.flatMap((kind) => {
    const names = data.usedBy.filter((use) => use.kind === kind).map((use) => use.name);
    return names.length === 0 ? [] : [{ kind, names }];
  });
  return (
    <div role="status">
      <Typography>{t(named.length === 0 ? 'remove.unused' : 'remove.text')}</Typography>
      {named.map(({ kind, names }) => (
        <Typography key={kind} sx={{ mt: 1, overflowWrap: 'anywhere' }}>
          {t(`holder.${kind}`, { count: names.length, names: names.join(', ') })}
        </Typography>
      ))}
    </div>
  );
}
