import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { encodeMessage, MessageDecoder } from './codec.ts';

test('messages come out as they went in, however the bytes are cut', (t) => {
  const random = seededRandom(undefined, t);
  const values = [{ type: 'ping' }, [], 'é😀', 0, null, { a: 'x'.repeat(100_000) }, false, { type: 'pong' }];
  const bytes = Buffer.concat(values.map((value) => encodeMessage(JSON.stringify(value))));
  for (let round = 0; round < 100; round++) {
    const decoder = new MessageDecoder(1 << 20);
    const seen: unknown[] = [];
    for (let position = 0; position < bytes.length; ) {
      const size = 1 + random.integer(round < 10 ? 3_000 : bytes.length);
      const decoded = decoder.push(bytes.subarray(position, position + size));
      assert.ok(decoded.ok);
      seen.push(...decoded.bodies.map((body) => JSON.parse(body.toString())));
      position += size;
    }
    assert.deepEqual(seen, values);
  }
});

test('nothing of what was given is kept', () => {
  const decoder = new MessageDecoder(1 << 20);
  const memory = Buffer.alloc(64);
  const seen: string[] = [];
  const frames = Buffer.concat(['{"a":1}', '{"b":2}'].map(encodeMessage));
  for (let at = 0; at < frames.length; ) {
    const size = frames.copy(memory, 0, at, at + memory.length);
    at += size;
    const decoded = decoder.push(memory.subarray(0, size));
    memory.fill(0);
    if (decoded.ok) seen.push(...decoded.bodies.map(String));
  }
  assert.deepEqual(seen, ['{"a":1}', '{"b":2}']);
});

test('a byte at a time', () => {
  const decoder = new MessageDecoder(100);
  const seen: unknown[] = [];
  for (const byte of encodeMessage('{"a":[1]}')) {
    const decoded = decoder.push(Buffer.from([byte]));
    assert.ok(decoded.ok);
    seen.push(...decoded.bodies.map((body) => JSON.parse(body.toString())));
  }
  assert.deepEqual(seen, [{ a: [1] }]);
});

function frame(length: number, body: Buffer | string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(length);
  return Buffer.concat([head, Buffer.from(body)]);
}

const bad: [string, Buffer][] = [
  ['an empty message', frame(0, '')],
  ['one byte over the bound', frame(101, 'x')],
  ['the longest length there is', frame(0xffffffff, '')],
  ['no UTF-8', frame(3, Buffer.from([0x22, 0xff, 0x22]))],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
];
for (const [name, bytes] of bad) {
  test(`refused, and nothing is read after it: ${name}`, () => {
    const decoder = new MessageDecoder(100);
    assert.deepEqual(decoder.push(bytes), { ok: false });
    assert.deepEqual(decoder.push(encodeMessage('1')), { ok: false });
  });
}

test('random bytes never throw', (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 2_000; round++) {
    const decoder = new MessageDecoder(64);
    for (let i = 0; i < 5; i++) decoder.push(random.bytes(random.integer(40)));
  }
});
