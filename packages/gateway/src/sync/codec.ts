import { isUtf8 } from 'node:buffer';

/**
 * Messages on the sync link: a 4-byte big-endian length and that many bytes of UTF-8 JSON. The decoder cuts untrusted bytes
 * into bodies and never throws; whether one is JSON, and a message, is for its caller to say.
 */
const LENGTH_BYTES = 4;

export function encodeMessage(json: string): Buffer {
  const size = Buffer.byteLength(json);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + size);
  frame.writeUInt32BE(size, 0);
  frame.write(json, LENGTH_BYTES, 'utf8');
  return frame;
}

export type Decoded = { readonly ok: true; readonly bodies: readonly Buffer[] } | { readonly ok: false };

export class MessageDecoder {
  readonly #maxBytes: number;
  // What has come and is not consumed. Kept as a list, so that a message of many chunks is copied once.
  #chunks: Buffer[] = [];
  #buffered = 0;
  /** Size of the message that is arriving; -1 while its length is not known. */
  #expected = -1;
  #failed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * All messages that `chunk` completes. Not ok: too long, empty or not UTF-8; the link must be closed, and every later
   * call is not ok either. Memory is bounded by what really arrived, never by what a length announces.
   */
  push(chunk: Buffer): Decoded {
    if (this.#failed) return { ok: false };
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const bodies: Buffer[] = [];
    for (;;) {
      if (this.#expected === -1) {
        if (this.#buffered < LENGTH_BYTES) break;
        this.#expected = this.#take(LENGTH_BYTES).readUInt32BE(0);
        if (this.#expected === 0 || this.#expected > this.#maxBytes) return this.#fail();
      }
      if (this.#buffered < this.#expected) break;
      const body = this.#take(this.#expected);
      this.#expected = -1;
      if (!isUtf8(body)) return this.#fail();
      bodies.push(body);
    }
    return { ok: true, bodies };
  }

  #fail(): Decoded {
    this.#failed = true;
    this.#chunks = [];
    this.#buffered = 0;
    return { ok: false };
  }

  #take(size: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#buffered = all.length - size;
    this.#chunks = this.#buffered === 0 ? [] : [all.subarray(size)];
    return all.subarray(0, size);
  }
}
