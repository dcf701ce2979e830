import { lookup } from 'node:dns/promises';
import { ip } from '../os/ip-command.ts';
import type { BackendDevice, BackendName, BackendSettings } from './backend.ts';
import type { AllowedIp, Endpoint } from './data-plane.ts';
import type { QuickFile } from './quick-file.ts';
import { addRoutes, DEFAULT_ROUTE_MARK, hasDefaultRoute } from './routes.ts';
import { formatNetwork } from './text-values.ts';
import { startTypescriptDevice } from './typescript-backend.ts';

export interface InterfaceOptions {
  /** At most 15 characters. */
  readonly name: string;
  readonly file: QuickFile;
  /** Default: the kernel's where it has WireGuard, else our own. */
  readonly backend?: BackendName;
  /** Pairs of packet threads of our own backend; default: as many as fit the machine. */
  readonly lanes?: number;
  /** The packet path died or the interface is gone; close what is left. */
  readonly onFailed: (error: Error) => void;
  /** Where the control socket of our own backend is made; default UAPI_DIRECTORY. */
  readonly uapiDirectory?: string;
}

/** A running interface with its addresses and routes; `wg` of wireguard-tools works on it. */
export interface WireguardInterface {
  readonly name: string;
  readonly backend: BackendName;
  /** UDP port that is listened on. */
  readonly port: number;
  /** Takes everything back: rules, control socket, the interface with its addresses and routes. */
  close(): Promise<void>;
}

/**
 * Brings up a working interface from a file: Linux, root or CAP_NET_ADMIN. Hooks, DNS and SaveConfig of the file are the
 * caller's business. Rejects with an error that has a `code` where the system gave one (`ENOSYS`: the backend that was asked for
 * is not there); then nothing is left behind.
 */
export async function startWireguardInterface(options: InterfaceOptions): Promise<WireguardInterface> {
  const { name, file } = options;
  const own = file.interface;
  const endpoints = await Promise.all(file.peers.map(({ endpoint }) => resolveEndpoint(endpoint)));
  const networks = file.peers.flatMap((peer) => peer.allowedIps);
  const table = own.table ?? 'auto';
  // A default route leads our own outer datagrams into the tunnel as well, unless they carry a mark.
  const fwmark = own.fwmark || (table === 'auto' && hasDefaultRoute(networks) ? DEFAULT_ROUTE_MARK : 0);

  const undo: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const device = await startDevice(options.backend, {
      ...{ name, file, endpoints, fwmark, mtu: own.mtu ?? 1420, onFailed: options.onFailed },
      ...(options.lanes !== undefined && { lanes: options.lanes }),
      ...(options.uapiDirectory !== undefined && { uapiDirectory: options.uapiDirectory }),
    });
    undo.push(() => device.close());
    for (const address of own.addresses) await addAddress(name, address);
    await ip('link', 'set', name, 'up');
    undo.push(await addRoutes(name, { networks, table, fwmark }));
    device.begin();
    return { name, backend: device.backend, port: device.port, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startDevice(backend: BackendName | undefined, settings: BackendSettings): Promise<BackendDevice> {
  if (backend !== 'typescript' && process.platform === 'linux') {
    // Loaded here: it brings foreign functions that nothing else of this package needs.
    const { startKernelDevice } = await import('./kernel/kernel-backend.ts');
    const device = await startKernelDevice(settings);
    if (device !== undefined) return device;
  }
  if (backend === 'kernel') {
    throw Object.assign(new Error('this kernel has no WireGuard, and no module of it'), { code: 'ENOSYS' });
  }
  return startTypescriptDevice(settings);
}

async function addAddress(name: string, address: AllowedIp): Promise<void> {
  const family = address.address.length === 4 ? '-4' : '-6';
  await ip(family, 'address', 'add', formatNetwork(address), 'dev', name, ...(family === '-6' ? ['nodad'] : []));
}

async function resolveEndpoint(endpoint: { host: string; port: number } | undefined): Promise<Endpoint | undefined> {
  if (endpoint === undefined) return undefined;
  try {
    const { address } = await lookup(endpoint.host);
    return { address, port: endpoint.port };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw Object.assign(new Error(`the endpoint ${endpoint.host} has no address`, { cause: error }), { code });
  }
}
