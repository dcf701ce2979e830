import { type Network, networkContains, parseAddress, parseNetwork } from '@zeronaut/model';

/**
 * What an address is reserved for, when it is not for everybody: the IANA special-purpose registries (RFC 6890, with
 * RFC 9637 and RFC 6598), multicast and the former class E.
 */
const RESERVED_IPV4 = networks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]);
/** Global unicast; everything else of IPv6 (loopback, unique local, link local, multicast, NAT64, mapped) is not. */
const GLOBAL_IPV6 = networks(['2000::/3']);
/** Within it: what is reserved, and the tunnels (Teredo, 6to4) that carry any IPv4 address inside. */
const RESERVED_IPV6 = networks(['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']);

function networks(texts: readonly string[]): Network[] {
  return texts.map((text) => parseNetwork(text)!);
}

/** True for an address of the open internet. An IPv4 address that is mapped into IPv6 is judged as IPv4. */
export function isPublicAddress(text: string): boolean {
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  const address = text.includes('%') ? null : parseAddress(text);
  if (address === null) return false;
  const within = (list: readonly Network[]) => list.some((network) => networkContains(network, address));
  return address.includes(':') ? within(GLOBAL_IPV6) && !within(RESERVED_IPV6) : !within(RESERVED_IPV4);
}
