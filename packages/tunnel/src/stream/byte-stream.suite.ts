import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Fault } from '@zeronaut/model';
import { type SeededRandom, seededRandom, waitFor } from '@zeronaut/testkit';
import type { ByteStream, ByteStreamHandler } from './byte-stream.ts';
import { corkTurn } from './cork-turn.ts';

/** Records all that a stream says; asserts the order that `ByteStream` promises. */
export class Recorder implements ByteStreamHandler {
  readonly stream: ByteStream;
  readonly hash = createHash('sha256');
  bytes = 0;
  drains = 0;
  ended = false;
  /** Undefined until closed. */
  closed: Fault | null | undefined;
  /** Called with every chunk. */
  tap: (chunk: Buffer) => void = () => undefined;

  constructor(stream: ByteStream) {
    this.stream = stream;
    stream.handler = this;
  }

  onData(chunk: Buffer): void {
    assert.equal(this.closed, undefined, 'data after closed');
    assert.equal(this.ended, false, 'data after end');
    assert(chunk.length > 0, 'an empty chunk');
    this.bytes += chunk.length;
    this.hash.update(chunk);
    this.tap(chunk);
  }

  onDrain(): void {
    assert.equal(this.closed, undefined, 'drain after closed');
    this.drains++;
  }

  onEnd(): void {
    assert.equal(this.closed, undefined, 'end after closed');
    assert.equal(this.ended, false, 'end twice');
    this.ended = true;
  }

  onClosed(fault: Fault | null): void {
    assert.equal(this.closed, undefined, 'closed twice');
    this.closed = fault;
    assert(this.stream.closed);
  }
}

/** Writes `total` random bytes in random pieces, now and then corked, heeding backpressure, then ends. */
export class Writer {
  readonly hash = createHash('sha256');
  bytes = 0;
  readonly #recorder: Recorder;
  readonly #random: SeededRandom;
  readonly #pool: Buffer;
  #left: number;

  constructor(recorder: Recorder, random: SeededRandom, total: number) {
    this.#recorder = recorder;
    this.#random = random;
    this.#left = total;
    this.#pool = random.bytes(1024);
    const { onDrain } = recorder;
    recorder.onDrain = () => {
      onDrain.call(recorder);
      this.write();
    };
  }

  write(): void {
    const { stream } = this.#recorder;
    while (this.#left > 0) {
      const size = Math.min(this.#left, 1 + this.#random.integer(this.#random.pick([16, 2_000, 20_000, 150_000])));
      const chunk = Buffer.allocUnsafe(size);
      const from = this.#random.integer(this.#pool.length);
      for (let at = 0; at < size; ) at += this.#pool.copy(chunk, at, at === 0 ? from : 0);
      this.#left -= size;
      this.bytes += size;
      this.hash.update(chunk);
      if (this.#random.integer(4) === 0) corkTurn(stream);
      if (!stream.write(chunk)) return;
    }
    stream.end();
  }
}

/** Pauses a stream now and then while it receives, and resumes it a few turns later. */
export function hesitate(recorder: Recorder, random: SeededRandom): void {
  recorder.tap = () => {
    if (random.integer(6) !== 0) return;
    recorder.stream.pause();
    let turns = 1 + random.integer(3);
    const tick = (): void => {
      if (--turns > 0) setImmediate(tick);
      else recorder.stream.resume();
    };
    setImmediate(tick);
  };
}

/**
 * What every implementation of `ByteStream` keeps. `pair` gives two ends that are connected. `abortLooksLikeEnd`: the
 * other end cannot always tell an abort from an end (TLS in Node, which does not report a missing close_notify).
 */
export function byteStreamSuite(
  name: string,
  pair: (t: TestContext) => Promise<readonly [ByteStream, ByteStream]>,
  options: { abortLooksLikeEnd?: boolean } = {},
): void {
  test(`${name}: carries every byte both ways at once, whatever the pieces and pauses`, async (t) => {
    const random = seededRandom(undefined, t);
    for (let round = 0; round < 4; round++) {
      const ends = (await pair(t)).map((stream) => new Recorder(stream));
      const writers = ends.map((end) => new Writer(end, random, 200_000 + random.integer(800_000)));
      for (const end of ends) {
        hesitate(end, random);
        end.stream.resume();
      }
      for (const writer of writers) writer.write();
      await waitFor(() => ends.every((end) => end.closed !== undefined), { what: 'both ends to close' });
      for (const [i, end] of ends.entries()) {
        assert.equal(end.closed, null);
        assert.equal(end.ended, true);
        const writer = writers[1 - i]!;
        assert.equal(end.bytes, writer.bytes);
        assert.equal(end.hash.digest('hex'), writer.hash.digest('hex'));
      }
    }
  });

  for (const order of ['first', 'second'] as const) {
    test(`${name}: the other direction stays open after the ${order} end has ended its own`, async (t) => {
      const streams = await pair(t);
      const [early, late] = (order === 'first' ? streams : [...streams].reverse()).map((s) => new Recorder(s));
      assert(early && late);
      early.stream.resume();
      late.stream.resume();
      early.stream.write(Buffer.from('early'));
      early.stream.end();
      assert.equal(early.stream.write(Buffer.from('ignored')), true);
      await waitFor(() => late.ended, { what: 'the end' });
      assert.equal(late.bytes, 5);
      for (let i = 0; i < 20; i++) late.stream.write(Buffer.alloc(1000));
      await waitFor(() => early.bytes === 20_000, { what: 'bytes against the end' });
      assert.equal(early.closed, undefined);
      assert.equal(late.closed, undefined);
      late.stream.end();
      await waitFor(() => early.closed === null && late.closed === null, { what: 'both ends to close' });
      assert.equal(early.ended, true);
    });

    test(`${name}: abort of the ${order} end reaches the other one, once, with queued bytes or without`, async (t) => {
      for (const queued of [0, 1, 3_000_000]) {
        const streams = await pair(t);
        const [mine, other] = (order === 'first' ? streams : [...streams].reverse()).map((s) => new Recorder(s));
        assert(mine && other);
        mine.stream.resume();
        // Something has passed before, so that both ends know of each other.
        mine.stream.write(Buffer.from('x'));
        other.stream.resume();
        await waitFor(() => other.bytes === 1, { what: 'the first byte' });
        if (queued > 0) {
          mine.stream.write(Buffer.alloc(queued));
          other.stream.write(Buffer.alloc(queued));
        }
        mine.stream.abort('test.abort');
        assert.equal(mine.stream.write(Buffer.from('ignored')), true);
        mine.stream.abort('test.again');
        if (options.abortLooksLikeEnd) {
          await waitFor(() => other.ended || other.closed, { what: 'the other end to notice' });
          other.stream.end();
        }
        await waitFor(() => mine.closed !== undefined && other.closed !== undefined, { what: 'both ends to close' });
        assert.equal(mine.closed, null);
        assert.equal(mine.ended, false);
        if (!options.abortLooksLikeEnd) {
          assert.notEqual(other.closed, null);
          assert.equal(other.ended, false);
        }
      }
    });
  }

  test(`${name}: a paused reader makes the writer wait within bounds, and nothing is lost`, async (t) => {
    const [a, b] = (await pair(t)).map((stream) => new Recorder(stream));
    assert(a && b);
    a.stream.resume();
    b.stream.pause();
    let written = 0;
    const fill = async (): Promise<void> => {
      // A kernel takes what its buffers hold; after that `write` must say no and stay with it.
      for (let turn = 0; turn < 50; turn++) {
        while (written < 64_000_000 && a.stream.bufferedBytes < 200_000) {
          written += 10_000;
          if (!a.stream.write(Buffer.alloc(10_000, 1))) break;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await fill();
    assert(written < 64_000_000, 'the writer was never told to wait');
    const before = b.bytes;
    await fill();
    assert.equal(b.bytes, before, 'a paused reader got more');
    const drains = a.drains;
    b.stream.resume();
    await waitFor(() => b.bytes === written, { what: 'all bytes' });
    assert(a.drains > drains, 'the writer was never told to go on');
    a.stream.end();
    b.stream.end();
    await waitFor(() => a.closed === null && b.closed === null, { what: 'both ends to close' });
  });
}
