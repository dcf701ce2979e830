import assert from 'node:assert/strict';
import { parseAddress, parseNetwork } from '@zeronaut/model';

/**
 * Tells a service who the caller is, in front of the caller's first byte (HAProxy PROXY protocol, sections 2.1 and
 * 2.2). Version 1 knows TCP only, so UDP always speaks version 2, with the DGRAM transport in front of every
 * datagram: a datagram can be lost, and only a header of its own makes each one readable by itself.
 */
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_COMMAND_PROXY = 0x21;
const V2_FAMILY = { ipv4: 0x10, ipv6: 0x20 } as const;
const V2_TRANSPORT = { stream: 0x01, datagram: 0x02 } as const;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Header for a TCP connection. */
export function encodeProxyHeader(version: 'v1' | 'v2', source: Endpoint, destination: Endpoint): Buffer {
  if (version === 'v2') return encodeV2('stream', source, destination);
  const { family, texts } = sameFamily(source, destination);
  const name = family === 'ipv4' ? 'TCP4' : 'TCP6';
  return Buffer.from(`PROXY ${name} ${texts[0]} ${texts[1]} ${source.port} ${destination.port}\r\n`, 'latin1');
}

/** Header for each datagram of a UDP session. */
export function encodeProxyDatagramHeader(source: Endpoint, destination: Endpoint): Buffer {
  return encodeV2('datagram', source, destination);
}

function encodeV2(transport: keyof typeof V2_TRANSPORT, source: Endpoint, destination: Endpoint): Buffer {
  const { family, bytes } = sameFamily(source, destination);
  const length = bytes[0].length + bytes[1].length + 4;
  const header = Buffer.alloc(16 + length);
  V2_SIGNATURE.copy(header);
  header[12] = V2_COMMAND_PROXY;
  header[13] = V2_FAMILY[family] | V2_TRANSPORT[transport];
  header.writeUInt16BE(length, 14);
  header.set(bytes[0], 16);
  header.set(bytes[1], 16 + bytes[0].length);
  header.writeUInt16BE(source.port, 16 + length - 4);
  header.writeUInt16BE(destination.port, 16 + length - 2);
  return header;
}

/** Both addresses must be of one family on the wire: beside an IPv6 address, an IPv4 address is written as mapped. */
function sameFamily(source: Endpoint, destination: Endpoint) {
  const a = parse(source.address);
  const b = parse(destination.address);
  if (a.kind === b.kind) {
    return { family: a.kind, texts: [a.text, b.text] as const, bytes: [a.bytes, b.bytes] as const };
  }
  const [x, y] = [asIpv6(a), asIpv6(b)];
  return { family: 'ipv6' as const, texts: [x.text, y.text] as const, bytes: [x.bytes, y.bytes] as const };
}

interface ParsedAddress {
  readonly kind: 'ipv4' | 'ipv6';
  readonly text: string;
  readonly bytes: readonly number[];
}

function parse(address: string): ParsedAddress {
  const text = parseAddress(address);
  assert(text !== null, 'addresses of sockets are addresses');
  const { kind, bytes } = parseNetwork(text)!;
  return { kind, text, bytes };
}

function asIpv6({ kind, text, bytes }: ParsedAddress): ParsedAddress {
  if (kind === 'ipv6') return { kind, text, bytes };
  return { kind: 'ipv6', text: `::ffff:${text}`, bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes] };
}
