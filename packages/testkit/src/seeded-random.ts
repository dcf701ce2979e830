import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';

export interface SeededRandom {
  readonly seed: number;
  /** 0 (inclusive) to 1 (exclusive). */
  next(): number;
  /** 0 (inclusive) to `below` (exclusive). */
  integer(below: number): number;
  bytes(length: number): Buffer;
  pick<T>(values: readonly T[]): T;
  /** A new array in another order. */
  shuffle<T>(values: readonly T[]): T[];
}

/**
 * Repeatable randomness (mulberry32). Without a seed: `ZERONAUT_SEED`, or a new one. With a test, the seed is printed
 * when that test fails.
 */
export function seededRandom(seed?: number, test?: TestContext): SeededRandom {
  const fromEnvironment = process.env.ZERONAUT_SEED;
  const start = (seed ?? (fromEnvironment === undefined ? randomInt(2 ** 31) : Number(fromEnvironment))) >>> 0;
  let state = start;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  test?.after(() => {
    if (!test.passed) console.error(`${test.name}: repeat with ZERONAUT_SEED=${start}`);
  });
  const integer = (below: number) => Math.floor(next() * below);
  return {
    seed: start,
    next,
    integer,
    bytes(length) {
      const bytes = Buffer.allocUnsafe(length);
      for (let i = 0; i < length; i++) bytes[i] = integer(256);
      return bytes;
    },
    pick: (values) => values[integer(values.length)]!,
    shuffle(values) {
      const result = [...values];
      for (let i = result.length - 1; i > 0; i--) {
        const j = integer(i + 1);
        [result[i], result[j]] = [result[j]!, result[i]!];
      }
      return result;
    },
  };
}
