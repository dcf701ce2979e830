import Typography from '@mui/material/Typography';
import { useQuery } from '@tanstack/react-query';
import type { Resource } from '@zeronaut/model';
import { routeQuery } from '../../base/api.ts';
import { useMessages } from '../../base/messages.ts';
import { type HealthState, useResourceHealth } from '../../base/resource-health.ts';
import { type Meaning, StatusChip } from '../../ui/status-chip.tsx';
import { resourceMessages } from './messages.ts';

const MEANING: Record<HealthState, Meaning> = { up: 'ok', partly: 'warn', down: 'bad', unknown: 'neutral' };
/** Gateways that are named; of more their number is told. */
const NAMED = 3;

/** Stopped, or whether its targets can be reached. */
export function ResourceStatus({ resource: { id, enabled } }: { readonly resource: Pick<Resource, 'id' | 'enabled'> }) {
  const t = useMessages(resourceMessages);
  const state = useResourceHealth(id)?.state;
  if (!enabled) return <StatusChip meaning="neutral">{t('status.off')}</StatusChip>;
  if (state === undefined) return <StatusChip meaning="neutral">{t('status.on')}</StatusChip>;
  return <StatusChip meaning={MEANING[state]}>{t(`health.${state}`)}</StatusChip>;
}

/** How one target is, and which gateways cannot use it, and why. */
export function TargetHealth({ resource, targetId }: { readonly resource: Resource; readonly targetId: string }) {
  const t = useMessages(resourceMessages);
  const target = useResourceHealth(resource.id)?.targets.find(({ id }) => id === targetId);
  const without = target === undefined ? 0 : target.away.length + target.unhealthy.length;
  const gateways = useQuery({ ...routeQuery('gateways.list', { query: { limit: 500 } }), enabled: without > 0 });
  if (target === undefined || !resource.enabled) return null;
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
