import type { AllowedIps } from './allowed-ips.ts';
import type { PeerSlot } from './data-plane.ts';

/** What cryptokey routing reads of an inner IP packet. Everything after the header is the inner hosts' business. */

/** The length that the IP header gives, without the padding after it; 0 if this is no whole IP packet. */
export function innerLength(packet: Uint8Array): number {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 && packet.length >= 20) {
    const header = ((packet[0] as number) & 15) * 4;
    const length = ((packet[2] as number) << 8) | (packet[3] as number);
    return header >= 20 && length >= header && length <= packet.length ? length : 0;
  }
  if (version === 6 && packet.length >= 40) {
    const length = 40 + (((packet[4] as number) << 8) | (packet[5] as number));
    return length <= packet.length ? length : 0;
  }
  return 0;
}

/** Whose network the source is in, -1 if nobody's. Only for packets that have an `innerLength`. */
export function sourcePeer(table: AllowedIps, packet: Uint8Array): PeerSlot {
  return isIpv4(packet) ? table.lookup4(packet, 12) : table.lookup6(packet, 8);
}

export function destinationPeer(table: AllowedIps, packet: Uint8Array): PeerSlot {
  return isIpv4(packet) ? table.lookup4(packet, 16) : table.lookup6(packet, 24);
}

function isIpv4(packet: Uint8Array): boolean {
  return (packet[0] as number) >> 4 === 4;
}
