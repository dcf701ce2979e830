import ipaddr from 'ipaddr.js';

/** One address in its shortest form; an IPv4 address mapped into IPv6 becomes plain IPv4. Nothing if it is no address. */
export function parseAddress(text: string): string | null {
  // Asked once or twice for every connection, and nearly always about an address that the kernel wrote.
  if (isCanonicalIpv4(text)) return text;
  // ipaddr.js would take octal, hex and short IPv4 forms; only four plain decimals are an address to us.
  if (!ipaddr.IPv6.isValid(text) && !ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
  const percent = text.indexOf('%');
  return ipaddr.process(percent === -1 ? text : text.slice(0, percent)).toString();
}

/** Four decimals of 0 to 255 without leading zeros, and nothing else: already in its one spelling. */
function isCanonicalIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let dots = 0;
  let value = -1;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit === -2) {
      if (value === -1 || ++dots > 3) return false;
      value = -1;
    } else {
      if (digit < 0 || digit > 9 || value === 0) return false;
      value = value === -1 ? digit : value * 10 + digit;
      if (value > 255) return false;
    }
  }
  return dots === 3 && value !== -1;
}

/** A parsed `address/bits`, or a bare address as its own full-length network. */
export interface Network {
  readonly kind: 'ipv4' | 'ipv6';
  readonly bytes: readonly number[];
  readonly bits: number;
}

export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null) return null;
  const parsed = ipaddr.parse(address);
  const widest = parsed.kind() === 'ipv4' ? 32 : 128;
  let bits = widest;
  if (slash !== -1) {
    const tail = text.slice(slash + 1);
    if (!/^\d{1,3}$/.test(tail)) return null;
    bits = Number(tail);
    if (bits > widest) return null;
  }
  return { kind: parsed.kind(), bytes: parsed.toByteArray(), bits };
}

export function networkContains(network: Network, address: string): boolean {
  const text = parseAddress(address);
  if (text === null) return false;
  const parsed = ipaddr.parse(text);
  if (parsed.kind() !== network.kind) return false;
  const bytes = parsed.toByteArray();
  let left = network.bits;
  for (let i = 0; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if ((bytes[i]! & mask) !== (network.bytes[i]! & mask)) return false;
  }
  return true;
}

/** Splits `host:port` or `[v6]:port`. Nothing if the port is missing or out of range. */
export function parseHostPort(text: string): { host: string; port: number } | null {
  const match = text.length > 300 ? null : /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  if (!match) return null;
  const port = Number(match[3]);
  const host = (match[1] ?? match[2])!;
  if (port < 1 || port > 65535) return null;
  if (match[1] !== undefined && parseAddress(host) === null) return null;
  return { host: host.toLowerCase(), port };
}

export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
