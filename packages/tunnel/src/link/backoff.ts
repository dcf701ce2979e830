/** The first retry comes within a second, the others ever later, up to `capMs`. */
export interface BackoffOptions {
  /** Upper end of the first delay. Default 500. */
  readonly firstMs?: number;
  /** Upper end of all delays. Default 10,000. */
  readonly capMs?: number;
  /**
   * Upper end of the delays while nobody is there. Default 1,000. To be refused by a kernel costs the other side no
   * handshake, and a program that was killed is back within seconds: who doubles its pauses meanwhile sleeps as long again
   * as that took.
   */
  readonly goneCapMs?: number;
}

/**
 * How long to wait before dialling again. Exponential with jitter over the upper four fifths: when a gateway returns, its
 * agents do not come back in step, and none waits close to nothing either. The time that nobody was there counts, so that
 * those whom a gateway cannot all take at its return give it longer at once.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #capMs: number;
  readonly #goneCapMs: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor({ firstMs = 500, capMs = 10_000, goneCapMs = 1_000 }: BackoffOptions = {}, random = Math.random) {
    this.#firstMs = firstMs;
    this.#capMs = capMs;
    this.#goneCapMs = Math.min(goneCapMs, capMs);
    this.#random = random;
  }

  /** `gone`: nobody listens, or who was there ended without a word. */
  nextMs(gone = false): number {
    const ceiling = Math.min(gone ? this.#goneCapMs : this.#capMs, this.#firstMs * 2 ** Math.min(this.#attempt++, 30));
    return Math.round(ceiling * (0.2 + 0.8 * this.#random()));
  }

  /** What was dialled proved good: the next failure is a first one. */
  reset(): void {
    this.#attempt = 0;
  }
}
