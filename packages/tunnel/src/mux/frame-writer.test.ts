import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteStream, type ByteStreamHandler, NO_HANDLER } from '../stream/byte-stream.ts';
import { FrameWriter } from './frame-writer.ts';
import { FRAME, MAX_DATA_BYTES } from './wire.ts';

/** Takes what it is handed, and always has `lag` bytes of it still to send: as a busy socket does. */
class BusyTransport implements ByteStream {
  handler: ByteStreamHandler = NO_HANDLER;
  readonly closed = false;
  readonly releasesWrites = true;
  readonly memories = new Set<ArrayBufferLike>();
  /** What it has not sent yet: these bytes must not change. */
  readonly waiting: { readonly chunk: Buffer; readonly copy: Buffer }[] = [];
  readonly #lag: number;

  constructor(lag: number) {
    this.#lag = lag;
  }

  get bufferedBytes(): number {
    return this.waiting.reduce((sum, { chunk }) => sum + chunk.length, 0);
  }

  write(chunk: Buffer): boolean {
    this.memories.add(chunk.buffer);
    this.waiting.push({ chunk, copy: Buffer.from(chunk) });
    while (this.waiting.length > 0 && this.bufferedBytes - this.waiting[0]!.chunk.length >= this.#lag) {
      const { chunk: sent, copy } = this.waiting.shift()!;
      assert.deepEqual(sent, copy, 'a slab was written to again before it was sent');
    }
    return true;
  }

  end(): void {}
  abort(): void {}
  pause(): void {}
  resume(): void {}
  cork(): void {}
  uncork(): void {}
}

for (const lag of [0, 1, 64 * 1024, 192 * 1024]) {
  test(`slabs go round while the transport has ${lag} bytes left to send, and none is touched before it is sent`, () => {
    const transport = new BusyTransport(lag);
    const writer = new FrameWriter(transport, () => undefined);
    for (let index = 0; index < 4_000; index++) {
      writer.writeData(1, Buffer.alloc(MAX_DATA_BYTES, index), 0, index % 7 === 0 ? 100 : MAX_DATA_BYTES);
      if (index % 5 === 0) writer.writeFrame(FRAME.message, 0, Buffer.alloc(index % 10 === 0 ? 70_000 : 10, 3));
      if (index % 3 === 0) writer.flush();
    }
    // The payloads of 70,000 bytes go past the slabs: 400 of them.
    assert.ok(transport.memories.size - 400 <= 10, `${transport.memories.size - 400} slabs`);
  });
}
