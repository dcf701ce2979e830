import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { parseJsonPieces, stringifyPieces } from './json-pieces.ts';
import { atOnce } from './turns.ts';

type Random = ReturnType<typeof seededRandom>;

function parsed(parse: () => unknown): { value: unknown } | 'refused' {
  try {
    return { value: parse() };
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    return 'refused';
  }
}

const each = (list: string, element: unknown, index: number): unknown => [list, element, index];

/** `each` at every place where it is to be. */
function changed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      Array.isArray(member) ? member.map((element, index) => each(name, element, index)) : member,
    ]),
  );
}

function same(anyText: string, piece: number, about: string): boolean {
  // Half a pair of surrogates has no UTF-8.
  const text = Buffer.from(anyText).toString();
  const expected = parsed(() => JSON.parse(text));
  const seen = parsed(() => atOnce(parseJsonPieces(Buffer.from(text), { piece })));
  assert.deepEqual(seen, expected, `${about}, pieces of ${piece}: ${text}`);
  assert.deepEqual(
    parsed(() => atOnce(parseJsonPieces(Buffer.from(text), { piece, each }))),
    parsed(() => changed(JSON.parse(text))),
    text,
  );
  return expected !== 'refused';
}

test('elements of lists come with their place in the text, and known ones are not parsed', (t) => {
  const random = seededRandom(undefined, t);
  let compared = 0;
  for (let round = 0; round < 1_000; round++) {
    const value = { a: Array.from({ length: random.integer(20) }, () => randomValue(random, 3)), b: [1, 'x'], c: 'y' };
    const text = Buffer.from(spell(JSON.stringify(value), random));
    const expected = parsed(() => JSON.parse(text.toString()) as typeof value);
    // Spelled in a way that is no JSON.
    if (expected === 'refused') continue;
    compared++;
    const known = (list: string, { from }: { from: number }) => list === 'a' && from % 3 === 0;
    const seen = atOnce(
      parseJsonPieces(text, {
        piece: random.integer(40),
        known,
        each(list, element, _, range) {
          assert.ok(!known(list, range));
          assert.deepEqual(element, JSON.parse(text.toString('utf8', range.from, range.to)));
          return element;
        },
      }),
    ) as typeof value;
    const { a: all, ...others } = expected.value as typeof value;
    const a = all.map((element, index) => (seen.a[index] === null ? null : element));
    assert.deepEqual(seen, { ...others, a }, `seed ${random.seed}`);
  }
  assert.ok(compared > 100);
});

const STRINGS = [
  '',
  'a',
  '"',
  '\\',
  '\\"',
  '\n',
  '\u0000',
  'é',
  '😀',
  '\ud800',
  '[',
  '}',
  ',',
  ':',
  '__proto__',
  'x'.repeat(50),
];

// No name begins with an escape: V8 14.6 reads one as a lone backslash once it has seen a lone backslash as the name at that
// place of another object, so what `JSON.parse` says of it depends on what it parsed before.
const NAMES = ['', 'a', 'é', '😀', '[', '}', ',', ':', '__proto__', 'x"\\\n', 'x'.repeat(50)];

function randomValue(random: Random, depth: number): unknown {
  const kind = random.integer(depth > 4 ? 5 : 7);
  if (kind === 0) return null;
  if (kind === 1) return random.next() < 0.5;
  if (kind === 2) return (random.next() - 0.5) * 10 ** random.integer(20);
  if (kind < 5) return Array.from({ length: random.integer(5) }, () => random.pick(STRINGS)).join('');
  const length = random.integer(8);
  if (kind === 5) return Array.from({ length }, () => randomValue(random, depth + 1));
  return Object.fromEntries(Array.from({ length }, () => [random.pick(NAMES), randomValue(random, depth + 1)]));
}

/** The same value, with other white space and other spellings of characters. */
function spell(text: string, random: Random): string {
  return text
    .replace(/[[\]{},]/g, (sign) => (random.next() < 0.1 ? `${random.pick([' ', '\n', '\t\r'])}${sign} ` : sign))
    .replace(/(?<!")a/g, () => (random.next() < 0.3 ? '\\u0061' : 'a'));
}

test('the same values as JSON.parse, whatever is short', (t) => {
  const random = seededRandom(undefined, t);
  let accepted = 0;
  for (let round = 0; round < 5_000; round++) {
    const text = spell(JSON.stringify(randomValue(random, 0)), random);
    if (same(text, random.integer(40), `seed ${random.seed}`)) accepted++;
  }
  assert.ok(accepted > 1_000);
});

test('the same texts are refused as by JSON.parse', (t) => {
  const random = seededRandom(undefined, t);
  const signs = [
    '"',
    '\\',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    ' ',
    '0',
    'e',
    '-',
    '\u00a0',
    '\ufeff',
    '\n',
    'true',
    '\\u12',
  ];
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    let text = JSON.stringify(randomValue(random, 0));
    for (let change = random.integer(3); change >= 0; change--) {
      const at = random.integer(text.length + 1);
      text = text.slice(0, at) + (random.next() < 0.6 ? random.pick(signs) : '') + text.slice(at + random.integer(3));
    }
    if (!same(text, random.integer(30), `seed ${random.seed}`)) refused++;
  }
  assert.ok(refused > 5_000);
});

const texts: readonly string[] = [
  '',
  ' ',
  '[]',
  ' [ ] ',
  '{ }',
  '[1,,2]',
  '[,]',
  '[1,]',
  '{"a":1,}',
  '{,}',
  '{"a"}',
  '{"a":}',
  '["aaaaaaaaaa",,"bbbbbbbbbb"]',
  '["aaaaaaaaaa",]',
  '[[[[[[[[[[[[[[1]]]]]]]]]]]]]]',
  '[1}',
  '{"a":[1}',
  '[1]]',
  '"aaaaaaaaaaaa',
  '"aaaa\\u006',
  '"aaa\\u00610aaa\\u0061"',
  '{"__proto__":{"a":1},"a":2,"a":3}',
  '"a\u0001"',
  '[1 2]',
  '"a" "b"',
];
for (const text of texts) {
  test(`as JSON.parse: ${JSON.stringify(text)}`, () => {
    for (let piece = 0; piece < 12; piece++) same(text, piece, 'table');
  });
}

test('a depth that nobody means costs no more than JSON.parse', () => {
  const depth = 200_000;
  const value = atOnce(parseJsonPieces(Buffer.from('['.repeat(depth) + ']'.repeat(depth))));
  assert.ok(Array.isArray(value));
});

test('a string in pieces is what JSON.stringify makes of it to a reader', (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 1_000; round++) {
    const value = Array.from({ length: random.integer(30) }, () => random.pick(STRINGS)).join('');
    const bytes = Buffer.from(value);
    // Half a pair of surrogates has no UTF-8.
    // Each piece is good until the next one.
    const text = Array.from(stringifyPieces(bytes, 1 + random.integer(9)), (piece) => piece.toString('latin1'));
    assert.equal(JSON.parse(Buffer.from(text.join(''), 'latin1').toString()), bytes.toString());
  }
});

test('a long string that is wanted as bytes is what JSON.parse makes of it, as UTF-8', (t) => {
  const random = seededRandom(undefined, t);
  const signs = [
    ...STRINGS.map((text) => JSON.stringify(text).slice(1, -1)),
    '\\/',
    '\\b\\f\\n\\r\\t',
    '\\uD83D\\ude00',
  ];
  const bad = ['\\', '\\x', '\\u12', '\\u12g4', '\\u', '\u0001', '"', '\\ud83d\\u'];
  let refused = 0;
  for (let round = 0; round < 10_000; round++) {
    const inside = Array.from({ length: 1 + random.integer(12) }, () =>
      random.next() < 0.03 ? random.pick(bad) : random.pick(signs),
    ).join('');
    const text = `{"snapshot":{"payload": "x${inside}" , "other":"y${inside}"}}`;
    const expected = parsed(() => {
      const { snapshot } = JSON.parse(text);
      return { snapshot: { ...snapshot, payload: Buffer.from(snapshot.payload) } };
    });
    const seen = parsed(() =>
      atOnce(
        parseJsonPieces(Buffer.from(text), {
          piece: random.integer(3),
          bytes: { name: 'payload', room: random.integer(9) },
        }),
      ),
    );
    assert.deepEqual(seen, expected, `seed ${random.seed}: ${text}`);
    if (seen === 'refused') refused++;
  }
  assert.ok(refused > 500 && refused < 5_000, `${refused}`);
});

test('pieces are short', () => {
  const payload = JSON.stringify({ users: Array(5_000).fill({ name: 'é"\\'.repeat(20) }) });
  const text = Buffer.from(JSON.stringify({ payload }));
  let pieces = 0;
  for (const work = parseJsonPieces(text, { bytes: { name: 'payload', room: 0 } }); ; pieces++)
    if (work.next().done === true) break;
  assert.ok(pieces > (2 * text.length) / 65_536, `${pieces}`);
});
