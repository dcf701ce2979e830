import type { RouteResponse, Routes } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { lagOf, loadOf } from './gateway-load.ts';

/** Of each, how many are told. */
const MAX_LISTED = 1_000;
const MAX_CERTIFICATES = 100;

/** How a gateway is now: what the console knows of it, and what it says of itself while it is connected. */
export async function getGatewayStatus(
  context: Context,
  caller: Caller,
  id: string,
): Promise<RouteResponse<Routes['gateways.getStatus']> | Refusal> {
  const { db } = context.store;
  const row = await db
    .selectFrom('gateways')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  const certificates = db
    .selectFrom('gateway_certificates')
    .where('organization_id', '=', caller.organizationId)
    .where('gateway_id', '=', id);
  const ending = await certificates
    .select(['host', 'not_after'])
    .orderBy('not_after')
    .orderBy('host')
    .limit(MAX_CERTIFICATES)
    .execute();
  const { count } = await certificates.select((eb) => eb.fn.countAll<number>().as('count')).executeTakeFirstOrThrow();
  const status = context.presence(caller.organizationId).gateways.get(id);
  return {
    id,
    connected: context.connectedGateways().has(id),
    softwareVersion: row.software_version,
    snapshotVersion: row.applied_version,
    ...lagOf(row),
    ...loadOf(row, status, context.clock()),
    history: [...context.loadHistory(id)],
    devices: [...(status?.devices ?? [])].slice(0, MAX_LISTED),
    deviceCount: status?.devices.size ?? 0,
    unhealthy: (status?.unhealthy ?? []).slice(0, MAX_LISTED),
    certificates: ending.map(({ host, not_after }) => ({ host, notAfter: isoTime(not_after) })),
    certificateCount: Number(count),
  };
}
