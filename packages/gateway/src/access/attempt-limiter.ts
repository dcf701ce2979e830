import { parseNetwork } from '@zeronaut/model';
import { BoundedMap } from './bounded-map.ts';

const TRACKED_KEYS = 50_000;

/**
 * How many attempts one key may make: `burst` at once, then one per `intervalMs` (GCRA: one number per key, the time
 * at which its allowance is full again). Memory is bounded; a key that is pushed out starts afresh.
 */
export class AttemptLimiter {
  readonly #fullAt = new BoundedMap<string, number>(TRACKED_KEYS);
  readonly #burst: number;
  readonly #intervalMs: number;

  constructor(options: { burst: number; intervalMs: number }) {
    this.#burst = options.burst;
    this.#intervalMs = options.intervalMs;
  }

  /** Takes one attempt. 0: go on. Otherwise how long to wait (ms), and nothing was taken. */
  take(key: string, nowMs: number): number {
    const fullAt = Math.max(this.#fullAt.get(key) ?? 0, nowMs);
    const waitMs = fullAt + this.#intervalMs - nowMs - this.#burst * this.#intervalMs;
    if (waitMs > 0) return waitMs;
    this.#fullAt.set(key, fullAt + this.#intervalMs);
    return 0;
  }

  /** Gives an attempt back that turned out to be good, so that only failures count. */
  giveBack(key: string): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - this.#intervalMs);
  }
}

/** Whom an address stands for when attempts are counted: itself in IPv4, its /64 in IPv6, where a host has them all. */
export function attemptKey(address: string): string {
  const network = parseNetwork(address);
  return network?.kind === 'ipv6' ? network.bytes.slice(0, 8).join('.') : address;
}
