import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { shellWord } from './shell-word.ts';

test('a shell reads it as it is', () => {
  for (const text of ['/srv/zeronaut', '/my files/it\'s "one"', '$HOME', '`id`', '~', 'a;b&c|d', '*', '', 'ü\\n']) {
    assert.equal(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' }), text);
  }
});
