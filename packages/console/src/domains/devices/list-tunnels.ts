import { MAX_TOLD_GATEWAYS, type RouteResponse, type Routes } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { activeGateways } from '../gateways/gateways.ts';
import { getDevice } from './devices.ts';

/** Asks the gateways that a device is connected to; nothing of it is stored. */
export async function listTunnels(
  context: Context,
  caller: Caller,
  id: string,
): Promise<RouteResponse<Routes['devices.listTunnels']> | Refusal> {
  const device = await getDevice(context, caller, id);
  if (device instanceof Refusal) return device;
  const { gateways: present } = context.presence(caller.organizationId);
  const gateways = (await activeGateways(context.store.db, caller.organizationId))
    .filter((gateway) => present.get(gateway.id)?.devices.has(id))
    .slice(0, MAX_TOLD_GATEWAYS);
  const asked = gateways.map(async (gateway) => {
    const tunnels = await context.askTunnels(gateway.id, id);
    return { id: gateway.id, name: gateway.name, tunnels: tunnels === null ? null : [...tunnels] };
  });
  return { gateways: await Promise.all(asked) };
}
