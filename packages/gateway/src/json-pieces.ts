import type { Pieces } from './turns.ts';

/** Bytes that are parsed at once: a fraction of a millisecond. */
const PIECE = 32_768;
/** Deeper than this a long value is parsed whole. Ours are three deep; each level is looked through once more. */
const MAX_DEPTH = 8;

/** Bytes of a text: from the first to the one after the last. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

/** What is done with the elements of one list. */
interface ListElements {
  known(range: TextRange): boolean;
  each(element: unknown, index: number, range: TextRange): unknown;
}

export interface JsonPiecesOptions {
  /** How many bytes are short. */
  readonly piece?: number;
  /**
   * Takes each element of a list that is a member of the outermost object, and gives what is put in its place. So what is made of
   * an element is made while it is young, and the element itself never grows old.
   */
  readonly each?: (list: string, element: unknown, index: number, range: TextRange) => unknown;
  /** Whether an element of such a list, by its text, needs not be parsed: null takes its place. */
  readonly known?: (list: string, range: TextRange) => boolean;
  /**
   * A member of an object with this name whose value is a long string is given as a `Buffer` with the UTF-8 of its characters: as
   * one string of V8 it would be copied whole, at once, and again and again. `room`: how many bytes of the buffer's memory are free before it.
   */
  readonly bytes?: { readonly name: string; readonly room: number };
}

/**
 * `JSON.parse` (RFC 8259) for texts of many megabytes: the same values from the same texts, in pieces. What is long is taken
 * apart here, by its members; everything short goes through `JSON.parse`, which thereby judges every byte but the brackets, commas
 * and colons of long containers, and the strings of `bytes`. Throws a `SyntaxError` where `JSON.parse` does.
 *
 * The text is UTF-8, checked before, and stays outside of the heap, whose collections it would make longer.
 */
export function parseJsonPieces(text: Buffer, options: JsonPiecesOptions = {}): Pieces<unknown> {
  return new PieceParser(text, options).value(0, text.length, 0);
}

/**
 * `JSON.stringify` of a string, given in UTF-8, in pieces, which together are its text. Each is in the same memory as the one before:
 * megabytes of buffers outside of the heap would call for a collection of all of it.
 */
export function* stringifyPieces(value: Buffer, piece = PIECE): Generator<Buffer, void, void> {
  // A character that ends behind its piece, and escapes of six bytes for one.
  const memory = Buffer.allocUnsafe(6 * (Math.min(piece, value.length) + MAX_CHARACTER_BYTES));
  const quote = Buffer.from('"');
  yield quote;
  for (let start = 0; start < value.length; ) {
    const end = endOfCharacter(value, Math.min(start + piece, value.length));
    const text = JSON.stringify(value.toString('utf8', start, end));
    yield memory.subarray(0, memory.write(text.slice(1, -1)));
    start = end;
  }
  yield quote;
}

const MAX_CHARACTER_BYTES = 4;

/** The first place at or after `at` where a character ends (RFC 3629: its further bytes are 10xxxxxx). */
function endOfCharacter(text: Buffer, at: number): number {
  let end = at;
  while (end < text.length && (text[end]! & 0xc0) === 0x80) end++;
  return end;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const SMALL_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** What an escape of two characters means (RFC 8259, section 7), by its second. */
const ESCAPES = new Map(
  [...'"\\/bfnrt'].map((sign, index) => [sign.charCodeAt(0), '"\\/\b\f\n\r\t'.charCodeAt(index)]),
);
const HEX_DIGITS = /^[0-9a-fA-F]{4}$/;

/** Ranges are `[from, to)`; beyond `to` there is the rest of what encloses the value. */
class PieceParser {
  readonly #text: Buffer;
  readonly #piece: number;
  readonly #each: JsonPiecesOptions['each'];
  readonly #known: JsonPiecesOptions['known'];
  readonly #bytes: JsonPiecesOptions['bytes'];

  constructor(text: Buffer, { piece, each, known, bytes }: JsonPiecesOptions) {
    this.#text = text;
    this.#piece = Math.max(1, piece ?? PIECE);
    this.#each = each;
    this.#known = known;
    this.#bytes = bytes;
  }

  /** `list`: the name of the member of the outermost object that it is. */
  *value(from: number, to: number, depth: number, list: string | null = null): Pieces<unknown> {
    const start = this.#skipSpace(from);
    const isLong = to - start > this.#piece && depth < MAX_DEPTH;
    const first = this.#text[start];
    const each = this.#each;
    if (first === OPEN_LIST && depth === 1 && list !== null && each !== undefined) {
      const known = this.#known;
      return yield* this.#list(start, to, depth, {
        known: (range) => known?.(list, range) === true,
        each: (element, index, range) => each(list, element, index, range),
      });
    }
    if (first === OPEN_LIST && isLong) return yield* this.#list(start, to, depth, null);
    if (first === OPEN_OBJECT && (isLong || (depth === 0 && each !== undefined))) {
      return yield* this.#object(start, to, depth);
    }
    return JSON.parse(this.#text.toString('utf8', from, to));
  }

  *#list(open: number, to: number, depth: number, elements: ListElements | null): Pieces<unknown[]> {
    const values: unknown[] = [];
    const push = (value: unknown, range: TextRange): void =>
      void values.push(elements === null ? value : elements.each(value, values.length, range));
    let at = this.#skipSpace(open + 1);
    if (this.#text[at] === CLOSE_LIST) {
      this.#expectEnd(at + 1, to);
      return values;
    }
    // Elements that are short are parsed together: from the first of them to the end of the last.
    let together: TextRange[] = [];
    let pieceFrom = at;
    const parseTogether = (): void => {
      if (together.length === 0) return;
      const text = this.#text.toString('utf8', together[0]!.from, together.at(-1)!.to);
      const parsed = JSON.parse(`[${text}]`) as unknown[];
      for (const [index, value] of parsed.entries()) push(value, together[index]!);
      together = [];
    };
    for (;;) {
      const start = at;
      const end = yield* this.#findEnd(start, to);
      if (end === start) throw unexpected(start);
      at = this.#skipSpace(end);
      const next = at < to ? this.#text[at] : 0;
      if (next !== COMMA && next !== CLOSE_LIST) throw unexpected(at);
      const following = next === COMMA ? this.#skipSpace(at + 1) : at;
      const range = { from: start, to: end };
      const isLong = end - start > this.#piece;
      if (elements?.known(range) === true) {
        parseTogether();
        values.push(null);
      } else if (isLong) {
        parseTogether();
        push(yield* this.value(start, end, depth + 1), range);
      } else {
        together.push(range);
      }
      if (next === CLOSE_LIST || end - pieceFrom > this.#piece) {
        parseTogether();
        pieceFrom = following;
        yield;
      }
      if (next === CLOSE_LIST) break;
      at = following;
    }
    this.#expectEnd(at + 1, to);
    return values;
  }

  *#object(open: number, to: number, depth: number): Pieces<Record<string, unknown>> {
    const members: [string, unknown][] = [];
    let at = this.#skipSpace(open + 1);
    while (this.#text[at] !== CLOSE_OBJECT || members.length > 0) {
      if (this.#text[at] !== QUOTE) throw unexpected(at);
      const keyEnd = yield* this.#findEnd(at, to);
      const key = JSON.parse(this.#text.toString('utf8', at, keyEnd)) as string;
      at = this.#skipSpace(keyEnd);
      if (this.#text[at] !== COLON) throw unexpected(at);
      const start = this.#skipSpace(at + 1);
      at = yield* this.#findEnd(start, to);
      const isLongString = this.#text[start] === QUOTE && at - start > this.#piece;
      const value =
        isLongString && key === this.#bytes?.name
          ? yield* this.#stringBytes(start, at)
          : yield* this.value(start, at, depth + 1, depth === 0 ? key : null);
      members.push([key, value]);
      yield;
      at = this.#skipSpace(at);
      const next = at < to ? this.#text[at] : 0;
      if (next === CLOSE_OBJECT) break;
      if (next !== COMMA) throw unexpected(at);
      at = this.#skipSpace(at + 1);
    }
    this.#expectEnd(at + 1, to);
    // Defines members instead of setting them: `__proto__` is a name like any other.
    return Object.fromEntries(members);
  }

  /** UTF-8 of the characters of the string in `[open, end)`, which ends with a quote unless the text ends before it. */
  *#stringBytes(open: number, end: number): Pieces<Buffer> {
    const text = this.#text;
    const last = end - 1;
    if (last === open || text[last] !== QUOTE) throw unexpected(end);
    const { room } = this.#bytes!;
    const value = Buffer.allocUnsafe(room + last - open - 1);
    let size = room;
    for (let at = open + 1; at < last; ) {
      const pieceEnd = Math.min(at + this.#piece, last);
      while (at < pieceEnd) {
        const code = text[at]!;
        if (code < SPACE) throw unexpected(at);
        if (code !== BACKSLASH) {
          value[size++] = code;
          at++;
          continue;
        }
        const unit = at + 1 < last ? this.#unicodeEscape(at, last) : null;
        if (unit === null) {
          const plain = at + 1 < last ? ESCAPES.get(text[at + 1]!) : undefined;
          if (plain === undefined) throw unexpected(at);
          value[size++] = plain;
          at += 2;
          continue;
        }
        at += 6;
        const isHigh = unit >= 0xd800 && unit < 0xdc00;
        const low = isHigh ? this.#unicodeEscape(at, last) : null;
        const isPair = low !== null && low >= 0xdc00 && low < 0xe000;
        if (isPair) at += 6;
        // Half a pair becomes U+FFFD, as in every string that is written as UTF-8.
        size += value.write(String.fromCharCode(unit, ...(isPair ? [low] : [])), size);
      }
      yield;
    }
    return value.subarray(room, size);
  }

  /** The code unit of the `\\uXXXX` at `at`; null: another escape, or none, is there. */
  #unicodeEscape(at: number, end: number): number | null {
    const text = this.#text;
    if (at + 1 >= end || text[at] !== BACKSLASH || text[at + 1] !== SMALL_U) return null;
    if (at + 6 > end) throw unexpected(end);
    const digits = text.toString('latin1', at + 2, at + 6);
    if (!HEX_DIGITS.test(digits)) throw unexpected(at);
    return Number.parseInt(digits, 16);
  }

  /** Where the value that begins at `start` ends. Says nothing of whether it is right inside. */
  *#findEnd(start: number, to: number): Pieces<number> {
    const text = this.#text;
    let depth = 0;
    let inString = false;
    let yieldAt = start + this.#piece;
    for (let at = start; at < to; at++) {
      if (at >= yieldAt) {
        yield;
        yieldAt = at + this.#piece;
      }
      const code = text[at]!;
      if (inString) {
        if (code === BACKSLASH) at++;
        else if (code === QUOTE) {
          inString = false;
          if (depth === 0) return at + 1;
        }
        continue;
      }
      switch (code) {
        case QUOTE:
          inString = true;
          break;
        case OPEN_LIST:
        case OPEN_OBJECT:
          depth++;
          break;
        case CLOSE_LIST:
        case CLOSE_OBJECT:
          if (depth === 0) return at;
          if (--depth === 0) return at + 1;
          break;
        case COMMA:
        case TAB:
        case NEWLINE:
        case RETURN:
        case SPACE:
          if (depth === 0) return at;
          break;
        default:
      }
    }
    return to;
  }

  #skipSpace(from: number): number {
    let at = from;
    for (;;) {
      const code = this.#text[at];
      if (code !== SPACE && code !== NEWLINE && code !== RETURN && code !== TAB) return at;
      at++;
    }
  }

  #expectEnd(from: number, to: number): void {
    const at = this.#skipSpace(from);
    if (at < to) throw unexpected(at);
  }
}

function unexpected(at: number): SyntaxError {
  return new SyntaxError(`unexpected character or end of JSON at position ${at}`);
}
