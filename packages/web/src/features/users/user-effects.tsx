import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { UserRemoval } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { userMessages } from './messages.ts';

type Count = keyof UserRemoval['ends'];

const ALL = [
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
] as const satisfies readonly Count[];
/** What is there again when the account is enabled. Sessions are not; factors and consents open nothing by themselves. */
const SUSPENDED = [
  'devices',
  'apiKeys',
  'personalAccessTokens',
  'accessRequests',
  'workloadTrusts',
  'shares',
  'invitations',
  'enrolments',
] as const satisfies readonly Count[];

interface UserEffectsProps {
  readonly id: string;
  readonly of: 'removal' | 'disabling';
}

/** What would end for somebody, as the API says it. Mount it with its dialog. */
export function UserEffects({ id, of }: UserEffectsProps) {
  const t = useMessages(userMessages);
  const { data, error, refetch } = useQuery(routeQuery('users.previewRemoval', { params: { id } }));
  if (data === undefined) {
    return error === null ? (
      <RowsSkeleton rows={2} label={t('effects')} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  const { ends, unreachable, namedBy } = data;
  const isRemoval = of === 'removal';
  const counted = (counts: readonly Count[]) =>
    counts
      .filter((what) => ends[what] > 0)
      .map((what) => t(`ends.${what}`, { count: ends[what] }))
      .join(', ');
  const ended = counted(isRemoval ? ALL : ['sessions']);
  const suspended = isRemoval ? '' : counted(SUSPENDED);
  const named = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name).join(', ');
  return (
    <div role="status">
      {ended === '' ? (
        suspended === '' ? (
          <Typography>{t('remove.nothing')}</Typography>
        ) : null
      ) : (
        <Typography>{t('remove.ends', { what: ended })}</Typography>
      )}
      {suspended === '' ? null : <Typography sx={{ mt: 1 }}>{t('disable.suspends', { what: suspended })}</Typography>}
      {unreachable.length === 0 ? null : (
        <Typography sx={{ mt: 1 }}>{t('remove.unreachable', { names: named(unreachable) })}</Typography>
      )}
      {namedBy.length === 0 || !isRemoval ? null : (
        <Typography sx={{ mt: 1 }}>{t('remove.namedBy', { names: named(namedBy) })}</Typography>
      )}
    </div>
  );
}
