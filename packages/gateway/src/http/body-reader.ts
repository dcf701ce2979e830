import { ChunkedDecoder } from './chunked-decoder.ts';

/**
 * Finds the end of one message body after another on a connection. It hands out ranges of the caller's buffer and never
 * holds bytes back.
 */
export class BodyReader {
  /** After `read`: the body bytes are `[from, to)` of the buffer. */
  from = 0;
  to = 0;
  done = true;
  malformed = false;
  /** Trailer lines that may be forwarded, each with CRLF; empty unless `done` after chunks. */
  trailers = '';
  #remaining = 0;
  #chunks: ChunkedDecoder | null = null;
  #chunked = false;

  startLength(length: number): void {
    this.#reset();
    this.#remaining = length;
    this.done = length === 0;
  }

  startChunked(): void {
    this.#reset();
    this.#chunked = true;
    this.#chunks ??= new ChunkedDecoder();
    this.#chunks.reset();
    this.done = false;
  }

  /** The body ends with the connection. */
  startUntilClose(): void {
    this.#reset();
    this.#remaining = Number.POSITIVE_INFINITY;
    this.done = false;
  }

  /** Consumes from `start` on and returns the index behind what it took. Chunk framing inside the range is squeezed out. */
  read(bytes: Buffer, start: number): number {
    if (this.#chunked) {
      const chunks = this.#chunks!;
      const end = chunks.read(bytes, start);
      this.from = chunks.from;
      this.to = chunks.to;
      this.done = chunks.done;
      this.malformed = chunks.malformed;
      if (chunks.done) this.trailers = chunks.trailers;
      return end;
    }
    const taken = Math.min(this.#remaining, bytes.length - start);
    this.from = start;
    this.to = start + taken;
    this.#remaining -= taken;
    this.done = this.#remaining === 0;
    return start + taken;
  }

  #reset(): void {
    this.#chunked = false;
    this.malformed = false;
    this.trailers = '';
    this.from = this.to = 0;
  }
}
