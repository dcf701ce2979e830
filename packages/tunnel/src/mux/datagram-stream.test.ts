import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { seededRandom, waitFor } from '@zeronaut/testkit';
import { NO_HANDLER } from '../stream/byte-stream.ts';
import { pipePair } from '../stream/pipe-pair.ts';
import { createDatagramStream, MAX_DATAGRAM_BYTES } from './datagram-stream.ts';

/** The slow and obvious twin of the encoder. */
function naiveEncode(datagrams: readonly Buffer[]): Buffer {
  return Buffer.concat(datagrams.flatMap((d) => [Buffer.from([d.length >> 8, d.length & 0xff]), d]));
}

function receiver() {
  const [near, far] = pipePair();
  const result = { near, datagrams: [] as Buffer[], closed: undefined as Fault | null | undefined };
  const stream = createDatagramStream(far, {
    onDatagram: (datagram) => void result.datagrams.push(datagram),
    onClosed: (fault) => {
      assert.equal(result.closed, undefined);
      result.closed = fault;
    },
  });
  return { ...result, stream, state: result };
}

test('datagrams of any size arrive as they were, in any chunks; the wire is what the naive twin writes', async (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 60; round++) {
    const sent = Array.from({ length: 1 + random.integer(20) }, () =>
      random.bytes(random.integer(random.pick([1, 3, 1_300, 4_000]))),
    );
    if (round === 0) sent.push(Buffer.alloc(MAX_DATAGRAM_BYTES, 7));
    // Our encoder against the naive one.
    const [near, far] = pipePair();
    const wire: Buffer[] = [];
    far.handler = { ...NO_HANDLER, onData: (chunk) => void wire.push(chunk) };
    const sender = createDatagramStream(near, { onDatagram() {}, onClosed() {} });
    for (const datagram of sent) assert.equal(sender.send(datagram), true);
    const expected = naiveEncode(sent);
    await waitFor(() => Buffer.concat(wire).length === expected.length, { what: 'the wire' });
    assert.deepEqual(Buffer.concat(wire), expected);
    // And our decoder in pieces.
    const { near: feed, datagrams, state } = receiver();
    for (let at = 0; at < expected.length; ) {
      const size = 1 + random.integer(random.pick([1, 2, 50, 3_000]));
      feed.write(Buffer.from(expected.subarray(at, at + size)));
      at += size;
    }
    feed.end();
    await waitFor(() => state.closed !== undefined, { what: 'the end' });
    assert.equal(state.closed, null);
    assert.deepEqual(datagrams, sent);
  }
});

for (const [what, bytes] of [
  ['a length above the largest datagram', [0xff, 0xe4, 1]],
  ['an end within a length', [0]],
  ['an end within a datagram', [0, 5, 1, 2]],
] as const) {
  test(`${what} ends the flow with tunnel.datagram_invalid`, async () => {
    const { near, datagrams, state } = receiver();
    near.write(Buffer.from(bytes));
    near.end();
    await waitFor(() => state.closed, { what: 'the close' });
    assert.equal(state.closed?.code, 'tunnel.datagram_invalid');
    assert.deepEqual(datagrams, []);
  });
}

test('what is too large, too much or too late is dropped and counted', async () => {
  const { near, stream, state } = receiver();
  assert.equal(stream.send(Buffer.alloc(MAX_DATAGRAM_BYTES + 1)), false);
  near.pause();
  let sent = 0;
  while (stream.send(Buffer.alloc(60_000))) sent++;
  assert(sent >= 17 && sent <= 19);
  assert.equal(stream.dropped, 2);
  stream.abort();
  await waitFor(() => state.closed === null, { what: 'the close' });
  assert.equal(stream.send(Buffer.alloc(1)), false);
  assert.equal(stream.dropped, 3);
});
