import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Removal } from '@zeronaut/model';
import { routeQuery } from '../base/api.ts';
import { useMessages } from '../base/messages.ts';
import { LastUsed } from './last-used.tsx';
import { uiMessages } from './messages.ts';
import { ErrorState, RowsSkeleton } from './states.tsx';

const COUNTS = [
  'visitors',
  'accesses',
  'shares',
  'accessRequests',
  'sessions',
  'tunnels',
  'people',
  'apiKeys',
  'workloadTrusts',
  'tokens',
  'changes',
  'signedIn',
  'consents',
] as const satisfies readonly (keyof Removal['ends'])[];

/** In whose words it is said; of what is shown to sign in, to call or to get in, also when that was last. */
const WORDS = {
  resources: 'thing',
  sites: 'thing',
  devices: 'thing',
  identityProviders: 'thing',
  serviceAccounts: 'account',
  apiKeys: 'key',
  workloadTrusts: 'trust',
  relyingParties: 'party',
  accessRequests: 'request',
} as const;

interface RemovalEffectsProps {
  readonly of: keyof typeof WORDS;
  readonly id: string;
  /** Nothing goes for ever: what names it goes on meaning it. */
  readonly isKept?: true;
}

/** What would end, as the API says it, for whoever is asked whether it shall. Mount it with its dialog. */
export function RemovalEffects({ of, id, isKept }: RemovalEffectsProps) {
  const t = useMessages(uiMessages);
  const { data, error, refetch } = useQuery(routeQuery(`${of}.previewRemoval`, { params: { id } }));
  if (data === undefined) {
    return error === null ? (
      <RowsSkeleton rows={2} label={t('removal.title')} />
    ) : (
      <ErrorState error={error} onRetry={() => void refetch()} />
    );
  }
  const { ends, lastUsedAt, unreachable, namedBy } = data;
  const words = WORDS[of];
  const counted = COUNTS.filter((what) => ends[what] > 0);
  return (
    <div role="status">
      <Typography>
        {counted.length === 0
          ? t(`removal.nothing.${words}`)
          : t(`removal.ends.${words}`, {
              what: counted.map((what) => t(`removal.${what}`, { count: ends[what] })).join(', '),
            })}
      </Typography>
      {words === 'thing' ? null : <LastUsed at={lastUsedAt} />}
      {unreachable.length === 0 ? null : (
        <Typography sx={{ mt: 1 }}>
          {t('removal.unreachable', { names: unreachable.map(({ name }) => name).join(', ') })}
        </Typography>
      )}
      {namedBy.length === 0 || isKept ? null : (
        <Typography sx={{ mt: 1 }}>
          {t(words === 'account' ? 'removal.namedByAccount' : 'removal.namedBy', {
            names: namedBy.map(({ kind, name }) => t(`removal.kind.${kind}`, { name })).join(', '),
          })}
        </Typography>
      )}
    </div>
  );
}
