/**
 * GCRA: `burst` at once, then one per `intervalMs`. One number per key, a bounded number of keys; when they are too many
 * the one that was touched longest ago is forgotten.
 */
export class RateLimit {
  readonly #burst: number;
  readonly #intervalMs: number;
  readonly #maxKeys: number;
  /** Theoretical arrival time by key, in the order of their last use. */
  readonly #arrivals = new Map<string, number>();

  constructor(options: { burst: number; intervalMs: number; maxKeys?: number }) {
    this.#burst = options.burst;
    this.#intervalMs = options.intervalMs;
    this.#maxKeys = options.maxKeys ?? 50_000;
  }

  /** Takes one. 0 when allowed, else how many ms to wait; then nothing was taken. */
  take(key: string, nowMs: number): number {
    const arrival = Math.max(this.#arrivals.get(key) ?? 0, nowMs);
    const wait = arrival - nowMs - (this.#burst - 1) * this.#intervalMs;
    if (wait > 0) return wait;
    this.#set(key, arrival + this.#intervalMs);
    return 0;
  }

  /** Gives one back: what it was taken for turned out well. */
  giveBack(key: string): void {
    const arrival = this.#arrivals.get(key);
    if (arrival !== undefined) this.#set(key, arrival - this.#intervalMs);
  }

  get size(): number {
    return this.#arrivals.size;
  }

  #set(key: string, arrival: number): void {
    this.#arrivals.delete(key);
    if (this.#arrivals.size >= this.#maxKeys) this.#arrivals.delete(this.#arrivals.keys().next().value!);
    this.#arrivals.set(key, arrival);
  }
}

/** One key per household: an IPv6 customer has at least a /64 to draw addresses from. */
export function rateLimitKey(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':');
    while (groups.length + rest.length < 8) groups.push('0');
    groups.push(...rest);
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
