/** The first retry comes within a second, the others ever later, up to `capMs`. */
export interface BackoffOptions {
  /** Upper end of the first delay. Default 500. */
  readonly firstMs?: number;
  /** Upper end of all delays. Default 10,000. */
  readonly capMs?: number;
}

/**
 * Exponential with jitter over the upper four fifths: when a gateway returns, its agents do not come back in step, and none waits
 * close to nothing either.
 */
export function backoffDelayMs(
  attempt: number,
  options: BackoffOptions = {},
  random: () => number = Math.random,
): number {
  const { firstMs = 500, capMs = 10_000 } = options;
  const ceiling = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * (0.2 + 0.8 * random()));
}
