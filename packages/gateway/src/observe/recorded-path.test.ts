import assert from 'node:assert/strict';
import { it } from 'node:test';
import { recordedPath } from './recorded-path.ts';

it('keeps paths up to the bound, and never the token of a share link', () => {
  const long = `/${'a'.repeat(2000)}`;
  const cases: [string, string][] = [
    ['/', '/'],
    ['/a/b/c', '/a/b/c'],
    [long, long.slice(0, 1024)],
    ['/.zeronaut/jwks.json', '/.zeronaut/jwks.json'],
    ['/.zeronaut/share/eyJ.secret.sig', '/.zeronaut/share/...'],
    ['/.zeronaut/share/', '/.zeronaut/share/...'],
    ['/.zeronaut/share/eyJ/more', '/.zeronaut/share/...'],
  ];
  for (const [path, kept] of cases) assert.equal(recordedPath(path), kept);
  assert.ok(recordedPath(`/.zeronaut${long}/secret`).length <= 1024);
  assert.ok(!recordedPath(`/.zeronaut${long}/secret`).includes('secret'));
});
