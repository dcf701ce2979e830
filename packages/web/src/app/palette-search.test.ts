import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { messages as uiDe } from '../ui/messages.de.ts';
import { messages as uiEn } from '../ui/messages.en.ts';
import { messages as de } from './messages.de.ts';
import { messages as en } from './messages.en.ts';
import { finds, requestIdIn, restOf, wordsOf } from './palette-search.ts';
import { COMMAND_WORDS, PAGE_WORDS } from './palette-words.ts';

/** In names of pages, and of no use to find one. */
const STOP_WORDS = new Set(['what', 'happen', 'would', 'fragen', 'geschähe', 'verify']);

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

it('knows the id of a request, as a page that refuses shows it', () => {
  const id = 'req_06FK2M5V8R1ZQ3T7W9XB';
  for (const text of [id, ` ${id} `, `Request ${id}`, `Request: ${id}.`]) assert.equal(requestIdIn(text), id, text);
  for (const text of ['req', 'req_', 'req_abc', `x${id}`, `${id}_`, 'requests', 'usr_06FK2M5V8R1ZQ3T7W9XB']) {
    assert.equal(requestIdIn(text), null, text);
  }
});

it('finds each page by its name in the other language', () => {
  const missing: string[] = [];
  let pages = 0;
  for (const [file, texts] of [
    ['navigation.ts', [en, de]],
    ['../ui/sub-navigation.tsx', [uiEn, uiDe]],
  ] as const) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
    // Addresses with a question begin an action, of which there is a page.
    for (const [, path, label] of source.matchAll(/to: '([^'?]+)', label: '([^']+)'/g)) {
      pages++;
      const names = texts.map((one) => String((one as Readonly<Record<string, unknown>>)[label!]));
      for (const [own, other] of [names, names.toReversed()] as [string, string][]) {
        for (const word of wordsOf(other)) {
          const isMeant = word.length > 3 && !STOP_WORDS.has(word);
          if (isMeant && !finds(`${own} ${PAGE_WORDS[path!] ?? ''}`, [word])) missing.push(`${path}: ${word}`);
        }
      }
    }
  }
  assert.ok(pages > 40, String(pages));
  assert.deepEqual(missing, []);
  for (const word of ['backup', 'sicherung']) assert.ok(finds(PAGE_WORDS['/settings/backup']!, [word]), word);
  for (const word of ['certificate', 'zertifikat']) assert.ok(finds(PAGE_WORDS['/gateways']!, [word]), word);
});
