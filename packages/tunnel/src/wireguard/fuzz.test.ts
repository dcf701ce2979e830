import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { FUZZ_TARGETS, fuzzRound } from './fuzz.suite.ts';
import { KEPT_SEEDS } from './testdata/fuzz-seeds.ts';

for (const target of FUZZ_TARGETS) {
  test(`fuzz: ${target}, kept seeds and some new ones`, async (t) => {
    const random = seededRandom(undefined, t);
    for (const seed of KEPT_SEEDS[target]) await fuzzRound(target, seed);
    for (let round = 0; round < 20; round++) await fuzzRound(target, random.integer(2 ** 31));
  });
}
