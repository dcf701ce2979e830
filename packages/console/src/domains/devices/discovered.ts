import {
  type DiscoveredService,
  discoveredService,
  MAX_DEVICE_TARGETS,
  MAX_DISCOVERED,
  parseJson,
  type RouteResponse,
  type Routes,
} from '@zeronaut/model';
import { z } from 'zod';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { findActiveDevice, getDevice } from './devices.ts';

/** Agents tell again at least every hour; what is older than this is of one that does not look any more. */
const FORGOTTEN_AFTER_MS = 86_400_000;

const storedServices = z.array(discoveredService).max(MAX_DISCOVERED);

/** Only of the caller's own device. It is shown to people and decides nothing. */
export async function reportDiscovered(
  context: Context,
  caller: Caller,
  id: string,
  { publishes, services }: { readonly publishes: boolean; readonly services: readonly DiscoveredService[] },
): Promise<undefined | Refusal> {
  const refusal = await refuseOther(context, caller, id);
  if (refusal !== null) return refusal;
  const { organizationId } = caller;
  const values = { services: JSON.stringify(services), publishes: Number(publishes), reported_at: context.clock() };
  await context.store.db
    .insertInto('device_discoveries')
    .values({ device_id: id, organization_id: organizationId, ...values })
    .onConflict((conflict) => conflict.column('device_id').doUpdateSet(values))
    .execute();
  context.live.changed(organizationId, {
    ...{ noun: 'devices', id, version: null, action: 'device.discovered', ownerId: caller.userId },
    ...{ actorId: caller.userId, at: isoTime(context.clock()) },
  });
  return undefined;
}

export async function listDiscovered(
  context: Context,
  caller: Caller,
  id: string,
): Promise<RouteResponse<Routes['devices.listDiscovered']> | Refusal> {
  const device = await getDevice(context, caller, id);
  if (device instanceof Refusal) return device;
  const row = await context.store.db
    .selectFrom('device_discoveries')
    .select(['services', 'publishes', 'reported_at'])
    .where('organization_id', '=', caller.organizationId)
    .where('device_id', '=', id)
    .executeTakeFirst();
  const services = row === undefined ? undefined : storedServices.safeParse(parseJson(row.services)).data;
  if (row === undefined || services === undefined || row.reported_at < context.clock() - FORGOTTEN_AFTER_MS) {
    return { reportedAt: null, publishes: false, services: [] };
  }
  return { reportedAt: isoTime(row.reported_at), publishes: row.publishes === 1, services };
}

/** What declared resources want of this device: its agent asks, and serves of it what its own file allows. */
export async function listDeviceTargets(
  context: Context,
  caller: Caller,
  id: string,
): Promise<RouteResponse<Routes['devices.listTargets']> | Refusal> {
  const refusal = await refuseOther(context, caller, id);
  if (refusal !== null) return refusal;
  const rows = await context.store.db
    .selectFrom('targets')
    .innerJoin('resources', 'resources.id', 'targets.resource_id')
    .select(['targets.resource_id', 'resources.name', 'targets.address', 'targets.protocol'])
    .where('targets.organization_id', '=', caller.organizationId)
    .where('targets.device_id', '=', id)
    .where('resources.origin', '=', 'declared')
    .where('resources.enabled', '=', 1)
    .orderBy('targets.id')
    .limit(MAX_DEVICE_TARGETS)
    .execute();
  return {
    items: rows.map(({ resource_id: resourceId, name, address, protocol }) => ({
      ...{ resourceId, name, address },
      protocol: protocol === 'udp' ? ('udp' as const) : ('tcp' as const),
    })),
  };
}

async function refuseOther(context: Context, caller: Caller, id: string): Promise<Refusal | null> {
  const device = await findActiveDevice(context.store.db, caller.organizationId, id);
  if (device instanceof Refusal || device.id !== id) return new Refusal('api.not_found');
  return device.userId === caller.userId
    ? null
    : new Refusal('api.forbidden', { detail: 'the device of another user' });
}
