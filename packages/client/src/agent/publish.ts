import type { ServiceView } from '@zeronaut/model';
import { ConsoleUnreachable, isConsoleAway } from '../api/api-error.ts';
import type { CallOptions } from '../api/client.ts';
import type { Connection } from '../profile/connection.ts';
import type { Device } from '../profile/device.ts';
import { type AgentState, fingerprintOf } from '../profile/state.ts';
import type { DialTarget } from './served.ts';
import type { ExposeWish, ResourceWish, SiteWish } from './wish.ts';

export interface Publisher {
  readonly connection: Connection;
  readonly device: Device;
  readonly state: AgentState;
  /** The console did not answer a moment ago: do not wait for it again where memory will do. */
  readonly consoleAway?: boolean;
}

/** How long the console may take when there is a memory to go on with. */
const PATIENCE_MS = 3_000;

export interface Published<T> {
  readonly value: T;
  /** False: the console is away, and this is what it answered to the very same wish last time. */
  readonly fresh: boolean;
}

/**
 * Publishes a service, or, while the console is away, takes what it answered to exactly this wish before. A changed
 * wish (above all a changed access rule) is never served from memory: then it rejects as the console's absence does.
 */
export async function publishService(publisher: Publisher, wish: ExposeWish): Promise<Published<ServiceView>> {
  const { connection, device, state } = publisher;
  const body = {
    deviceId: device.deviceId,
    protocol: wish.protocol,
    address: wish.address,
    targetProtocol: wish.targetProtocol,
    access: wish.access,
    proxyProtocol: wish.proxyProtocol,
    ...(wish.name !== undefined && { name: wish.name }),
    ...(wish.port !== undefined && { port: wish.port }),
    ...(wish.headers !== undefined && { headers: wish.headers }),
    ...(wish.limits !== undefined && { limits: wish.limits }),
  };
  const fingerprint = fingerprintOf(body, device.privateKey);
  return publish(
    publisher,
    async (options) => {
      const view = await connection.api.call('services.publish', { body }, options);
      state.saveService(fingerprint, view);
      return view;
    },
    () => state.loadService(fingerprint),
  );
}

/** The same for a site behind this device. */
export async function publishSite(
  publisher: Publisher,
  wish: SiteWish,
): Promise<Published<{ id: string; name: string }>> {
  const { connection, device, state } = publisher;
  const body = {
    name: wish.name,
    connection: 'tunnel' as const,
    deviceId: device.deviceId,
    destinations: [...wish.destinations],
    ...(wish.access !== undefined && { access: wish.access }),
  };
  const fingerprint = fingerprintOf(body, device.privateKey);
  return publish(
    publisher,
    async (options) => {
      const site = await connection.api.call('sites.publish', { body }, options);
      state.saveSite(fingerprint, site);
      return site;
    },
    () => state.loadSite(fingerprint),
  );
}

/** The id of a declared resource; nothing is changed at the console. */
export async function findResource(publisher: Publisher, wish: ResourceWish): Promise<Published<{ id: string }>> {
  const { connection, device, state } = publisher;
  const fingerprint = fingerprintOf({ resource: wish.name }, device.privateKey);
  return publish(
    publisher,
    async (options) => {
      const { id } = await connection.api.call('resources.get', { params: { id: wish.name } }, options);
      state.saveResource(fingerprint, id);
      return { id };
    },
    () => state.loadResource(fingerprint),
  );
}

/** What the agent dials for a service: the wish, not what the console made of it. */
export function dialTargetOf(wish: ExposeWish): DialTarget {
  return { address: wish.address, protocol: wish.protocol === 'udp' ? 'udp' : 'tcp' };
}

async function publish<T>(
  { connection, consoleAway }: Publisher,
  ask: (options: CallOptions) => Promise<T>,
  remember: () => T | null,
): Promise<Published<T>> {
  const remembered = remember();
  if (remembered === null) {
    if (consoleAway === true) throw new ConsoleUnreachable(connection.consoleUrl, 'it did not answer a moment ago');
    return { value: await ask({}), fresh: true };
  }
  if (consoleAway === true) return { value: remembered, fresh: false };
  try {
    return { value: await ask({ timeoutMs: PATIENCE_MS }), fresh: true };
  } catch (error) {
    if (!isConsoleAway(error)) throw error;
    return { value: remembered, fresh: false };
  }
}
