import { renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { printOf, watchFiles } from './watch.ts';

const log = { info: () => {}, warn: () => {}, error: () => {} };

function watched(t: TestContext, file: string, before?: ReadonlyMap<string, string>) {
  const seen = { changes: 0 };
  const watcher = watchFiles([file], () => seen.changes++, log, before);
  t.after(() => watcher.stop());
  return seen;
}

test('what changed between the reading of a file and its watch is noticed, once', async (t) => {
  const file = join(temporaryDirectory('watch'), 'gateway.yaml');
  writeFileSync(file, 'one');
  const before = new Map([[file, printOf(statSync(file))]]);
  const same = watched(t, file, before);
  writeFileSync(`${file}.new`, 'two');
  renameSync(`${file}.new`, file);
  const late = watched(t, file, before);
  await waitFor(() => late.changes === 1 && same.changes === 1, { what: 'both watches notice it' });
  writeFileSync(file, 'three and more');
  await waitFor(() => late.changes === 2 && same.changes === 2, { what: 'both watches notice the next' });
});

test('what changes right after the watch began is noticed, also from nothing to something', async (t) => {
  const file = join(temporaryDirectory('watch'), 'gateway.yaml');
  const seen = watched(t, file);
  writeFileSync(file, 'one');
  await waitFor(() => seen.changes === 1, { what: 'the new file' });
});
