import { type Network, networkContains, parseAddress } from '@zeronaut/model';
import type { Downstream } from '../flow.ts';
import { isFieldValue } from './octets.ts';
import type { ParsedRequest } from './parsed-request.ts';

/**
 * Who the caller is and what we tell the service of him. From anybody but a trusted proxy these fields are dropped and
 * written anew; behind a trusted proxy its list is kept, our peer is appended, and the caller is the right-most address
 * that is no trusted proxy.
 */
export class ForwardedFields {
  readonly #peer: Downstream;
  readonly #trusted: readonly Network[];
  readonly #peerIsTrusted: boolean;
  #authority: string | null = null;
  #lines = '';

  constructor(peer: Downstream, trusted: readonly Network[]) {
    this.#peer = peer;
    this.#trusted = trusted;
    this.#peerIsTrusted = trusted.some((network) => networkContains(network, peer.address));
  }

  /** The caller of this request. The peer itself, unless it is a trusted proxy that names somebody. */
  caller(request: ParsedRequest): Downstream {
    if (!this.#peerIsTrusted) return this.#peer;
    const scheme = last(this.#values(request, 'x-forwarded-proto'));
    const hops = this.#values(request, 'x-forwarded-for');
    let address = this.#peer.address;
    for (let i = hops.length - 1; i >= 0; i--) {
      const hop = parseAddress(hops[i]!);
      if (hop === null) break;
      address = hop;
      if (!this.#trusted.some((network) => networkContains(network, hop))) break;
    }
    return {
      ...this.#peer,
      address,
      port: address === this.#peer.address ? this.#peer.port : 0,
      tls: scheme === 'https' ? true : scheme === 'http' ? false : this.#peer.tls,
    };
  }

  /** The lines for upstream, each with CRLF. */
  lines(request: ParsedRequest): string {
    if (this.#peerIsTrusted) return this.#appended(request);
    if (request.authority !== this.#authority) {
      this.#authority = request.authority;
      const { address, tls } = this.#peer;
      this.#lines = compose([address], tls ? 'https' : 'http', request.authority, null);
    }
    return this.#lines;
  }

  #appended(request: ParsedRequest): string {
    const hops = this.#values(request, 'x-forwarded-for').filter((hop) => parseAddress(hop) !== null);
    const scheme = this.caller(request).tls ? 'https' : 'http';
    const host = last(this.#values(request, 'x-forwarded-host')) ?? request.authority;
    const port = last(this.#values(request, 'x-forwarded-port'));
    return compose(
      [...hops, this.#peer.address],
      scheme,
      isFieldValue(host) && !host.includes('"') ? host : request.authority,
      port !== null && port.length <= 5 && Number.isInteger(Number(port)) ? port : null,
    );
  }

  #values(request: ParsedRequest, name: string): string[] {
    const { names, values } = request.headers;
    const found: string[] = [];
    for (let i = 0; i < names.length; i++) {
      if (names[i] === name) for (const part of values[i]!.split(',')) found.push(part.trim());
    }
    return found.filter((part) => part !== '');
  }
}

function last(values: readonly string[]): string | null {
  return values.length === 0 ? null : values[values.length - 1]!;
}

function compose(hops: readonly string[], scheme: string, host: string, port: string | null): string {
  const forwarded = hops
    .map((hop, i) => `for=${node(hop)}${i === hops.length - 1 ? `;host="${host}";proto=${scheme}` : ''}`)
    .join(', ');
  return (
    `Forwarded: ${forwarded}\r\nX-Forwarded-For: ${hops.join(', ')}\r\nX-Forwarded-Proto: ${scheme}\r\n` +
    `X-Forwarded-Host: ${host}\r\nX-Forwarded-Port: ${port ?? portOf(host, scheme)}\r\n`
  );
}

/** RFC 7239, 6: an IPv6 address is bracketed and quoted. */
function node(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

function portOf(host: string, scheme: string): string {
  const colon = host.lastIndexOf(':');
  if (colon > host.lastIndexOf(']')) return host.slice(colon + 1);
  return scheme === 'https' ? '443' : '80';
}
