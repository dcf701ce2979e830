import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { encodeCode, encodeFrameHeader, FRAME, FrameDecoder, MAX_DATA_BYTES, parseCode } from './wire.ts';

interface Frame {
  readonly type: number;
  readonly streamId: number;
  readonly value: number;
  readonly payload: Buffer;
}

/** The slow and obvious twin of `encodeFrameHeader`. */
function naiveEncode({ type, streamId, value, payload }: Frame): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(streamId, 4);
  header.writeUInt32BE(value, 8);
  return Buffer.concat([header, payload]);
}

/** What a decoder makes of chunks; DATA parts are joined again. */
function decodeAll(chunks: readonly Buffer[]): { frames: Frame[]; flaw: string | null } {
  const frames: Frame[] = [];
  let open: { streamId: number; left: number; parts: Buffer[] } | null = null;
  const decoder = new FrameDecoder({
    onDataFrame(streamId, part) {
      assert(part.length > 0);
      open ??= { streamId, left: 0, parts: [] };
      open.parts.push(part);
      const payload = Buffer.concat(open.parts);
      frames[open.left === 0 ? frames.length : open.left - 1] = {
        type: FRAME.data,
        streamId,
        value: payload.length,
        payload,
      };
      open.left = frames.length;
      return true;
    },
    onFrame(type, streamId, value, payload) {
      open = null;
      frames.push({ type, streamId, value, payload });
      return true;
    },
  });
  for (const chunk of chunks) {
    const flaw = decoder.decode(chunk);
    if (flaw !== null) return { frames, flaw };
  }
  return { frames, flaw: null };
}

test('any frames decode to themselves in any chunks, and headers are what the naive twin writes', (t) => {
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 300; round++) {
    const frames: Frame[] = [];
    for (let i = 0; i < 12; i++) {
      const id = 1 + random.integer(0xffff_ffff);
      const text = Buffer.from('reason.code');
      const payload = random.bytes(1 + random.integer(random.pick([10, 400])));
      frames.push(
        random.pick<Frame>([
          { type: FRAME.open, streamId: id, value: payload.length, payload },
          { type: FRAME.data, streamId: id, value: payload.length, payload },
          { type: FRAME.window, streamId: id, value: 1 + random.integer(0x7fff_ffff), payload: Buffer.alloc(0) },
          { type: FRAME.end, streamId: id, value: 0, payload: Buffer.alloc(0) },
          { type: FRAME.reset, streamId: id, value: text.length, payload: text },
          { type: FRAME.ping, streamId: 0, value: random.integer(0xffff_ffff), payload: Buffer.alloc(0) },
          { type: FRAME.message, streamId: 0, value: payload.length, payload },
          { type: FRAME.goAway, streamId: 0, value: 0, payload: Buffer.alloc(0) },
        ]),
      );
      // Two DATA frames in a row could not be told apart from one in two parts.
      frames.push({ type: FRAME.pong, streamId: 0, value: i, payload: Buffer.alloc(0) });
    }
    for (const frame of frames) {
      const header = Buffer.alloc(14, 0xee);
      encodeFrameHeader(header, 1, frame.type, frame.streamId, frame.value);
      assert.deepEqual(header.subarray(1, 13), naiveEncode(frame).subarray(0, 12));
      assert.equal(header[13], 0xee);
    }
    const wire = Buffer.concat(frames.map(naiveEncode));
    const chunks: Buffer[] = [];
    for (let at = 0; at < wire.length; ) {
      const size = 1 + random.integer(random.pick([1, 13, 200, 5_000]));
      chunks.push(wire.subarray(at, at + size));
      at += size;
    }
    assert.deepEqual(decodeAll(chunks), { frames, flaw: null });
  }
});

const BAD_HEADERS: readonly [string, number[]][] = [
  ['type 0', [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['an unknown type', [10, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['a reserved byte', [FRAME.end, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['OPEN of stream 0', [FRAME.open, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['OPEN with 4097 bytes', [FRAME.open, 0, 0, 0, 0, 0, 0, 1, 0, 0, 16, 1]],
  ['DATA of stream 0', [FRAME.data, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  ['empty DATA', [FRAME.data, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['DATA with one byte too many', [FRAME.data, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x3f, (MAX_DATA_BYTES & 0xff) + 1]],
  ['WINDOW of nothing', [FRAME.window, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['WINDOW of 2^31', [FRAME.window, 0, 0, 0, 0, 0, 0, 1, 0x80, 0, 0, 0]],
  ['END with a payload', [FRAME.end, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['RESET with 65 bytes', [FRAME.reset, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 65]],
  ['PING of a stream', [FRAME.ping, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]],
  ['MESSAGE of a stream', [FRAME.message, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]],
  ['MESSAGE over 256 KiB', [FRAME.message, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1]],
  ['GOAWAY with 65 bytes', [FRAME.goAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65]],
];
for (const [what, header] of BAD_HEADERS) {
  test(`${what} is a flaw`, () => {
    assert.notEqual(decodeAll([Buffer.from(header)]).flaw, null);
    assert.notEqual(decodeAll(header.map((byte) => Buffer.from([byte]))).flaw, null);
  });
}

test('codes are visible ASCII of at most 64 bytes', () => {
  assert.equal(parseCode(Buffer.from('stream.reset')), 'stream.reset');
  for (const bad of ['a b', 'a\n', 'é', '\x7f']) assert.equal(parseCode(Buffer.from(bad)), null);
  assert.equal(encodeCode(`a b\u0100${'x'.repeat(100)}`).toString(), `a?b?${'x'.repeat(60)}`);
});
