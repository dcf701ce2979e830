/**
 * `struct sockaddr_in6` and `sockaddr_in` of Linux. A dual-stack socket speaks only the first: IPv4 is mapped
 * (::ffff:0:0/96, RFC 4291, 2.5.5.2).
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { Endpoint } from '../wireguard/data-plane.ts';
import { interfaceIndex } from './libc.ts';

export const AF_INET = 2;
export const AF_INET6 = 10;
/** Room for either. */
export const SOCKET_ADDRESS_BYTES = 28;

/** Writes the address at `offset`; its length, or 0 if it is none that the family can express. */
export function encodeSocketAddress(bytes: Uint8Array, offset: number, endpoint: Endpoint, family: number): number {
  const { address, port } = endpoint;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return 0;
  bytes.fill(0, offset, offset + SOCKET_ADDRESS_BYTES);
  bytes[offset] = family;
  bytes[offset + 2] = port >> 8;
  bytes[offset + 3] = port & 255;
  if (family === AF_INET) {
    if (!isIPv4(address)) return 0;
    writeIpv4(bytes, offset + 4, address);
    return 16;
  }
  if (isIPv4(address)) {
    bytes[offset + 18] = 255;
    bytes[offset + 19] = 255;
    writeIpv4(bytes, offset + 20, address);
    return 28;
  }
  const [plain, zone] = address.split('%', 2) as [string, string | undefined];
  if (!isIPv6(plain)) return 0;
  writeIpv6(bytes, offset + 8, plain);
  if (zone !== undefined) {
    const index = /^\d{1,9}$/.test(zone) ? Number(zone) : interfaceIndex(zone);
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(offset + 24, index, true);
  }
  return 28;
}

export function decodeSocketAddress(bytes: Uint8Array, offset: number): Endpoint {
  const port = (bytes[offset + 2]! << 8) | bytes[offset + 3]!;
  if (bytes[offset] === AF_INET) return { address: readIpv4(bytes, offset + 4), port };
  const at = offset + 8;
  let mapped = bytes[at + 10] === 255 && bytes[at + 11] === 255;
  for (let index = 0; index < 10; index++) mapped &&= bytes[at + index] === 0;
  if (mapped) return { address: readIpv4(bytes, at + 12), port };
  const zone = new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset + 24, true);
  return { address: readIpv6(bytes, at) + (zone === 0 ? '' : `%${zone}`), port };
}

function writeIpv4(bytes: Uint8Array, offset: number, address: string): void {
  bytes.set(address.split('.').map(Number), offset);
}

function readIpv4(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

function writeIpv6(bytes: Uint8Array, offset: number, address: string): void {
  const dotted = address.lastIndexOf('.') === -1 ? '' : address.slice(address.lastIndexOf(':') + 1);
  const hex = dotted === '' ? address : address.slice(0, address.length - dotted.length);
  const size = dotted === '' ? 16 : 12;
  const [head = '', tail] = hex.split('::') as [string, string | undefined];
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const write = (at: number, group: string) => {
    const value = Number.parseInt(group, 16);
    bytes[offset + at] = value >> 8;
    bytes[offset + at + 1] = value & 255;
  };
  groups(head).forEach((group, index) => {
    write(index * 2, group);
  });
  const last = groups(tail ?? '');
  last.forEach((group, index) => {
    write(size - (last.length - index) * 2, group);
  });
  if (dotted !== '') writeIpv4(bytes, offset + 12, dotted);
}

/** RFC 5952: lower case, no leading zeros, the longest run of zero groups (two at least, the first of equals) as `::`. */
function readIpv6(bytes: Uint8Array, offset: number): string {
  const groups = Array.from(
    { length: 8 },
    (_, index) => (bytes[offset + index * 2]! << 8) | bytes[offset + index * 2 + 1]!,
  );
  let best = { from: -1, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (from + length < 8 && groups[from + length] === 0) length++;
    if (length > best.length) best = { from, length };
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (best.from === -1) return text(groups);
  return `${text(groups.slice(0, best.from))}::${text(groups.slice(best.from + best.length))}`;
}
