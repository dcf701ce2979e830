import { join } from 'node:path';
import { type InterfaceState, parseState } from './interface-state.ts';
import { listUapi, readUapi, UAPI_DIRECTORY } from './uapi-socket.ts';

/** Which WireGuard interfaces this machine has, in programs and in the kernel; those of programs first. */
export async function listInterfaces(): Promise<string[]> {
  const programs = listUapi();
  const inKernel = process.platform === 'linux' ? await (await loadKernel()).listKernelDevices() : [];
  return [...programs, ...inKernel.filter((name) => !programs.includes(name))];
}

/** Rejects with an error that has a `code`: `ECONNREFUSED` where a killed program left its socket, `ENOENT`, `ENODEV`, `EPERM`. */
export async function readInterface(name: string): Promise<InterfaceState> {
  if (listUapi().includes(name)) return parseState(name, await readUapi(join(UAPI_DIRECTORY, `${name}.sock`)));
  const kernel = process.platform === 'linux' ? (await loadKernel()).openKernelWireguard() : undefined;
  if (kernel === undefined) throw Object.assign(new Error(`there is no interface ${name}`), { code: 'ENODEV' });
  try {
    return kernel.get(name);
  } finally {
    kernel.close();
  }
}

/** Whether an interface can be made there; asking loads the module where there is one and this process may. */
export async function kernelHasWireguard(): Promise<boolean> {
  const kernel = process.platform === 'linux' ? (await loadKernel()).openKernelWireguard() : undefined;
  kernel?.close();
  return kernel !== undefined;
}

/** Loaded when asked for: it brings foreign functions. */
const loadKernel = () => import('./kernel/kernel-device.ts');
