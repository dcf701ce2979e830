import { isIP } from 'node:net';
import { parseAddress, parseNetwork } from '@zeronaut/model';
import { AF_INET, AF_INET6, AF_UNIX } from './libc.ts';

/** The longest that we read or write: `sockaddr_un`, with the longest path. */
export const SOCKET_ADDRESS_BYTES = 128;
const UNIX_PATH_BYTES = 107;

/** `sockaddr_in` or `sockaddr_in6` of an address without a zone; null if it is no address. */
export function encodeSocketAddress(address: string, port: number): Buffer | null {
  const version = isIP(address);
  if (version === 0) return null;
  if (version === 4) {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(AF_INET, 0);
    bytes.writeUInt16BE(port, 2);
    bytes.set(address.split('.').map(Number), 4);
    return bytes;
  }
  const network = parseNetwork(address);
  if (network === null || address.includes('%')) return null;
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  if (network.kind === 'ipv6') bytes.set(network.bytes, 8);
  else bytes.set([0xff, 0xff, ...network.bytes], 18);
  return bytes;
}

/** `sockaddr_un`; null if the path is too long for one. */
export function encodeUnixAddress(path: string): Buffer | null {
  const text = Buffer.from(path);
  if (text.length === 0 || text.length > UNIX_PATH_BYTES) return null;
  const bytes = Buffer.alloc(2 + text.length + 1);
  bytes.writeUInt16LE(AF_UNIX, 0);
  bytes.set(text, 2);
  return bytes;
}

export interface SocketAddress {
  /** In its shortest form; IPv4 mapped into IPv6 is plain IPv4. */
  readonly address: string;
  readonly port: number;
}

/** Null: of another family. */
export function decodeSocketAddress(bytes: Buffer): SocketAddress | null {
  const family = bytes.readUInt16LE(0);
  const port = bytes.readUInt16BE(2);
  if (family === AF_INET) return { address: `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`, port };
  if (family !== AF_INET6) return null;
  const groups: string[] = [];
  for (let i = 8; i < 24; i += 2) groups.push(bytes.readUInt16BE(i).toString(16));
  return { address: parseAddress(groups.join(':'))!, port };
}
