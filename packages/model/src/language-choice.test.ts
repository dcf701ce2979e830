import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenLanguage, type Language, preferredLanguage } from './language-choice.ts';

test('a browser gets the language that it likes best of ours, else English', () => {
  const cases: [string | null | undefined, Language][] = [
    [undefined, 'en'],
    [null, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['DE', 'de'],
    ['de-CH', 'de'],
    ['de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7', 'de'],
    ['en-US,en;q=0.9,de;q=0.8', 'en'],
    ['en;q=0.8, de ; q=0.9', 'de'],
    // Of two that are as good, the first.
    ['de,en', 'de'],
    ['en,de', 'en'],
    // A language that we do not have leads to the next one.
    ['fr-FR,fr;q=0.9,de;q=0.5,en;q=0.4', 'de'],
    ['fr', 'en'],
    ['*', 'en'],
    ['fr, *;q=0.5', 'en'],
    // What is refused.
    ['de;q=0', 'en'],
    ['de;q=0.000, en;q=0.1', 'en'],
    ['en;q=0, *', 'de'],
    ['en;q=0', 'en'],
    ['en-GB;q=0, *', 'en'],
    // What only begins so is another language.
    ['den', 'en'],
    ['deu-DE', 'en'],
    ['de_DE', 'en'],
    // Malformed weights count for nothing, and nothing of it is executed or thrown.
    ['de;q=2', 'en'],
    ['de;q=0.9999', 'en'],
    ['de;q=', 'en'],
    ['de;q=NaN', 'en'],
    ['de;q=-1', 'en'],
    ['de;level=1', 'en'],
    [',,;;q=1,', 'en'],
    ['__proto__,constructor', 'en'],
    ['\u0000de', 'en'],
  ];
  for (const [header, wanted] of cases) assert.equal(preferredLanguage(header), wanted, String(header));
  // What is remembered is the same, also once more was seen than is kept.
  for (let i = 0; i < 1_000; i++) assert.equal(preferredLanguage(`x${i},de;q=0.${i % 1_000}`), i === 0 ? 'en' : 'de');
  for (const [header, wanted] of cases) assert.equal(preferredLanguage(header), wanted, String(header));
});

test('a header that never ends costs no more than its beginning', () => {
  assert.equal(preferredLanguage(`${'x,'.repeat(300)}de`), 'en');
  assert.equal(preferredLanguage(`de,${'x,'.repeat(1_000_000)}`), 'de');
  const long = 'fr;q=0.1,'.repeat(8_000);
  const startedAt = performance.now();
  for (let i = 0; i < 1_000; i++) preferredLanguage(long);
  assert.ok(performance.now() - startedAt < 1_000);
});

test('the choice of a browser is one of ours or none', () => {
  const cases: [string, Language | null][] = [
    ['', null],
    ['a=b', null],
    ['__Host-zn_language=de', 'de'],
    ['a=b; __Host-zn_language=en; c=d', 'en'],
    ['zn_language=de', 'de'],
    // The one that nobody but the console itself can have set.
    ['zn_language=de; __Host-zn_language=en', 'en'],
    ['__Host-zn_language=xx; __Host-zn_language=de', 'de'],
    ['zn_language=<script>', null],
    ['zn_language', null],
    ['zn_language=', null],
    ['xzn_language=de', null],
    ['zn_languages=de', null],
    ['zn_language=toString', null],
  ];
  for (const [cookies, wanted] of cases) assert.equal(chosenLanguage(cookies), wanted, cookies);
});
