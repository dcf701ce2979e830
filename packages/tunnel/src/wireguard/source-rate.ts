import { isIPv4 } from 'node:net';

/** Handshake messages a second from one source that has proved its address, as in wireguard-go. */
export const MESSAGES_PER_SECOND = 20;
/** And as many at once. */
export const MESSAGES_BURST = 5;
/** Sources that are remembered at a time; a further one waits until some are forgotten, a second of silence later. */
export const MAX_SOURCES = 65_536;

const TOKEN_MS = 1000 / MESSAGES_PER_SECOND;
const FULL_MS = TOKEN_MS * MESSAGES_BURST;
const FORGET_MS = 1000;

/**
 * A token bucket per source: an IPv4 address or an IPv6 /64, because one host can have all of that. It is asked under load
 * only, and after the cookie: spoofed sources never get in.
 */
export class SourceRate {
  /** Time on credit, in milliseconds, as of `at`; the oldest entry first. */
  readonly #buckets = new Map<string, { credit: number; at: number }>();

  allow(address: string, now: number): boolean {
    const source = sourceOf(address);
    const bucket = this.#buckets.get(source);
    if (bucket === undefined) {
      this.#forget(now);
      if (this.#buckets.size >= MAX_SOURCES) return false;
      this.#buckets.set(source, { credit: FULL_MS - TOKEN_MS, at: now });
      return true;
    }
    bucket.credit = Math.min(FULL_MS, bucket.credit + now - bucket.at);
    bucket.at = now;
    // Map order is insertion order: whoever was asked about last moves to the end.
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (bucket.credit < TOKEN_MS) return false;
    bucket.credit -= TOKEN_MS;
    return true;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #forget(now: number): void {
    for (const [source, { at }] of this.#buckets) {
      if (now - at < FORGET_MS) return;
      this.#buckets.delete(source);
    }
  }
}

/** IPv4: the address. IPv6: its first four groups; an IPv4 address in IPv6 counts as IPv4. */
export function sourceOf(address: string): string {
  if (isIPv4(address)) return address;
  const mapped = address.lastIndexOf(':');
  if (address.startsWith('::') && isIPv4(address.slice(mapped + 1))) return address.slice(mapped + 1);
  const [head = '', tail] = (address.split('%')[0] as string).split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const right = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + right < 8) groups.push('0');
    if (tail !== '') groups.push(...tail.split(':'));
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
