/** A small shared memory with its code, and plain twins of what the code does by wide arithmetic. Tests only. */
import { layOut } from './layout.ts';
import { createPacketMemory } from './packet-code.ts';
import { Tables } from './tables.ts';

export function packetTables(peers = 4): Tables {
  const layout = layOut(peers, peers * 4);
  return new Tables(createPacketMemory(layout.bytes), layout);
}

/** RFC 1071 in network order, one word at a time: the checksum to write for these parts. */
export function plainChecksum(...parts: Uint8Array[]): number {
  const all = Buffer.concat(
    parts.map((part, index) =>
      index < parts.length - 1 && part.length % 2 === 1 ? Buffer.concat([part, Buffer.alloc(1)]) : part,
    ),
  );
  let total = 0;
  for (let index = 0; index < all.length; index += 2) total += (all[index]! << 8) | (all[index + 1] ?? 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return ~total & 0xffff;
}

export interface PacketParts {
  readonly version: 4 | 6;
  readonly protocol: 'tcp' | 'udp';
  readonly payload: Uint8Array;
  readonly sequence?: number;
  readonly flags?: number;
  readonly tos?: number;
  readonly options?: Uint8Array;
  readonly identification?: number;
  readonly from?: number;
  readonly port?: number;
}

/** A right packet, checksums included. */
export function buildPacket(parts: PacketParts): Buffer {
  const { version, protocol, payload, sequence = 1000, flags = 0x10, tos = 0, identification = 7 } = parts;
  const options = parts.options ?? new Uint8Array(0);
  const transport = Buffer.alloc(protocol === 'tcp' ? 20 + options.length : 8);
  transport.writeUInt16BE(parts.port ?? 40_000, 0);
  transport.writeUInt16BE(5201, 2);
  if (protocol === 'tcp') {
    transport.writeUInt32BE(sequence >>> 0, 4);
    transport.writeUInt32BE(77, 8);
    transport[12] = (transport.length / 4) << 4;
    transport[13] = flags;
    transport.writeUInt16BE(512, 14);
    transport.set(options, 20);
  } else {
    transport.writeUInt16BE(8 + payload.length, 4);
  }
  const length = transport.length + payload.length;
  const ip = Buffer.alloc(version === 4 ? 20 : 40);
  const number = protocol === 'tcp' ? 6 : 17;
  if (version === 4) {
    ip[0] = 0x45;
    ip[1] = tos;
    ip.writeUInt16BE(20 + length, 2);
    ip.writeUInt16BE(identification & 0xffff, 4);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = number;
    ip.set([10, 0, 0, parts.from ?? 1, 10, 0, 0, 2], 12);
    ip.writeUInt16BE(plainChecksum(ip), 10);
  } else {
    ip[0] = 0x60 | (tos >> 4);
    ip[1] = (tos & 15) << 4;
    ip.writeUInt16BE(length, 4);
    ip[6] = number;
    ip[7] = 64;
    ip.set([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, parts.from ?? 1], 8);
    ip.set([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 24);
  }
  const value = plainChecksum(pseudoHeader(ip, number, length), transport, payload);
  transport.writeUInt16BE(value === 0 && protocol === 'udp' ? 0xffff : value, protocol === 'tcp' ? 16 : 6);
  return Buffer.concat([ip, transport, payload]);
}

export function pseudoHeader(ip: Buffer, protocol: number, length: number): Buffer {
  const addresses = ip[0]! >> 4 === 4 ? ip.subarray(12, 20) : ip.subarray(8, 40);
  return Buffer.concat([addresses, Buffer.from([0, protocol, length >> 8, length & 255])]);
}
