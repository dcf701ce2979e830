import type { LogLevel, RouteResponse, Routes } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { getGateway } from './gateways.ts';

/** The log of a gateway, from the gateway itself: nothing of it is stored here. Of others' gateways nobody learns that they exist. */
export async function readGatewayLog(
  context: Context,
  caller: Caller,
  id: string,
  query: { readonly level: LogLevel; readonly after?: string | undefined; readonly waitSeconds: number },
): Promise<RouteResponse<Routes['gateways.readLog']> | Refusal> {
  const gateway = await getGateway(context, caller, id);
  if (gateway instanceof Refusal) return gateway;
  const log = context.gatewayLog(id);
  if (log === null && gateway.connected) {
    return new Refusal('api.conflict', {
      detail: 'this gateway is connected to another console process; ask that one',
    });
  }
  if (log === null) return { connected: false, lines: [], dropped: 0, cursor: query.after ?? '' };
  if (!context.gatewayKnows(id, 'log')) {
    return new Refusal('api.conflict', { detail: 'this gateway is too old to show its log; update it first' });
  }
  const { level, after, waitSeconds } = query;
  const page = await log.read({ level, after, waitMs: waitSeconds * 1_000 });
  return { connected: true, ...page, lines: [...page.lines] };
}
