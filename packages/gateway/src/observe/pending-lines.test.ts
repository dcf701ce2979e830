import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PendingLines } from './pending-lines.ts';

test('lines of any characters and any number are their bytes, in order', () => {
  const pending = new PendingLines();
  for (let round = 0; round < 3; round++) {
    const lines = Array.from({ length: 3_000 }, (_, i) => `${round} ${i} ${'aé€😀'.repeat(i % 50)}`);
    for (const line of lines) pending.append(line);
    assert.equal(pending.count, lines.length);
    assert.equal(pending.peek().toString(), `${lines.join('\n')}\n`);
    assert.equal(pending.sizeBytes, pending.peek().length);
    pending.clear();
    assert.equal(pending.count, 0);
    assert.equal(pending.peek().length, 0);
  }
});
