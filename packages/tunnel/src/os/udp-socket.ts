/** The UDP sockets of a packet path, on one port: dual stack, large buffers, segmentation offload in both directions, ECN told. */
import { bind, closeFile, getsockname, setsockopt, socket, systemError } from './libc.ts';
import { AF_INET, AF_INET6, SOCKET_ADDRESS_BYTES } from './socket-address.ts';

const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const IPPROTO_IP = 0;
const IPPROTO_UDP = 17;
const IPPROTO_IPV6 = 41;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SO_MARK = 36;
const SO_REUSEPORT = 15;
const IP_MTU_DISCOVER = 10;
const IP_RECVTOS = 13;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
const IPV6_RECVTCLASS = 66;
const PMTUDISC_DONT = 0;
const UDP_SEGMENT = 103;
const UDP_GRO = 104;

/** What wireguard-go asks for as well: 7 MiB in each direction. Without CAP_NET_ADMIN the system's maximum holds. */
const BUFFER_BYTES = 7 << 20;

export interface UdpSockets {
  /** The kernel keeps the datagrams of one sender on one of them. */
  readonly fds: readonly number[];
  /** `AF_INET6` (which speaks IPv4 as well), or `AF_INET` on machines without IPv6. */
  readonly family: number;
  readonly port: number;
  /** Whether the kernel cuts one large send into datagrams (`UDP_SEGMENT`, Linux 4.18). */
  readonly segments: boolean;
  close(): void;
}

export interface UdpSocketOptions {
  /** 0: any. */
  readonly port: number;
  /** 0: none. Needs CAP_NET_ADMIN otherwise. */
  readonly fwmark: number;
}

/** Throws an error with `code` (`EADDRINUSE`, `EPERM`, ...) and leaves nothing open. */
export function openUdpSockets(options: UdpSocketOptions & { readonly count: number }): UdpSockets {
  const fds: number[] = [];
  const close = () => {
    for (const fd of fds) closeFile(fd);
  };
  try {
    let family = AF_INET6;
    let { port } = options;
    let segments = true;
    for (let index = 0; index < options.count; index++) {
      let fd = family === AF_INET6 ? socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
      if (fd < 0 && index === 0) family = AF_INET;
      if (fd < 0) fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (fd < 0) throw systemError('socket');
      fds.push(fd);
      // The first is bound before it shares its port, so that one that somebody else has is found taken.
      if (index > 0) sharePort(fd);
      ({ port, segments } = prepare(fd, family, { ...options, port }));
      if (index === 0 && options.count > 1) sharePort(fd);
    }
    return { fds, family, port, segments, close };
  } catch (error) {
    close();
    throw error;
  }
}

function sharePort(fd: number): void {
  const one = new Uint8Array(new Uint32Array([1]).buffer);
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, one, 4) !== 0) throw systemError('SO_REUSEPORT');
}

function prepare(fd: number, family: number, { port, fwmark }: UdpSocketOptions): { port: number; segments: boolean } {
  const set = (level: number, name: number, value: number) =>
    setsockopt(fd, level, name, new Uint8Array(new Uint32Array([value]).buffer), 4) === 0;
  if (family === AF_INET6 && !set(IPPROTO_IPV6, IPV6_V6ONLY, 0)) throw systemError('IPV6_V6ONLY');
  if (fwmark !== 0 && !set(SOL_SOCKET, SO_MARK, fwmark)) throw systemError('SO_MARK');
  if (!set(SOL_SOCKET, SO_RCVBUFFORCE, BUFFER_BYTES)) set(SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
  if (!set(SOL_SOCKET, SO_SNDBUFFORCE, BUFFER_BYTES)) set(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES);
  // As Linux' WireGuard does: outer packets may be fragmented, so a path with a small MTU is slow and not dead.
  set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT);
  set(IPPROTO_IP, IP_RECVTOS, 1);
  if (family === AF_INET6) {
    set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DONT);
    set(IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  }
  const segments = set(IPPROTO_UDP, UDP_SEGMENT, 0);
  set(IPPROTO_UDP, UDP_GRO, 1);
  const address = new Uint8Array(SOCKET_ADDRESS_BYTES);
  address[0] = family;
  address[2] = port >> 8;
  address[3] = port & 255;
  if (bind(fd, address, family === AF_INET6 ? 28 : 16) !== 0) throw systemError('bind');
  const length = new Uint8Array(new Uint32Array([SOCKET_ADDRESS_BYTES]).buffer);
  if (getsockname(fd, address, length) !== 0) throw systemError('getsockname');
  return { port: (address[2] << 8) | address[3], segments };
}
