import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { RecentChunks } from './recent-chunks.ts';

test('the newest lines are there and in order, whatever was pushed, dropped and written over', (t) => {
  const random = seededRandom(undefined, t);
  for (const [maxEvents, maxBytes] of [
    [50, 1_000_000],
    [5_000, 600_000],
    [100_000, 3_000_000],
  ] as const) {
    const recent = new RecentChunks(maxEvents, maxBytes);
    let lastSeq = 0;
    let oldest = 1;
    const longest = random.pick([20, 400, 2_000]);
    const lineOf = (seq: number) => `${seq}é${'x'.repeat((seq * 7) % longest)}`;
    for (let round = 0; round < 300; round++) {
      const firstSeq = lastSeq + 1;
      lastSeq += 1 + random.integer(random.pick([3, 40, 200]));
      let text = '';
      for (let seq = firstSeq; seq <= lastSeq; seq++) text += `${lineOf(seq)}\n`;
      recent.push(firstSeq, lastSeq, Buffer.from(text));
      if (random.integer(5) === 0) {
        oldest = oldest + random.integer(lastSeq - oldest + 2);
        recent.dropBelow(oldest);
      }
      const { first } = recent;
      if (first === null) continue;
      assert(lastSeq - first < maxEvents);
      let next = first + random.integer(lastSeq - first + 1);
      recent.read(next, (line, seq) => {
        assert.equal(seq, next++);
        assert.equal(line, lineOf(seq));
        return true;
      });
      assert.equal(next, lastSeq + 1);
    }
  }
});
