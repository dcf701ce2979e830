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

  /** Takes one attempt. 0: go on. Otherwise how long to wait (ms), and nothing was taken. A key may have a pace of its own. */
  take(key: string, nowMs: number, burst: number = this.#burst, intervalMs: number = this.#intervalMs): number {
    // An allowance of which nothing is left: a pace that was slower must not go on after it was changed.
    const emptyMs = nowMs + burst * intervalMs;
    const known = this.#fullAt.get(key) ?? 0;
    if (known > emptyMs) this.#fullAt.set(key, emptyMs);
    const fullAt = Math.min(Math.max(known, nowMs), emptyMs);
    const waitMs = fullAt + intervalMs - emptyMs;
    if (waitMs > 0) return waitMs;
    this.#fullAt.set(key, fullAt + intervalMs);
    return 0;
  }

  /** Gives an attempt back that turned out to be good, so that only failures count. */
  giveBack(key: string): void {
    const fullAt = this.#fullAt.get(key);
    if (fullAt !== undefined) this.#fullAt.set(key, fullAt - this.#intervalMs);
  }
}
