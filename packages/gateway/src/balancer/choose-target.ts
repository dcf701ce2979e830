import { chooseSmooth, type Weighted } from './weighted-round-robin.ts';

/** The fewest open ones, by weight: twice the weight carries twice as many. Equal ones take turns. Null: nothing to choose from. */
export function chooseLeast<T extends Weighted & { readonly open: number }>(candidates: readonly T[]): T | null {
  let least = Number.POSITIVE_INFINITY;
  for (const { open, weight } of candidates) if (weight > 0) least = Math.min(least, (open + 1) / weight);
  return chooseSmooth(candidates.filter(({ open, weight }) => weight > 0 && (open + 1) / weight === least));
}

/**
 * The same one for the same source (weighted rendezvous hashing): each target draws a number from source and target, and the highest
 * wins. One that is lost leaves only its own sources behind, one that is new takes only its share; nothing is remembered.
 */
export function chooseBySource<T extends Weighted & { readonly seed: number }>(
  candidates: readonly T[],
  source: string,
): T | null {
  const hash = seedOf(source);
  let best: T | null = null;
  let highest = Number.NEGATIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.weight === 0) continue;
    // Between 0 and 1, both excluded.
    const draw = (mix(hash ^ candidate.seed) + 1) / (2 ** 32 + 1);
    const score = -candidate.weight / Math.log(draw);
    if (score > highest) {
      highest = score;
      best = candidate;
    }
  }
  return best;
}

/** FNV-1a. Who chooses addresses so that they meet chooses where their own traffic goes, and nothing else. */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** The finalizer of MurmurHash3: each bit of what goes in moves half of what comes out. */
function mix(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
