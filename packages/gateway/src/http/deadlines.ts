// The global is a getter, which costs more than the clock behind it.
import { performance } from 'node:perf_hooks';

/** Something that must not stay as it is beyond `deadline` (ms of `Deadlines.now`; Infinity: no limit). */
export interface Deadlined {
  deadline: number;
  onDeadline(): void;
}

const TICK_MS = 100;

/**
 * One coarse timer for all connections: a deadline is a number that is set many times a second, a timer is not. Good to
 * about 100 ms. It runs only while something is in it and does not keep the process alive.
 */
export class Deadlines {
  readonly #entries = new Set<Deadlined>();
  #timer: NodeJS.Timeout | null = null;
  #now = 0;

  /** Monotonic, ms. Advances with every tick; while nothing is in it, and so nothing ticks, it is looked up. */
  get now(): number {
    return this.#timer === null ? performance.now() : this.#now;
  }

  add(entry: Deadlined): void {
    this.#entries.add(entry);
    if (this.#timer !== null) return;
    this.#now = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#timer.unref();
  }

  remove(entry: Deadlined): void {
    this.#entries.delete(entry);
    if (this.#entries.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    const now = performance.now();
    this.#now = now;
    for (const entry of this.#entries) if (entry.deadline <= now) entry.onDeadline();
  }
}
