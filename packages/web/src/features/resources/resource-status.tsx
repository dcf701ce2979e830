import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Resource, Target } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { type HealthState, useResourceHealth } from '../../base/resource-health.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { resourceMessages } from './messages.ts';

const MEANING: Record<HealthState, Meaning> = { up: 'ok', partly: 'warn', down: 'bad', unknown: 'neutral' };
/** Gateways that are named; of more their number is told. */
const NAMED = 3;

/** Somebody would notice: it is asked by itself, or its agent has to be there. */
const isWatched = ({ healthCheck, deviceId }: Target) => healthCheck !== null || deviceId !== null;

/** Stopped, or whether its targets can be reached. */
export function ResourceStatus({ resource: { id, enabled, targets } }: { readonly resource: Resource }) {
  const t = useMessages(resourceMessages);
  const state = useResourceHealth(id)?.state;
  if (!enabled) return <StatusChip meaning="neutral">{t('status.off')}</StatusChip>;
  // That nobody complains of what nobody looks at is no good news.
  if (state === undefined || (state === 'up' && !targets.some(isWatched))) {
    return <StatusChip meaning="neutral">{t('status.on')}</StatusChip>;
  }
  return <StatusChip meaning={MEANING[state]}>{t(`health.${state}`)}</StatusChip>;
}

/** How one target is, and which gateways cannot use it, and why. */
export function TargetHealth({ resource, target: of }: { readonly resource: Resource; readonly target: Target }) {
  const t = useMessages(resourceMessages);
  const target = useResourceHealth(resource.id)?.targets.find(({ id }) => id === of.id);
  const without = target === undefined ? 0 : target.away.length + target.unhealthy.length;
  const gateways = useQuery({ ...routeQuery('gateways.list', { query: { limit: 500 } }), enabled: without > 0 });
  if (target === undefined || !resource.enabled || (target.state === 'up' && !isWatched(of))) return null;
  const namesOf = (ids: readonly string[]) => {
    const names = new Map(gateways.data?.items.map(({ id, name }) => [id, name]));
    const named = ids.slice(0, NAMED).map((id) => names.get(id) ?? id);
    return ids.length > NAMED
      ? t('health.andMore', { names: named.join(', '), count: ids.length - NAMED })
      : named.join(', ');
  };
  return (
    <>
      <StatusChip meaning={MEANING[target.state]}>{t(`health.${target.state}`)}</StatusChip>
      {(['away', 'unhealthy'] as const).map((why) =>
        target[why].length === 0 ? null : (
          <Typography key={why} variant="body2" color="textSecondary">
            {t(`health.${why}`, { gateways: namesOf(target[why]) })}
          </Typography>
        ),
      )}
    </>
  );
}
