import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Branding } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import { html } from './html.ts';
import type { Reader } from './reader.ts';
import { pageResponse } from './responses.ts';
import { texts } from './texts.en.ts';

const READER: Reader = { t: texts, choice: null };

/** A page under a snapshot with this branding; of a flow the frame looks at nothing else. */
function pageWith(branding: Branding | undefined): string {
  const flow = { tables: { snapshot: { branding } } } as Pick<Flow, 'tables'>;
  const page = { title: 'Sign in', content: html`<main><button>Sign in</button></main>` };
  return String(pageResponse(flow, READER, 200, page).body);
}

test('pages carry name, colour and words of the organization, and are ours where nobody said anything', () => {
  const own = pageWith(undefined);
  assert.match(own, /<title>Sign in · Zeronaut<\/title>/);
  assert.doesNotMatch(own, /class="words"/);
  const branded = pageWith({ name: 'Acme', colour: '#ffd400', text: 'Ask the help desk.\nCall 42.' });
  assert.match(branded, /<title>Sign in · Acme<\/title>/);
  assert.match(branded, /<span>Acme<\/span>/);
  assert.match(branded, /<p class="words">Ask the help desk\.\nCall 42\.<\/p>/);
  assert.match(branded, /background:#ffd400;color:#000;/, 'black is readable on yellow');
  assert.match(pageWith({ name: 'Acme', colour: '#102060', text: '' }), /background:#102060;color:#fff;/);
});

test('nothing of a branding becomes markup or style', () => {
  const text = pageWith({
    name: '</title><script>alert(1)</script>',
    colour: '#000000}body{background:url(//evil.example)',
    text: '<img src=x onerror=alert(1)>"\'`',
  });
  assert.doesNotMatch(text, /<script>|<img|evil\.example/);
  assert.equal(text.match(/<style/g)?.length, 1);
});
