import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { GatewayRow } from '../gateways/gateways.ts';

/**
 * The raw port of a TCP or UDP resource: the one asked for, else the one it has, else the lowest that is free. It must
 * be open on every gateway, so it comes from the intersection of their ranges.
 */
export async function choosePort(
  queries: Queries,
  organizationId: string,
  gateways: readonly GatewayRow[],
  input: { resourceId: string; protocol: 'tcp' | 'udp'; wanted: number | null; kept: number | null },
): Promise<number | Refusal> {
  if (gateways.length === 0) return new Refusal('api.no_gateway');
  const from = Math.max(...gateways.map((gateway) => gateway.port_from));
  const to = Math.min(...gateways.map((gateway) => gateway.port_to));
  const rows = await queries
    .selectFrom('resources')
    .select('port')
    .where('organization_id', '=', organizationId)
    .where('protocol', '=', input.protocol)
    .where('id', '!=', input.resourceId)
    .where('port', 'is not', null)
    .execute();
  const taken = new Set(rows.map((row) => row.port));

  if (input.wanted !== null) {
    if (input.wanted < from || input.wanted > to) {
      const range = from <= to ? `between ${from} and ${to}` : 'free, and the gateways have no port in common';
      return new Refusal('api.invalid', { errors: [{ path: '/port', message: `must be ${range}` }] });
    }
    return taken.has(input.wanted) ? new Refusal('api.port_taken') : input.wanted;
  }
  if (input.kept !== null && input.kept >= from && input.kept <= to && !taken.has(input.kept)) return input.kept;
  for (let port = from; port <= to; port++) if (!taken.has(port)) return port;
  return new Refusal('api.no_port_free');
}
