import Box from '@mui/material/Box';
import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { PolicyMode } from '@zeronaut/model';
import { call } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { ErrorState, RowsSkeleton } from '../../ui/states.tsx';
import { policyMessages } from './messages.ts';
import { ReplayResult } from './replay-panel.tsx';

/** Somebody waits with a finger on a button: a look at the newest accesses says more now than all of them in a minute. */
const EVENTS = 5_000;
const PATIENCE_MS = 15_000;

interface Proposed {
  readonly name: string;
  readonly description: string;
  readonly text: string;
  readonly mode: PolicyMode;
}

/** Who gains and who loses by it, for whoever is asked whether a policy shall become so. One that goes is one that is off. */
export function ReplayedEffects({ proposed }: { readonly proposed: Proposed }) {
  const t = useMessages(policyMessages);
  const { data, error, refetch } = useQuery({
    queryKey: ['policies.replay', proposed],
    queryFn: ({ signal }) =>
      call(
        'policies.replay',
        { body: { proposal: { policies: [proposed], prune: false }, limit: EVENTS } },
        { signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]) },
      ),
    // What it says is of this moment; whoever opens the dialog again asks again.
    gcTime: 0,
    retry: false,
  });
  return (
    <Box component="section" aria-label={t('effects.title')} sx={{ display: 'grid', gap: 1.5 }}>
      {data !== undefined ? (
        <ReplayResult replay={data} />
      ) : error === null ? (
        <>
          <Typography color="textSecondary">{t('effects.running')}</Typography>
          <RowsSkeleton rows={2} label={t('effects.title')} />
        </>
      ) : error.name === 'TimeoutError' ? (
        <Typography>{t('effects.slow')}</Typography>
      ) : (
        <ErrorState error={error} onRetry={() => void refetch()} />
      )}
    </Box>
  );
}
