import { countRead } from '../stream/read-garbage.ts';

/** Below this, a received chunk that must wait is copied: it would pin the whole buffer that it was cut from. */
const COPY_BELOW_BYTES = 4 * 1024;
const BLOCK_BYTES = 4 * 1024;

/** Bytes that wait, first in first out. Streams have one only while something waits. */
export class ChunkQueue {
  bytes = 0;
  readonly #chunks: Buffer[] = [];
  #first = 0;
  /** Read position in the first chunk. */
  #offset = 0;
  /** The last chunk is a block of ours and is filled up to here; 0: it is not ours. */
  #blockBytes = 0;

  /** Keeps the chunk itself. */
  push(chunk: Buffer): void {
    this.#sealBlock();
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /**
   * Keeps the bytes, so that what is held in memory stays in proportion to `bytes` however small the pieces are in
   * which a peer sends them.
   */
  pushCopying(chunk: Buffer): void {
    if (chunk.length >= COPY_BELOW_BYTES && chunk.length * 2 >= chunk.buffer.byteLength) {
      this.push(chunk);
      return;
    }
    this.pushBorrowed(chunk);
  }

  /** Keeps a copy: the caller uses the memory again. */
  pushBorrowed(chunk: Buffer): void {
    this.bytes += chunk.length;
    countRead(chunk.length);
    let at = 0;
    while (at < chunk.length) {
      let block = this.#blockBytes > 0 ? this.#chunks[this.#chunks.length - 1]! : null;
      if (block === null || this.#blockBytes === block.length) {
        block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, chunk.length - at));
        this.#chunks.push(block);
        this.#blockBytes = 0;
      }
      const taken = chunk.copy(block, this.#blockBytes, at);
      this.#blockBytes += taken;
      at += taken;
    }
  }

  /** The next chunk, whole. Only while `bytes` is above 0. */
  shift(): Buffer {
    if (this.#first === this.#chunks.length - 1) this.#sealBlock();
    let chunk = this.#chunks[this.#first]!;
    if (this.#offset > 0) chunk = chunk.subarray(this.#offset);
    this.#advance();
    this.bytes -= chunk.length;
    return chunk;
  }

  /** Moves `count` bytes (at most `bytes`) into `target`. */
  moveTo(target: Buffer, at: number, count: number): void {
    this.bytes -= count;
    let left = count;
    while (left > 0) {
      const chunk = this.#chunks[this.#first]!;
      const taken = chunk.copy(target, at + count - left, this.#offset, this.#offset + left);
      left -= taken;
      this.#offset += taken;
      if (this.#offset === chunk.length) this.#advance();
    }
  }

  /** Cuts the unfilled rest off our own last block. */
  #sealBlock(): void {
    if (this.#blockBytes === 0) return;
    const last = this.#chunks.length - 1;
    this.#chunks[last] = this.#chunks[last]!.subarray(0, this.#blockBytes);
    this.#blockBytes = 0;
  }

  #advance(): void {
    this.#offset = 0;
    this.#first++;
    // Shifting an array costs its length each time; this costs it once per 64 chunks.
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    } else if (this.#first >= 64 && this.#first * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
