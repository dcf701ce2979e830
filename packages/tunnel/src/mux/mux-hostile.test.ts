import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { seededRandom, waitFor } from '@zeronaut/testkit';
import { NO_HANDLER } from '../stream/byte-stream.ts';
import { pipePair } from '../stream/pipe-pair.ts';
import type { MuxLimits } from './mux-limits.ts';
import { createMuxSession, type MuxSession } from './mux-session.ts';
import { encodeFrameHeader, FRAME, MAX_DATA_BYTES } from './wire.ts';

function frame(type: number, streamId: number, payload: Buffer | number = 0): Buffer {
  const body = typeof payload === 'number' ? Buffer.alloc(0) : payload;
  const bytes = Buffer.alloc(12 + body.length);
  encodeFrameHeader(bytes, 0, type, streamId, typeof payload === 'number' ? payload : payload.length);
  body.copy(bytes, 12);
  return bytes;
}

interface Victim {
  readonly session: MuxSession;
  send(bytes: Buffer): void;
  /** What the session sent, so far. */
  received: number;
  closed: Fault | null | undefined;
}

/** A server session whose peer is us, byte by byte. Streams are paused. */
function victim(limits?: Partial<MuxLimits>, role: 'server' | 'client' = 'server'): Victim {
  const [near, far] = pipePair();
  const result: Victim = {
    received: 0,
    closed: undefined,
    send: (bytes) => void near.write(bytes),
    session: createMuxSession(far, {
      role,
      limits,
      onStream: (stream) => stream.pause(),
      onMessage() {},
      onClosed(fault) {
        assert.equal(result.closed, undefined, 'closed twice');
        result.closed = fault;
      },
    }),
  };
  near.handler = {
    ...NO_HANDLER,
    onData(chunk) {
      result.received += chunk.length;
    },
    onEnd: () => near.end(),
  };
  near.resume();
  return result;
}

const open = (id: number) => frame(FRAME.open, id, Buffer.from('h'));
const data = (id: number, bytes: number) => frame(FRAME.data, id, Buffer.alloc(bytes));

const BREACHES: readonly [string, () => Buffer, Partial<MuxLimits>?][] = [
  ['DATA for a stream that was never opened', () => data(1, 1)],
  ['END for a stream that was never opened', () => frame(FRAME.end, 7)],
  ['WINDOW for a stream that was never opened', () => frame(FRAME.window, 7, 1)],
  ['RESET for a stream of ours that was never opened', () => frame(FRAME.reset, 2)],
  ['OPEN with our parity', () => open(2)],
  ['OPEN of an open stream', () => Buffer.concat([open(3), open(3)])],
  ['OPEN of a lower id', () => Buffer.concat([open(5), open(3)])],
  ['OPEN of a stream that was reset', () => Buffer.concat([open(5), frame(FRAME.reset, 5), open(5)])],
  [
    'DATA beyond the window',
    () => Buffer.concat([open(1), ...Array.from({ length: 17 }, () => data(1, MAX_DATA_BYTES))]),
  ],
  ['DATA after END', () => Buffer.concat([open(1), frame(FRAME.end, 1), data(1, 1)])],
  ['END after END', () => Buffer.concat([open(1), frame(FRAME.end, 1), frame(FRAME.end, 1)])],
  [
    'credit beyond 2^31',
    () => Buffer.concat([open(1), frame(FRAME.window, 1, 0x7fff_ffff), frame(FRAME.window, 1, 1)]),
  ],
  ['a code with a line break', () => Buffer.concat([open(1), frame(FRAME.reset, 1, Buffer.from('a\nb'))])],
  ['a GOAWAY code with a control character', () => frame(FRAME.goAway, 0, Buffer.from('a\x1bb'))],
  ['a flood of PINGs', () => Buffer.concat(Array.from({ length: 5_000 }, (_, i) => frame(FRAME.ping, 0, i)))],
  [
    'streams that are opened and reset in a flood',
    () => Buffer.concat(Array.from({ length: 500 }, (_, i) => [open(2 * i + 1), frame(FRAME.reset, 2 * i + 1)]).flat()),
    { resetBurst: 100, resetsPerSecond: 1 },
  ],
  [
    'streams beyond the limit in a flood',
    () => Buffer.concat(Array.from({ length: 500 }, (_, i) => open(2 * i + 1))),
    { maxStreams: 10, resetBurst: 100, resetsPerSecond: 1 },
  ],
];

for (const [what, bytes, limits] of BREACHES) {
  test(`${what} closes the session with tunnel.protocol_error`, async () => {
    const target = victim(limits);
    target.send(bytes());
    await waitFor(() => target.closed !== undefined, { what: 'the session to close' });
    assert.equal(target.closed?.code, 'tunnel.protocol_error');
    assert.equal(target.session.streamCount, 0);
  });
}

test('frames for streams that are over are ignored: they may have crossed with our RESET', async () => {
  const target = victim();
  target.send(
    Buffer.concat([open(1), frame(FRAME.reset, 1), data(1, 10), frame(FRAME.window, 1, 5), frame(FRAME.end, 1)]),
  );
  const own = target.session.openStream(Buffer.alloc(0));
  own.abort();
  target.send(Buffer.concat([data(own.id, 10), frame(FRAME.reset, own.id)]));
  const rtt = target.session.ping();
  // The first PING is the session's own.
  target.send(frame(FRAME.pong, 0, 2));
  await rtt;
  assert.equal(target.closed, undefined);
  target.session.close();
});

test('a peer that asks and never reads is cut off before it fills our memory', async () => {
  const [near, far] = pipePair();
  let closed: Fault | null | undefined;
  createMuxSession(far, {
    role: 'server',
    limits: { pingsPerSecond: 1e9 },
    onStream() {},
    onMessage() {},
    onClosed: (fault) => {
      closed = fault;
    },
  });
  near.pause();
  const pings = Buffer.concat(Array.from({ length: 1_000 }, (_, i) => frame(FRAME.ping, 0, i)));
  for (let i = 0; i < 1_000 && closed === undefined; i++) {
    near.write(pings);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(closed?.code, 'tunnel.protocol_error');
  assert(far.bufferedBytes < 6 * 1024 * 1024);
  near.abort();
});

test('20,000 random and mutated frame sequences end in order, whatever they are', async (t) => {
  const random = seededRandom(undefined, t);
  const sequence = (): Buffer => {
    const parts: Buffer[] = [];
    let id = 1;
    for (let i = random.integer(8); i >= 0; i--) {
      const at = random.integer(3) === 0 ? random.integer(12) : id;
      switch (random.integer(9)) {
        case 0:
        case 1:
          parts.push(open(id));
          id += 2;
          break;
        case 2:
          parts.push(data(Math.max(1, at - 2), 1 + random.integer(300)));
          break;
        case 3:
          parts.push(frame(FRAME.window, at, random.integer(100_000)));
          break;
        case 4:
          parts.push(frame(FRAME.end, Math.max(1, at - 2)));
          break;
        case 5:
          parts.push(frame(FRAME.reset, Math.max(1, at - 2), Buffer.from('code')));
          break;
        case 6:
          parts.push(frame(random.integer(12), at, random.integer(0xffff_ffff)));
          break;
        case 7:
          parts.push(frame(FRAME.message, 0, random.bytes(1 + random.integer(40))));
          break;
        default:
          parts.push(random.bytes(random.integer(30)));
      }
    }
    const bytes = Buffer.concat(parts);
    for (let i = random.integer(3); i > 0 && bytes.length > 0; i--)
      bytes[random.integer(bytes.length)] = random.integer(256);
    return bytes;
  };
  let breaches = 0;
  for (let round = 0; round < 20_000; round += 100) {
    const targets: Victim[] = [];
    for (let i = 0; i < 100; i++) {
      const target = victim({ windowBytes: 400 }, random.pick(['server', 'client']));
      target.session.openStream(Buffer.from('own')).write(Buffer.alloc(1_000));
      const bytes = sequence();
      const cut = random.integer(bytes.length + 1);
      target.send(bytes.subarray(0, cut));
      target.send(bytes.subarray(cut));
      targets.push(target);
    }
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    for (const target of targets) {
      if (target.closed?.code === 'tunnel.protocol_error') breaches++;
      target.session.close();
    }
    await new Promise((resolve) => setImmediate(resolve));
    for (const target of targets) {
      assert.notEqual(target.closed, undefined);
      assert.equal(target.session.streamCount, 0);
    }
  }
  // Both kinds occur, or the sequences would test nothing.
  assert(breaches > 2_000 && breaches < 19_000, `${breaches} breaches`);
});
