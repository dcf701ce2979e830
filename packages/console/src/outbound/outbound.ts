/**
 * The one way out of the console to an address that somebody in an organization wrote down: issuers, keys, metadata,
 * webhooks, directories. A name is resolved once, every answer is judged, and the connection goes to the address that
 * was judged, so that a second DNS answer changes nothing. Redirects are never followed. Nothing that a tenant configured
 * may be dialled past this file.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { type Network, networkContains, parseAddress } from '@zeronaut/model';
import { Refusal } from '../store/refusal.ts';
import { isPublicAddress } from './address-ranges.ts';
import { request } from './request.ts';

const DNS_TIMEOUT_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BYTES = 1024 * 1024;
const MAX_URL_LENGTH = 2048;

export interface OutboundOptions {
  /** Networks that are dialled though they are not public, and that may be spoken to without TLS. The operator's word. */
  readonly allow: readonly Network[];
  /** `address:port` of DNS servers; empty: the system's resolver, with its hosts file. */
  readonly dnsServers?: readonly string[];
}

export interface OutboundRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
  /** Longest body of the answer. Default 1 MiB. */
  readonly maxBytes?: number;
  /** From resolving to the last byte. Default 10 s. */
  readonly timeoutMs?: number;
  /** PEM; default: the public authorities that Node brings. */
  readonly certificateAuthority?: string;
}

export interface Dialable {
  /** In the order of preference, at least one; all of them were judged. */
  readonly addresses: readonly string[];
  /** Every address is in a network that the operator allowed: then TLS is not insisted on. */
  readonly trusted: boolean;
}

export interface Outbound {
  /** A host name or address literal to addresses that may be dialled. One forbidden answer refuses all. */
  resolve(host: string): Promise<Dialable | Refusal>;
  /**
   * What can be said of a host without asking DNS: `outbound.address_denied` for an address literal, or a name of this machine, that
   * would be refused whenever it is dialled. Null: nothing, which allows nothing yet.
   */
  refuseWritten(host: string): Refusal | null;
  /**
   * One HTTP exchange, whatever the status. `https` only, save to networks that the operator allowed. Reasons:
   * `outbound.url_invalid`, `outbound.address_denied`, `outbound.unreachable`, `outbound.timeout`,
   * `outbound.redirected`, `outbound.too_large`.
   */
  fetch(url: string, options?: OutboundRequest): Promise<Response | Refusal>;
  /** TXT records of a name, each joined; empty when there are none. `outbound.unreachable` when DNS does not answer. */
  resolveTxt(name: string): Promise<readonly string[] | Refusal>;
  /** What DNS says of a name, to be shown: aliases in lower case, and addresses, which must not be dialled. */
  lookUp(
    name: string,
    timeoutMs?: number,
  ): Promise<{ readonly names: readonly string[]; readonly addresses: readonly string[] } | Refusal>;
}

export function createOutbound(options: OutboundOptions): Outbound {
  const servers = options.dnsServers ?? [];
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);

  async function addressesOf(host: string): Promise<string[]> {
    if (servers.length === 0) return (await lookup(host, { all: true })).map(({ address }) => address);
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  }

  const allowed = (address: string) => options.allow.some((network) => networkContains(network, address));
  function judge(host: string, address: string | null): Refusal | null {
    if (address !== null && (isPublicAddress(address) || allowed(address))) return null;
    const where = host === address ? '' : ` is at ${address ?? 'a local interface'}, which`;
    const detail = `${host}${where} is in a network that must not be dialled`;
    return new Refusal('outbound.address_denied', { detail });
  }

  async function resolve(host: string): Promise<Dialable | Refusal> {
    const name = host.replace(/^\[(.*)\]$/, '$1');
    const literal = parseAddress(name);
    let found: string[];
    try {
      found = literal === null ? await withDeadline(addressesOf(name), DNS_TIMEOUT_MS * 2) : [literal];
    } catch {
      found = [];
    }
    if (found.length === 0) return new Refusal('outbound.unreachable', { detail: `${host} has no address` });
    const addresses = found.map((address) => (address.includes('%') ? null : parseAddress(address)));
    for (const address of addresses) {
      const denied = judge(host, address);
      if (denied !== null) return denied;
    }
    const judged = addresses as string[];
    return { addresses: judged, trusted: judged.every(allowed) };
  }

  return {
    resolve,
    refuseWritten(host) {
      const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
      const isLocalName = name === 'localhost' || name.endsWith('.localhost');
      const address = isLocalName ? '127.0.0.1' : parseAddress(name);
      return address === null ? null : judge(name, address);
    },
    async fetch(text, init = {}) {
      const url = parseOutboundUrl(text);
      if (url instanceof Refusal) return url;
      const timeoutMs = init.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const deadlineMs = performance.now() + timeoutMs;
      const dialable = await resolve(url.hostname);
      if (dialable instanceof Refusal) return dialable;
      if (url.protocol === 'http:' && !dialable.trusted) {
        return new Refusal('outbound.url_invalid', { detail: `${url.origin} must be https` });
      }
      return await request(url, dialable.addresses, {
        method: init.method ?? 'GET',
        headers: init.headers ?? {},
        body: init.body ?? null,
        maxBytes: init.maxBytes ?? DEFAULT_MAX_BYTES,
        timeoutMs: Math.max(1, Math.ceil(deadlineMs - performance.now())),
        certificateAuthority: init.certificateAuthority ?? null,
      });
    },
    async lookUp(name, timeoutMs = DNS_TIMEOUT_MS) {
      const unreachable = new Refusal('outbound.unreachable', { detail: `DNS does not answer for ${name}` });
      const answers = await withDeadline(
        Promise.allSettled([resolver.resolveCname(name), resolver.resolve4(name), resolver.resolve6(name)]),
        Math.min(timeoutMs, DNS_TIMEOUT_MS),
      ).catch(() => null);
      if (answers === null) return unreachable;
      const said = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : null));
      const isSilent = answers.every(
        (answer) => answer.status === 'rejected' && !['ENOTFOUND', 'ENODATA'].includes(answer.reason?.code),
      );
      if (isSilent) return unreachable;
      const addresses = [...(said[1] ?? []), ...(said[2] ?? [])].flatMap((text) => parseAddress(text) ?? []);
      return { names: (said[0] ?? []).map((text) => text.toLowerCase().replace(/\.$/, '')), addresses };
    },
    async resolveTxt(name) {
      try {
        return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
        return new Refusal('outbound.unreachable', { detail: `DNS does not answer for ${name}` });
      }
    },
  };
}

/** The URL parser turns decimal, octal and hex spellings of IPv4 into four decimals, so none of them hides anything. */
export function parseOutboundUrl(text: string): URL | Refusal {
  const invalid = (detail: string) => new Refusal('outbound.url_invalid', { detail });
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) return invalid('this is no URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return invalid('the URL must begin with https://');
  if (url.username !== '' || url.password !== '') return invalid('the URL must not hold a user name or password');
  if (url.hostname === '') return invalid('the URL has no host');
  return url;
}

async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('DNS took too long')), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
