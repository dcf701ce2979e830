import { isUtf8 } from 'node:buffer';

/**
 * Messages on the sync link: a 4-byte big-endian length and that many bytes of UTF-8 JSON. The decoder cuts untrusted bytes
 * into bodies and never throws; whether one is JSON, and a message, is for its caller to say.
 */
const LENGTH_BYTES = 4;
const EMPTY = Buffer.alloc(0);
/** Growing by doubling would take a large snapshot's memory twice, and such memory brings on collections of the whole heap. */
const MUCH_BYTES = 1 << 20;

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
  readonly #head = Buffer.alloc(LENGTH_BYTES);
  #headBytes = 0;
  /** Size of the message that is arriving; -1 while its length is not known. */
  #expected = -1;
  /** What has come of it: its first `#filled` bytes. */
  #body: Buffer = EMPTY;
  #filled = 0;
  #failed = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * All messages that `chunk` completes. Not ok: too long, empty or not UTF-8; the link must be closed, and every later
   * call is not ok either. Nothing of `chunk` is kept. Memory is bounded by twice what really arrived, until that is `MUCH_BYTES`; then
   * by what the length announces, of which the system gives only what is filled.
   */
  push(chunk: Uint8Array): Decoded {
    if (this.#failed) return { ok: false };
    const bodies: Buffer[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#expected === -1) {
        this.#head[this.#headBytes++] = chunk[at++]!;
        if (this.#headBytes < LENGTH_BYTES) continue;
        this.#headBytes = 0;
        this.#expected = this.#head.readUInt32BE(0);
        if (this.#expected === 0 || this.#expected > this.#maxBytes) return this.#fail();
        continue;
      }
      const end = Math.min(chunk.length, at + this.#expected - this.#filled);
      this.#append(chunk.subarray(at, end));
      at = end;
      if (this.#filled < this.#expected) break;
      const body = this.#body.subarray(0, this.#filled);
      this.#begin();
      if (!isUtf8(body)) return this.#fail();
      bodies.push(body);
    }
    return { ok: true, bodies };
  }

  #begin(): void {
    this.#expected = -1;
    this.#body = EMPTY;
    this.#filled = 0;
  }

  #fail(): Decoded {
    this.#failed = true;
    this.#begin();
    return { ok: false };
  }

  /** Grows as the message comes, so that one of many chunks is not copied whole when its last one is there. */
  #append(bytes: Uint8Array): void {
    const needed = this.#filled + bytes.length;
    if (needed > this.#body.length) {
      const room = needed < MUCH_BYTES ? 2 * needed : this.#expected;
      const grown = Buffer.allocUnsafe(Math.min(this.#expected, room));
      this.#body.copy(grown, 0, 0, this.#filled);
      this.#body = grown;
    }
    this.#body.set(bytes, this.#filled);
    this.#filled = needed;
  }
}
