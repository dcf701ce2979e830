import type { RouteResponse, Routes } from '@zeronaut/model';
import type { Caller, Context } from '../context.ts';

type Health = RouteResponse<Routes['resources.health']>['items'][number];
type State = Health['state'];

/** Gateways of which a target says that they cannot use it. */
const MAX_GATEWAYS = 1_000;

/** Whether targets can be reached, by the word of the gateways that are connected; of resources of the caller's organization only. */
export async function resourceHealth(
  context: Context,
  caller: Caller,
  ids: readonly string[],
): Promise<{ items: Health[] }> {
  const rows = await context.store.db
    .selectFrom('targets')
    .select(['id', 'resource_id', 'device_id', 'weight'])
    .where('organization_id', '=', caller.organizationId)
    .where('resource_id', 'in', ids)
    .orderBy('position')
    .execute();
  const { gateways } = context.presence(caller.organizationId);
  const unhealthyAt = new Map<string, string[]>();
  for (const [gatewayId, { unhealthy }] of gateways) {
    for (const { targetId } of unhealthy) {
      const known = unhealthyAt.get(targetId);
      if (known === undefined) unhealthyAt.set(targetId, [gatewayId]);
      else known.push(gatewayId);
    }
  }
  const items = [...Map.groupBy(rows, (row) => row.resource_id)].map(([id, targets]) => {
    const views = targets.map((target) => {
      const away =
        target.device_id === null
          ? []
          : [...gateways].filter(([, { serving }]) => !serving.has(id)).map(([gatewayId]) => gatewayId);
      const unhealthy = (unhealthyAt.get(target.id) ?? []).filter((gatewayId) => !away.includes(gatewayId));
      const state = stateOf(gateways.size, away.length + unhealthy.length);
      return { id: target.id, state, away: away.slice(0, MAX_GATEWAYS), unhealthy: unhealthy.slice(0, MAX_GATEWAYS) };
    });
    const used = views.filter((_, index) => targets[index]!.weight > 0);
    return { id, state: together(used.map(({ state }) => state)), targets: views };
  });
  return { items };
}

function stateOf(gateways: number, without: number): State {
  if (gateways === 0) return 'unknown';
  return without === 0 ? 'up' : without < gateways ? 'partly' : 'down';
}

function together(states: readonly State[]): State {
  const [first, ...others] = new Set(states);
  return others.length > 0 ? 'partly' : (first ?? 'down');
}
