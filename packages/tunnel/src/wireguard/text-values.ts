import { isIPv4, isIPv6 } from 'node:net';
import type { AllowedIp, Endpoint } from './data-plane.ts';
import { KEY_BYTES } from './x25519.ts';

/** Values as configuration files and the control socket write them. Parsers give undefined for anything else. */

export function parseUnsigned(text: string, limit: number): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= limit ? value : undefined;
}

export function parseHexKey(text: string): Uint8Array | undefined {
  return /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
}

/** 44 characters, canonical: no two texts are the same key. */
export function parseBase64Key(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length === KEY_BYTES && key.toString('base64') === text ? key : undefined;
}

/** 4 or 16 bytes, without a zone. */
export function parseAddress(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split('.').map(Number));
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = text.slice(text.lastIndexOf(':') + 1);
  let groups = text;
  if (isIPv4(dotted)) {
    const [a, b, c, d] = dotted.split('.').map(Number) as [number, number, number, number];
    const tail = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    groups = text.slice(0, text.length - dotted.length) + tail;
  }
  const [head = '', tail] = groups.split('::');
  const split = (part: string) => (part === '' ? [] : part.split(':'));
  const left = split(head);
  const right = split(tail ?? '');
  const all = [...left, ...new Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const bytes = new Uint8Array(16);
  for (const [index, group] of all.entries()) {
    const value = Number.parseInt(group, 16);
    bytes[2 * index] = value >> 8;
    bytes[2 * index + 1] = value;
  }
  return bytes;
}

/** `10.0.0.0/8`, `fd00::/64`; without a length, one address. Host bits stay. */
export function parseNetwork(text: string): AllowedIp | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  const bits = slash === -1 ? address.length * 8 : parseUnsigned(text.slice(slash + 1), address.length * 8);
  return bits === undefined ? undefined : { address, bits };
}

/** Address bits beyond `bits` are zero in it. */
export function maskNetwork({ address, bits }: AllowedIp): AllowedIp {
  const masked = address.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))));
  return { address: masked, bits };
}

export function formatAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((address[2 * index] as number) << 8) | (address[2 * index + 1] as number)).toString(16),
  );
  // The longest run of zero groups, the first of several, at least two (RFC 5952, 4.2).
  let best = { from: 0, length: 1 };
  for (let from = 0; from < 8; from++) {
    let length = 0;
    while (groups[from + length] === '0') length++;
    if (length > best.length) best = { from, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.from).join(':')}::${groups.slice(best.from + best.length).join(':')}`;
}

export function formatNetwork({ address, bits }: AllowedIp): string {
  return `${formatAddress(address)}/${bits}`;
}

/** `host:port` or `[IPv6]:port`; the host is not looked at. */
export function splitEndpoint(text: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const port = match === null ? undefined : parseUnsigned(match[3] as string, 65_535);
  if (match === null || port === undefined || port === 0) return undefined;
  return { host: (match[1] ?? match[2]) as string, port };
}

/** An address and a port, no name. A zone may follow an IPv6 address. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const parts = splitEndpoint(text);
  if (parts === undefined) return undefined;
  const { host, port } = parts;
  if (text.startsWith('[') ? !isIPv6(host) : !isIPv4(host)) return undefined;
  if (host.includes('%')) return { address: host, port };
  return { address: formatAddress(parseAddress(host) as Uint8Array), port };
}

export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
