import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { openBreachedPasswords } from './breached-passwords.ts';

const sha1 = (password: string) => createHash('sha1').update(password).digest('hex').toUpperCase();

async function withFile(t: TestContext, text: string) {
  const path = join(temporaryDirectory(t), 'hashes.txt');
  writeFileSync(path, text);
  const list = await openBreachedPasswords(path);
  t.after(() => list.close());
  return list;
}

for (const [name, end] of [
  ['as it is given away', '\r\n'],
  ['with the line ends of this system', '\n'],
] as const) {
  test(`each password of the operator's list is found, and no other: ${name}`, async (t) => {
    for (const size of [1, 2, 3, 500]) {
      const known = Array.from({ length: size }, (_, index) => `violin harbour ${index} plum`);
      const lines = known.map((password, index) => `${sha1(password)}:${10 ** (index % 8)}`).sort();
      const list = await withFile(t, lines.join(end) + (size === 3 ? '' : end));
      for (const password of known) assert.equal(await list.has(password), true, password);
      for (let index = 0; index < 200; index++) assert.equal(await list.has(`plum harbour ${index} violin`), false);
      // It is the very password that became known.
      assert.equal(await list.has(known[0]!.toUpperCase()), false);
    }
  });
}

test('the list that comes along knows passwords in any case, and with what people append', async (t) => {
  const list = await openBreachedPasswords(null);
  t.after(() => list.close());
  for (const password of ['1qaz2wsx3edc', 'ADMINISTRATOR', 'unbelievable!!', 'finalfantasy2026']) {
    assert.equal(await list.has(password), true, password);
  }
  for (const password of ['plum violin harbour seven', 'жили-были старик', '!!!!!!!!!!!!']) {
    assert.equal(await list.has(password), false, password);
  }
});

test('a file that is no such list is refused when it is opened', async (t) => {
  for (const text of ['', 'password\n', '\n', `${'g'.repeat(40)}:1\n`, `${sha1('x')} 1\n`]) {
    await assert.rejects(withFile(t, text), /its first line is no SHA-1/);
  }
  // As it is given away, too, with the most used password first: nothing would be found in it.
  const byUse = Array.from({ length: 300 }, (_, index) => `${sha1(`violin ${index}`)}:${300 - index}`);
  await assert.rejects(withFile(t, byUse.join('\r\n')), /not sorted by hash/);
  await assert.rejects(withFile(t, `${[...byUse].sort().slice(0, 9).join('\n')}\nmore\n`), /is no SHA-1/);
  await assert.rejects(openBreachedPasswords(join(temporaryDirectory(t), 'absent')), { code: 'ENOENT' });
});
