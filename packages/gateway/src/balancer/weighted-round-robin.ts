/** A target as the choice sees it. */
export interface Weighted {
  readonly weight: number;
  /** Running balance; starts at 0, belongs to `chooseSmooth`. */
  balance: number;
}

/**
 * Smooth weighted round robin: over any run as long as the sum of the weights each one is chosen exactly `weight` times,
 * spread out rather than in bursts. Weight 0 is never chosen. Null: nothing to choose from.
 */
export function chooseSmooth<T extends Weighted>(candidates: readonly T[]): T | null {
  let total = 0;
  let best: T | null = null;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    if (candidate.weight === 0) continue;
    total += candidate.weight;
    candidate.balance += candidate.weight;
    if (best === null || candidate.balance > best.balance) best = candidate;
  }
  if (best !== null) best.balance -= total;
  return best;
}
