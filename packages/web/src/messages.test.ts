import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { format, LANGUAGES, type Message, type Messages } from './base/messages.ts';

const CATALOGUES = globSync('**/messages.en.ts', { cwd: import.meta.dirname }).sort();

async function load(file: string): Promise<Messages> {
  return ((await import(`${import.meta.dirname}/${file}`)) as { messages: Messages }).messages;
}

function holes(message: Message): string[] {
  const texts = typeof message === 'string' ? [message] : [message.one, message.other];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)))].sort();
}

test('each text exists in each language, with the same holes', async () => {
  assert.ok(CATALOGUES.length >= 5);
  for (const file of CATALOGUES) {
    const english = await load(file);
    for (const language of LANGUAGES) {
      const translated = await load(file.replace('.en.', `.${language}.`));
      assert.deepEqual(Object.keys(translated), Object.keys(english), `${file} in ${language}`);
      for (const [key, message] of Object.entries(translated)) {
        const texts = typeof message === 'string' ? [message] : [message.one, message.other];
        assert.ok(
          texts.every((text) => text.trim() !== ''),
          `${file}: ${key} in ${language}`,
        );
        assert.deepEqual(holes(message), holes(english[key]!), `${file}: ${key} in ${language}`);
      }
    }
  }
});

test('German has one spelling, and one word for a thing', () => {
  // Of all packages: people meet the same words on the gateway's pages and in mails.
  const packages = `${import.meta.dirname}/../..`;
  const files = globSync('*/src/**/*.de.ts', { cwd: packages });
  assert.ok(files.some((file) => file.startsWith('gateway/')) && files.some((file) => file.startsWith('console/')));
  for (const file of files) {
    const source = readFileSync(`${packages}/${file}`, 'utf8');
    assert.doesNotMatch(source, /ß|[Aa]ntrag|[Aa]nträg|genehmig|Richtlinie|Zugangstoken/, file);
  }
});

test('each key that a room asks for literally is in its catalogue', async () => {
  for (const file of CATALOGUES) {
    const directory = `${import.meta.dirname}/${file.replace(/[^/]+$/, '')}`;
    const known = await load(file);
    const source = globSync('*.tsx', { cwd: directory }).map((name) => readFileSync(`${directory}${name}`, 'utf8'));
    // A room may keep its keys in a table, such as navigation.ts, or ask for them there.
    const tables = globSync('*.ts', { cwd: directory }).filter((name) => !name.startsWith('messages.'));
    const elsewhere = tables.map((name) => readFileSync(`${directory}${name}`, 'utf8')).join('\n');
    const dynamic = [...[...source, elsewhere].join('\n').matchAll(/\bt\(`([^$`]*)\$\{/g)].map(([, start]) => start!);
    const used = new Set([...source.join('\n').matchAll(/'([\w.]+)'/g)].map(([, key]) => key));
    const unused = Object.keys(known).filter(
      (key) => !used.has(key) && !dynamic.some((start) => key.startsWith(start)),
    );
    assert.deepEqual(
      unused.filter((key) => !elsewhere.includes(`'${key}'`)),
      [],
      `${file}: texts that nothing shows`,
    );
  }
});

test('no text stands in a page beside the catalogue', () => {
  for (const file of globSync('**/*.tsx', { cwd: import.meta.dirname })) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, 'utf8').replace(/\{?\/\*[\s\S]*?\*\/\}?/g, '');
    const texts = [
      ...source.matchAll(/<(?:[A-Z]\w*|[a-z][\w.]*)(?:\s[^<>]*)?>([^<>{}()=;]*[A-Za-z]{2}[^<>{}()=;]*)<\//g),
    ]
      .map(([, text]) => text!.trim())
      .filter((text) => text !== 'Zeronaut' && text !== 'Ctrl K');
    assert.deepEqual(texts, [], file);
    const named = [...source.matchAll(/\s(?:aria-label|title|label|placeholder|alt)="([^"]+)"/g)].map(
      ([, text]) => text,
    );
    assert.deepEqual(named, [], file);
  }
});

test('numbers and plurals follow the language', () => {
  const rows = { one: '{count} row', other: '{count} rows' };
  assert.equal(format(rows, { count: 1 }, 'en'), '1 row');
  assert.equal(format(rows, { count: 12345 }, 'en'), '12,345 rows');
  assert.equal(format(rows, { count: 12345 }, 'de'), '12.345 rows');
  assert.equal(format('{a} {b} {toString}', { a: '<b>{b}</b>', b: 'x' }, 'en'), '<b>{b}</b> x {toString}');
});
