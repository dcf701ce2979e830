import assert from 'node:assert/strict';
import { it } from 'node:test';
import { finds, restOf, wordsOf } from './palette-search.ts';
import { COMMAND_WORDS, PAGE_WORDS } from './palette-words.ts';

it('finds other forms of a word, in any order and case', () => {
  for (const [q, text, is] of [
    ['policy', 'Policies', true],
    ['Policies', 'Write a policy', true],
    ['gateway enrol', 'Enrol a gateway', true],
    ['approving', `Access requests ${PAGE_WORDS['/access-requests']}`, true],
    ['genehmigen', `Zugriffsanfragen ${PAGE_WORDS['/access-requests']}`, true],
    ['regeln', `Policies ${PAGE_WORDS['/policies']}`, true],
    ['policy gateway', 'Policies', false],
    ['zebra', 'Policies', false],
    ['', 'Policies', true],
  ] as const) {
    assert.equal(finds(text, wordsOf(q)), is, `${q} in ${text}`);
  }
});

it('takes the name of a thing out of what is to be done with it', () => {
  assert.deepEqual(restOf(wordsOf('drain eu-1'), COMMAND_WORDS.drain), ['eu', '1']);
  assert.deepEqual(restOf(wordsOf('stop'), COMMAND_WORDS.stop), []);
  assert.deepEqual(restOf(wordsOf('stoppe wiki'), COMMAND_WORDS.stop), ['wiki']);
  assert.equal(restOf(wordsOf('wiki'), COMMAND_WORDS.stop), null);
});
