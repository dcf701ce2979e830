import { lookup } from 'node:dns/promises';
import { ip } from '../os/ip-command.ts';
import type { AllowedIp, Endpoint } from './data-plane.ts';
import { Engine } from './engine.ts';
import type { QuickFile } from './quick-file.ts';
import { addRoutes, DEFAULT_ROUTE_MARK, hasDefaultRoute } from './routes.ts';
import { formatNetwork } from './text-values.ts';
import { serveUapi, type UapiServer } from './uapi-socket.ts';

/** Peers of one interface: its tables are made once, in memory that the worker threads share. */
export const LINUX_PEERS = 10_000;

export interface InterfaceOptions {
  /** At most 15 characters. */
  readonly name: string;
  readonly file: QuickFile;
  /** Pairs of packet threads; default: as many as fit the machine. */
  readonly lanes?: number;
  /** The packet path died; close what is left. */
  readonly onFailed: (error: Error) => void;
  /** Where the control socket is made; default UAPI_DIRECTORY. */
  readonly uapiDirectory?: string;
}

/** A running interface with its control socket, addresses and routes. */
export interface WireguardInterface {
  readonly name: string;
  readonly engine: Engine;
  /** Takes everything back: rules, control socket, the interface with its addresses and routes. */
  close(): Promise<void>;
}

/**
 * Brings up a working interface from a file: Linux, root or CAP_NET_ADMIN. Hooks, DNS and SaveConfig of the file are the
 * caller's business. Rejects with an error that has a `code` where the system gave one; then nothing is left behind.
 */
export async function startWireguardInterface(options: InterfaceOptions): Promise<WireguardInterface> {
  const { name, file } = options;
  const own = file.interface;
  const endpoints = await Promise.all(file.peers.map(({ endpoint }) => resolveEndpoint(endpoint)));
  const networks = file.peers.flatMap((peer) => peer.allowedIps);
  const table = own.table ?? 'auto';
  // A default route leads our own outer datagrams into the tunnel as well, unless they carry a mark.
  const fwmark = own.fwmark || (table === 'auto' && hasDefaultRoute(networks) ? DEFAULT_ROUTE_MARK : 0);
  const mtu = own.mtu ?? 1420;

  const undo: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    // Loaded here: it brings the foreign functions that nothing else of this package needs.
    const { createLinuxDataPlane } = await import('./linux/linux-data-plane.ts');
    const engine = await Engine.start({
      onFailed: options.onFailed,
      fwmark,
      maxPeers: LINUX_PEERS,
      createPlane: (events) =>
        createLinuxDataPlane({
          interfaceName: name,
          mtu,
          port: own.listenPort ?? 0,
          fwmark,
          peers: LINUX_PEERS,
          ...(options.lanes !== undefined && { lanes: options.lanes }),
          events,
        }),
    });
    undo.push(() => engine.close());
    engine.setPrivateKey(own.privateKey);
    const uapi: UapiServer = await serveUapi(engine, name, options.uapiDirectory);
    undo.push(() => uapi.close());
    for (const [index, described] of file.peers.entries()) {
      const peer = engine.addPeer(described.publicKey as Uint8Array);
      if (peer === undefined) continue;
      if (described.presharedKey !== undefined) peer.setPresharedKey(described.presharedKey);
      peer.setEndpoint(endpoints[index]);
      const changes = described.allowedIps.map((network) => ({ network, isRemoved: false }));
      engine.changeAllowedIps(peer, { replace: true, changes });
    }
    for (const address of own.addresses) await addAddress(name, address);
    await ip('link', 'set', name, 'up');
    undo.push(await addRoutes(name, { networks, table, fwmark }));
    // Last, because the first keep-alive goes out at once.
    for (const described of file.peers) {
      const peer = engine.findPeer(described.publicKey as Uint8Array);
      peer?.setPersistentKeepalive(described.persistentKeepalive ?? 0);
    }
    return { name, engine, close };
  } catch (error) {
    await close();
    throw error;
  }
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
