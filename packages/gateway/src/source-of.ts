import { parseNetwork } from '@zeronaut/model';

/** Whom an address stands for when something is counted or shared out: itself in IPv4, its /64 in IPv6, where a host has them all. */
export function sourceOf(address: string): string {
  const network = parseNetwork(address);
  return network?.kind === 'ipv6' ? network.bytes.slice(0, 8).join('.') : address;
}
