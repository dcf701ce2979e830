import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalJson } from './canonical-json.ts';

/** The same, as plain as it can be said. */
function twin(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => twin(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${twin(item)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

test('keys are in the order of their code units, whatever they are', () => {
  assert.equal(
    canonicalJson({ b: 1, a: { d: [1, { z: null, y: 'x' }], c: true } }),
    '{"a":{"c":true,"d":[1,{"y":"x","z":null}]},"b":1}',
  );
  // Of an object with numbers for keys, JavaScript lists 2 before 10, and both before a.
  assert.equal(canonicalJson({ a: 1, 2: 'two', 10: 'ten', '-1': 0 }), '{"-1":0,"10":"ten","2":"two","a":1}');
  assert.equal(
    canonicalJson(JSON.parse('{"b":{"__proto__":{"x":1}},"a":[{"__proto__":null}]}')),
    '{"a":[{"__proto__":null}],"b":{"__proto__":{"x":1}}}',
  );
  assert.equal(canonicalJson(JSON.parse('{"toJSON":"x","constructor":1}')), '{"constructor":1,"toJSON":"x"}');
  assert.equal(
    canonicalJson({ ä: 1, z: 2, '\u{1f600}': 3, '\uffff': 4, '': 5 }),
    '{"":5,"z":2,"ä":1,"\u{1f600}":3,"\uffff":4}',
  );
});

test('what JSON does not have is null in lists, and not there in objects', () => {
  assert.equal(canonicalJson(undefined), 'null');
  assert.equal(canonicalJson([undefined, null, Number.NaN]), '[null,null,null]');
  assert.equal(canonicalJson({ a: undefined, b: [undefined] }), '{"b":[null]}');
  assert.equal(canonicalJson({ 1: undefined, b: [undefined] }), '{"b":[null]}');
});

test('it is what its plain twin makes of random values', () => {
  let seed = 4711;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const keys = ['a', 'B', 'b', '10', '9', '01', '__proto__', 'toString', 'ä', '\ud800', '"', '', ' ', '1e3', '-0'];
  const leaves = [null, undefined, true, 0, -0, 1e21, 'text', '\u2028"\\\n', '\udfff', '', [], {}];
  const make = (depth: number): unknown => {
    const kind = depth === 0 ? 0 : random(3);
    if (kind === 0) return leaves[random(leaves.length)];
    const count = random(6);
    if (kind === 1) return Array.from({ length: count }, () => make(depth - 1));
    const pairs = Array.from({ length: count }, () => [keys[random(keys.length)]!, make(depth - 1)] as const);
    return Object.fromEntries(pairs);
  };
  for (let round = 0; round < 20_000; round++) {
    const value = make(4);
    assert.equal(canonicalJson(value), twin(value));
  }
});
