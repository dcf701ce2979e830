import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { ensureDirectory } from './home.ts';
import { compileCacheDirectory } from './trusted-directory.mjs';

it('keeps compiled sources where nobody else can put any, whatever the umask is', (t) => {
  const home = temporaryDirectory(t);
  chmodSync(home, 0o755);
  const before = { umask: process.umask(0), home: process.env.ZERONAUT_HOME };
  t.after(() => {
    process.umask(before.umask);
    if (before.home === undefined) delete process.env.ZERONAUT_HOME;
    else process.env.ZERONAUT_HOME = before.home;
  });
  process.env.ZERONAUT_HOME = home;
  const cache = compileCacheDirectory();
  assert.equal(cache, join(home, 'cache'));
  assert.equal(statSync(cache).mode & 0o777, 0o700);

  chmodSync(cache, 0o777);
  assert.equal(compileCacheDirectory(), null, 'what others could have put there is not run');
});

it('refuses a directory of somebody else', { skip: process.getuid?.() !== 0 && 'only root can make one' }, (t) => {
  const directory = join(temporaryDirectory(t), 'foreign');
  mkdirSync(directory, { mode: 0o755 });
  chownSync(directory, 65_534, 65_534);
  assert.throws(() => ensureDirectory(directory), { reason: 'cli.file_owner' });
});
