import type { RouteResponse, Routes } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { loadOf } from './gateway-load.ts';
import { activeGateways, drainingOf, toGateway } from './gateways.ts';

type Drained = RouteResponse<Routes['gateways.drain']>;

/**
 * Empties a gateway, or lets it work again. It is in its snapshot, so that it holds while the console is away and after a restart of
 * the gateway. What is asked twice is done once; another grace counts from when draining began.
 */
export async function drainGateway(
  context: Context,
  caller: Caller,
  id: string,
  input: { readonly drain: boolean; readonly graceSeconds: number; readonly dryRun: boolean },
): Promise<Drained | Refusal> {
  const { organizationId } = caller;
  const connected = context.connectedGateways();
  const nowMs = context.clock();
  const change = async (queries: typeof context.store.db): Promise<Drained | Refusal> => {
    const gateways = await activeGateways(queries, organizationId);
    const row = gateways.find((gateway) => gateway.id === id);
    if (row === undefined) return new Refusal('api.not_found');
    if (input.drain && context.gatewayKnows(id, 'drain') === false) {
      return new Refusal('api.conflict', { detail: 'this gateway is too old to be drained; update it first' });
    }
    const since = input.drain ? (row.drain_since ?? nowMs) : null;
    const until = since === null ? null : since + input.graceSeconds * 1_000;
    const after = { ...row, drain_since: since, drain_until: until };
    if (!input.dryRun && (since !== row.drain_since || until !== row.drain_until)) {
      await queries
        .updateTable('gateways')
        .set({ drain_since: since, drain_until: until })
        .where('organization_id', '=', organizationId)
        .where('id', '=', id)
        .execute();
      await appendAudit(queries, context, caller, {
        action: input.drain ? 'gateway.drain' : 'gateway.resume',
        objectKind: 'gateway',
        objectId: id,
        before: toGateway(row, connected),
        after: toGateway(after, connected),
      });
    }
    const { load } = loadOf(row, context.presence(organizationId).gateways.get(id), nowMs);
    return {
      draining: drainingOf(after),
      connected: connected.has(id),
      others: gateways.filter((other) => other.id !== id && other.drain_since === null && connected.has(other.id))
        .length,
      open:
        load === null
          ? null
          : {
              connections: load.connections,
              websockets: load.websockets ?? 0,
              tcpConnections: load.tcpConnections ?? 0,
              udpSessions: load.udpSessions ?? 0,
              forwards: load.forwards ?? 0,
              tunnels: load.tunnels,
            },
    };
  };
  return input.dryRun ? await change(context.store.db) : await context.store.change(organizationId, change);
}
