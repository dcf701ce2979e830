import { fields, scanFields } from './field-scanner.ts';
import { trailerPasses } from './hop-by-hop.ts';
import { MAX_CHUNK_LINE_BYTES, MAX_CHUNK_SIZE_DIGITS, MAX_TRAILER_BYTES, MAX_TRAILER_FIELDS } from './limits.ts';
import { CR, FIELD_VALUE, HEX, LF } from './octets.ts';

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const TRAILERS = 6;

const SEMICOLON = 0x3b;

/**
 * The chunked coding (RFC 9112, 7.1), strict: hexadecimal digits only, CRLF only, extensions read over and dropped,
 * trailers checked like fields. Incremental, cut anywhere.
 */
export class ChunkedDecoder {
  from = 0;
  to = 0;
  done = false;
  malformed = false;
  trailers = '';
  #state = SIZE;
  #size = 0;
  #digits = 0;
  #lineBytes = 0;
  #held: Buffer | null = null;

  reset(): void {
    this.from = this.to = 0;
    this.done = this.malformed = false;
    this.trailers = '';
    this.#state = SIZE;
    this.#size = this.#digits = this.#lineBytes = 0;
    this.#held = null;
  }

  /**
   * Decodes from `start` and returns the index behind what belongs to this body. The data is then `[from, to)` of
   * `bytes`: pieces of several chunks are moved together in place, since the buffer is ours, or ours for the call.
   */
  read(bytes: Buffer, start: number): number {
    let at = start;
    this.from = this.to = start;
    while (at < bytes.length) {
      const octet = bytes[at]!;
      switch (this.#state) {
        case SIZE: {
          const digit = HEX[octet]!;
          if (digit !== 255) {
            if (++this.#digits > MAX_CHUNK_SIZE_DIGITS) return this.#fail(at);
            this.#size = this.#size * 16 + digit;
            at++;
            break;
          }
          if (this.#digits === 0) return this.#fail(at);
          // RFC 9112 lets blanks stand before an extension; servers read a size that ends in blanks in different ways.
          if (octet === CR) this.#state = SIZE_LF;
          else if (octet === SEMICOLON) this.#state = EXTENSION;
          else return this.#fail(at);
          at++;
          break;
        }
        case EXTENSION:
          if (octet === CR) this.#state = SIZE_LF;
          else if (FIELD_VALUE[octet] === 0 || ++this.#lineBytes > MAX_CHUNK_LINE_BYTES) return this.#fail(at);
          at++;
          break;
        case SIZE_LF:
          if (octet !== LF) return this.#fail(at);
          at++;
          this.#lineBytes = this.#digits = 0;
          this.#state = this.#size === 0 ? TRAILERS : DATA;
          break;
        case DATA: {
          const taken = Math.min(this.#size, bytes.length - at);
          if (this.from === this.to) {
            this.from = at;
            this.to = at + taken;
          } else {
            bytes.copyWithin(this.to, at, at + taken);
            this.to += taken;
          }
          this.#size -= taken;
          at += taken;
          if (this.#size === 0) this.#state = DATA_CR;
          break;
        }
        case DATA_CR:
          if (octet !== CR) return this.#fail(at);
          at++;
          this.#state = DATA_LF;
          break;
        case DATA_LF:
          if (octet !== LF) return this.#fail(at);
          at++;
          this.#state = SIZE;
          break;
        default:
          return this.#readTrailers(bytes, at);
      }
    }
    return at;
  }

  #readTrailers(bytes: Buffer, start: number): number {
    const held = this.#held;
    const section = held === null ? bytes : Buffer.concat([held, bytes.subarray(start)]);
    const from = held === null ? start : 0;
    const end = scanFields(section, from, Math.min(section.length, from + MAX_TRAILER_BYTES), MAX_TRAILER_FIELDS);
    if (end === -1 && section.length - from < MAX_TRAILER_BYTES) {
      this.#held = held === null ? Buffer.from(bytes.subarray(start)) : section;
      return bytes.length;
    }
    if (end < 0) return this.#fail(start);
    for (let i = 0; i < fields.count; i++) {
      const name = section.toString('latin1', fields.lineStart[i]!, fields.nameEnd[i]!);
      if (!trailerPasses(fields.kind[i]!, name.toLowerCase())) continue;
      this.trailers += `${name}: ${section.toString('latin1', fields.valueStart[i]!, fields.valueEnd[i]!)}\r\n`;
    }
    this.#held = null;
    this.done = true;
    return held === null ? end : start + (end - held.length);
  }

  #fail(at: number): number {
    this.malformed = true;
    return at;
  }
}
