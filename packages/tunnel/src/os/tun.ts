/**
 * The network interface of a tunnel: where inner packets come from and go to. This is the seam between systems: Linux is
 * built; macOS (utun) and Windows (wintun) have their place here and nothing else of the packet path would change its
 * shape for them.
 */
import { closeFile, ioctl, ioctlNumber, openFile, socket, systemError } from './libc.ts';
import { AF_INET } from './socket-address.ts';

export interface Tun {
  /** The name that the system gave. */
  readonly name: string;
  /**
   * A file for each queue. Not blocking; every read and write is one packet behind a virtio-net header of
   * `VNET_HEADER_BYTES`. The kernel keeps a flow on one queue, the one where its answers are written.
   */
  readonly fds: readonly number[];
  /** Whether UDP packets can be written as one superpacket (Linux 6.2). TCP always can. */
  readonly joinsUdp: boolean;
  /** Read anew at each call: people change it while it runs. */
  mtu(): number;
  /** The interface goes with it. */
  close(): void;
}

export const VNET_HEADER_BYTES = 10;

const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const TUNSETIFF = 0x400454ca;
const TUNSETOFFLOAD = 0x400454d0;
const TUNSETVNETHDRSZ = 0x400454d8;
const SIOCGIFMTU = 0x8921;
const SIOCSIFMTU = 0x8922;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const IFF_MULTI_QUEUE = 0x0100;
const TUN_F_CSUM = 1;
const TUN_F_TSO4 = 2;
const TUN_F_TSO6 = 4;
const TUN_F_TSO_ECN = 8;
const TUN_F_USO4 = 32;
const TUN_F_USO6 = 64;

/** Throws an error with `code`: `EPERM` without CAP_NET_ADMIN, `EBUSY` if the name is taken, `ENOENT` without /dev/net/tun. */
export function openTun(name: string, mtu: number, queues = 1): Tun {
  if (process.platform !== 'linux') {
    throw Object.assign(new Error(`no tunnel interface is built for ${process.platform}`), { code: 'ENOSYS' });
  }
  return openLinuxTun(name, mtu, queues);
}

function openLinuxTun(name: string, mtu: number, queues: number): Tun {
  const fds: number[] = [];
  let control = -1;
  const close = () => {
    for (const fd of fds) closeFile(fd);
    if (control >= 0) closeFile(control);
  };
  try {
    let given = name;
    let joinsUdp = true;
    for (let queue = 0; queue < queues; queue++) {
      const fd = openFile('/dev/net/tun', O_RDWR | O_NONBLOCK | O_CLOEXEC);
      if (fd < 0) throw systemError('open /dev/net/tun');
      fds.push(fd);
      given = attach(fd, given, queues > 1);
      joinsUdp = offload(fd) && joinsUdp;
    }
    control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) throw systemError('socket');
    setMtu(control, given, mtu);
    return { name: given, fds, joinsUdp, mtu: () => readMtu(control, given), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Makes the interface, or another queue of it. Its name. */
function attach(fd: number, name: string, several: boolean): string {
  const request = interfaceRequest(name);
  const flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | (several ? IFF_MULTI_QUEUE : 0);
  new DataView(request.buffer).setUint16(16, flags, true);
  if (ioctl(fd, TUNSETIFF, request) !== 0) throw systemError('TUNSETIFF');
  return Buffer.from(request.subarray(0, request.indexOf(0))).toString('latin1');
}

/** Whether UDP can be joined as well. */
function offload(fd: number): boolean {
  const size = new Uint8Array(new Uint32Array([VNET_HEADER_BYTES]).buffer);
  if (ioctl(fd, TUNSETVNETHDRSZ, size) !== 0) throw systemError('TUNSETVNETHDRSZ');
  const tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  if (ioctlNumber(fd, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) === 0) return true;
  if (ioctlNumber(fd, TUNSETOFFLOAD, tcp) !== 0) throw systemError('TUNSETOFFLOAD');
  return false;
}

/** `struct ifreq`. */
function interfaceRequest(name: string): Uint8Array {
  const bytes = Buffer.from(name, 'latin1');
  if (bytes.length > 15 || /[/\s\0]/.test(name)) {
    throw Object.assign(new Error(`"${name}" is no interface name (at most 15 bytes, no blanks)`), { code: 'EINVAL' });
  }
  const request = new Uint8Array(40);
  request.set(bytes);
  return request;
}

function setMtu(control: number, name: string, mtu: number): void {
  const request = interfaceRequest(name);
  new DataView(request.buffer).setInt32(16, mtu, true);
  if (ioctl(control, SIOCSIFMTU, request) !== 0) throw systemError('SIOCSIFMTU');
}

function readMtu(control: number, name: string): number {
  const request = interfaceRequest(name);
  if (ioctl(control, SIOCGIFMTU, request) !== 0) throw systemError('SIOCGIFMTU');
  return new DataView(request.buffer).getInt32(16, true);
}
