import { ip } from '../../os/ip-command.ts';
import { interfaceIndex } from '../../os/libc.ts';
import type { BackendDevice, BackendSettings } from '../backend.ts';
import { type KernelWireguard, openKernelWireguard } from './kernel-device.ts';

/** How often it is looked whether the interface is still there, in milliseconds: the kernel needs nobody to run it. */
const WATCH_MS = 1_000;

/** Undefined: this kernel has no WireGuard. Rejects with an error that has a `code` where the system gave one. */
export async function startKernelDevice(settings: BackendSettings): Promise<BackendDevice | undefined> {
  const kernel = openKernelWireguard();
  if (kernel === undefined) return undefined;
  try {
    return await start(kernel, settings);
  } catch (error) {
    kernel.close();
    throw error;
  }
}

async function start(kernel: KernelWireguard, settings: BackendSettings): Promise<BackendDevice> {
  const { name, file, endpoints, mtu, fwmark } = settings;
  await addLink(name, mtu);
  const removeLink = async () => {
    if (interfaceIndex(name) !== 0) await ip('link', 'delete', 'dev', name);
  };
  try {
    kernel.set(name, {
      privateKey: file.interface.privateKey,
      listenPort: file.interface.listenPort ?? 0,
      fwmark,
      peers: file.peers.map((peer, index) => ({
        publicKey: peer.publicKey as Uint8Array,
        presharedKey: peer.presharedKey,
        endpoint: endpoints[index],
        persistentKeepalive: peer.persistentKeepalive ?? 0,
        allowedIps: peer.allowedIps,
      })),
    });
  } catch (error) {
    await removeLink();
    throw error;
  }
  const index = interfaceIndex(name);
  const watch = setInterval(() => {
    if (interfaceIndex(name) === index) return;
    clearInterval(watch);
    settings.onFailed(new Error('somebody removed the interface'));
  }, WATCH_MS);
  return {
    backend: 'kernel',
    get port() {
      return kernel.get(name).listenPort;
    },
    begin() {},
    async close() {
      clearInterval(watch);
      kernel.close();
      if (interfaceIndex(name) === index) await removeLink();
    },
  };
}

async function addLink(name: string, mtu: number): Promise<void> {
  if (interfaceIndex(name) !== 0) {
    throw Object.assign(new Error(`there is an interface ${name} already`), { code: 'EBUSY' });
  }
  try {
    await ip('link', 'add', 'dev', name, 'mtu', String(mtu), 'type', 'wireguard');
  } catch (error) {
    if (!/operation not permitted/i.test((error as Error).message)) throw error;
    throw Object.assign(error as Error, { code: 'EPERM' });
  }
}
