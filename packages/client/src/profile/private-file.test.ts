import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { z } from 'zod';
import { ensureDirectory } from './home.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';

const schema = z.object({ secret: z.string() });

it('writes files that only their owner reads, in directories that only their owner enters', (t) => {
  const directory = join(temporaryDirectory(t), 'a', 'b');
  const path = join(directory, 'file.json');
  writePrivateFile(path, { secret: 's' });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  assert.deepEqual(readPrivateFile(path, schema), { secret: 's' });
  writePrivateFile(path, { secret: 't' });
  assert.deepEqual(readPrivateFile(path, schema), { secret: 't' });
  assert.deepEqual(readdirSync(directory), ['file.json'], 'nothing temporary is left');
});

it('gives nothing for a file that is not there', (t) => {
  assert.equal(readPrivateFile(join(temporaryDirectory(t), 'none.json'), schema), null);
});

it('refuses what others may read or write', (t) => {
  const path = join(temporaryDirectory(t), 'file.json');
  writePrivateFile(path, { secret: 's' });
  for (const mode of [0o640, 0o660, 0o604, 0o602, 0o777]) {
    chmodSync(path, mode);
    assert.throws(() => readPrivateFile(path, schema), { reason: 'cli.file_mode' }, mode.toString(8));
  }
});

it('refuses links, directories and what is not as expected', (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'file.json');
  writePrivateFile(path, { secret: 's' });
  symlinkSync(path, join(directory, 'link.json'));
  assert.throws(() => readPrivateFile(join(directory, 'link.json'), schema), { reason: 'cli.file' });
  mkdirSync(join(directory, 'directory'), { mode: 0o700 });
  assert.throws(() => readPrivateFile(join(directory, 'directory'), schema), { reason: 'cli.file_damaged' });
  for (const text of ['', '{', '[]', '{"secret":1}']) {
    writeFileSync(path, text, { mode: 0o600 });
    assert.throws(() => readPrivateFile(path, schema), { reason: 'cli.file_damaged' }, text);
  }
});

it('refuses a directory that others can write to', (t) => {
  const directory = join(temporaryDirectory(t), 'open');
  mkdirSync(directory);
  chmodSync(directory, 0o770);
  assert.throws(() => ensureDirectory(directory), { reason: 'cli.file_mode' });
});
