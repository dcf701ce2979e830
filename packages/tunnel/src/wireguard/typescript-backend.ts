import type { BackendDevice, BackendSettings } from './backend.ts';
import { Engine } from './engine.ts';
import { serveUapi } from './uapi-socket.ts';

/** Peers of one interface: its tables are made once, in memory that the worker threads share. */
export const LINUX_PEERS = 10_000;

/** Rejects with an error that has a `code` where the system gave one; then nothing is left behind. */
export async function startTypescriptDevice(settings: BackendSettings): Promise<BackendDevice> {
  const { name, file, endpoints, mtu, fwmark, lanes } = settings;
  // Loaded here: it brings foreign functions that nothing else of this package needs.
  const { createLinuxDataPlane } = await import('./linux/linux-data-plane.ts');
  const engine = await Engine.start({
    onFailed: settings.onFailed,
    fwmark,
    maxPeers: LINUX_PEERS,
    createPlane: (events) =>
      createLinuxDataPlane({
        interfaceName: name,
        mtu,
        port: file.interface.listenPort ?? 0,
        fwmark,
        peers: LINUX_PEERS,
        ...(lanes !== undefined && { lanes }),
        events,
      }),
  });
  try {
    engine.setPrivateKey(file.interface.privateKey);
    const uapi = await serveUapi(engine, name, settings.uapiDirectory);
    for (const [index, described] of file.peers.entries()) {
      const peer = engine.addPeer(described.publicKey as Uint8Array);
      if (peer === undefined) continue;
      if (described.presharedKey !== undefined) peer.setPresharedKey(described.presharedKey);
      peer.setEndpoint(endpoints[index]);
      const changes = described.allowedIps.map((network) => ({ network, isRemoved: false }));
      engine.changeAllowedIps(peer, { replace: true, changes });
    }
    return {
      backend: 'typescript',
      get port() {
        return engine.port;
      },
      begin() {
        // The first keep-alive goes out at once.
        for (const described of file.peers) {
          const peer = engine.findPeer(described.publicKey as Uint8Array);
          peer?.setPersistentKeepalive(described.persistentKeepalive ?? 0);
        }
      },
      async close() {
        await uapi.close();
        await engine.close();
      },
    };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
