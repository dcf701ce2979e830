import type { Writable } from 'node:stream';

/** One write at a time and of this size, so that a link that moves at all shows it. */
const SLICE_BYTES = 256 * 1024;

/**
 * What waits to be written to one link. Frames go out in slices, each after the one before was taken, so that
 * `lastProgressAt` tells a slow reader from a dead one.
 */
export class Outbox {
  readonly #stream: Writable;
  readonly #onDrained: () => void;
  #frames: Buffer[] = [];
  #sizeBytes = 0;
  #writing = false;
  /** `performance.now()` of the last slice that was taken. */
  lastProgressAt = performance.now();

  /** `onDrained` is called whenever nothing waits any more. */
  constructor(stream: Writable, onDrained: () => void) {
    this.#stream = stream;
    this.#onDrained = onDrained;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  push(frame: Buffer): void {
    if (this.#sizeBytes === 0) this.lastProgressAt = performance.now();
    this.#frames.push(frame);
    this.#sizeBytes += frame.length;
    this.#pump();
  }

  clear(): void {
    this.#frames = [];
    this.#sizeBytes = 0;
  }

  #pump(): void {
    const frame = this.#frames[0];
    if (this.#writing || frame === undefined || this.#stream.destroyed) return;
    const slice = frame.subarray(0, SLICE_BYTES);
    if (slice.length === frame.length) this.#frames.shift();
    else this.#frames[0] = frame.subarray(SLICE_BYTES);
    this.#writing = true;
    this.#stream.write(slice, (error) => {
      this.#writing = false;
      // The stream is destroyed with its error; whoever owns it hears of that there.
      if (error) return;
      this.lastProgressAt = performance.now();
      this.#sizeBytes = Math.max(0, this.#sizeBytes - slice.length);
      if (this.#sizeBytes === 0) this.#onDrained();
      this.#pump();
    });
  }
}
