import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { lockHolder, takeLock, withFileLock } from './file-lock.ts';

it('lets one in after the other', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = withFileLock(path, 5_000, async () => {
    order.push('first in');
    await gate.promise;
    order.push('first out');
  });
  const second = withFileLock(path, 5_000, async () => {
    order.push('second');
  });
  assert.equal(lockHolder(path), process.pid);
  gate.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(order, ['first in', 'first out', 'second']);
  assert.equal(existsSync(path), false);
});

it('gives up in time, and releases after a failure', async (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  await withFileLock(path, 1_000, async () => {
    await assert.rejects(
      withFileLock(path, 30, async () => undefined),
      { reason: 'cli.locked' },
    );
  });
  await assert.rejects(
    withFileLock(path, 30, async () => {
      throw new Error('broken');
    }),
    /broken/,
  );
  assert.equal(existsSync(path), false);
});

it('takes over from a process that is gone', (t) => {
  const path = join(temporaryDirectory(t), 'lock');
  const { pid } = spawnSync('true');
  writeFileSync(path, String(pid));
  assert.equal(takeLock(path), false, 'the first attempt clears it away');
  assert.equal(takeLock(path), true);
});
