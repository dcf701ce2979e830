import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DenialLog } from './denial-log.ts';

test('one refusal per source in ten seconds is due', () => {
  const log = new DenialLog();
  assert.deepEqual(
    [0, 1, 9_999, 10_000, 10_001].map((at) => log.isDue('192.0.2.1', at)),
    [true, false, false, true, false],
  );
  assert.equal(log.isDue('192.0.2.2', 1), true);
});

test('a flood from countless sources is one source', () => {
  const log = new DenialLog();
  let due = 0;
  for (let i = 0; i < 50_000; i++) if (log.isDue(`source ${i}`, 1_000)) due++;
  assert.equal(due, 4_097);
  // Once the flood is over, every source is told apart again.
  assert.equal(log.isDue('source 1', 12_000), true);
  assert.equal(log.isDue('new', 12_000), true);
});
