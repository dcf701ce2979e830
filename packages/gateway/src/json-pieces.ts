import type { Pieces } from './turns.ts';

/** Characters that are parsed at once: a fraction of a millisecond. */
const PIECE = 32_768;
/** The same of a string. V8 does not move what is larger than 128 KB while it waits to be joined. */
const STRING_PIECE = 262_144;
/** Deeper than this a long value is parsed whole. Ours are three deep; each level is looked through once more. */
const MAX_DEPTH = 8;

export interface JsonPiecesOptions {
  /** How many characters are short. */
  readonly piece?: number;
  /**
   * Takes each element of a list that is a member of the outermost object, and gives what is put in its place. So what is made of
   * an element is made while it is young, and the element itself never grows old.
   */
  readonly each?: (list: string, element: unknown, index: number) => unknown;
}

/**
 * `JSON.parse` (RFC 8259) for texts of many megabytes: the same values from the same texts, in pieces. What is long is taken
 * apart here, by its members or, if it is a string, at places between two escapes; everything short goes through
 * `JSON.parse`, which thereby judges every byte but the brackets, commas and colons of long containers. Throws a
 * `SyntaxError` where `JSON.parse` does.
 */
export function parseJsonPieces(text: string, options: JsonPiecesOptions = {}): Pieces<unknown> {
  return new PieceParser(text, options).value(0, text.length, 0);
}

/** `JSON.stringify` of a string in pieces, which together are its text. */
export function* stringifyPieces(value: string, piece = PIECE): Generator<string, void, void> {
  yield '"';
  for (let start = 0; start < value.length; start += piece) {
    // A pair of surrogates that is cut is written as two escapes, which are read as the same pair.
    yield JSON.stringify(value.slice(start, start + piece)).slice(1, -1);
  }
  yield '"';
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

/** Ranges are `[from, to)`; beyond `to` there is the rest of what encloses the value. */
class PieceParser {
  readonly #text: string;
  readonly #piece: number;
  readonly #stringPiece: number;
  readonly #each: JsonPiecesOptions['each'];

  constructor(text: string, { piece, each }: JsonPiecesOptions) {
    this.#text = text;
    this.#piece = piece ?? PIECE;
    this.#stringPiece = piece ?? STRING_PIECE;
    this.#each = each;
  }

  /** `list`: the name of the member of the outermost object that it is. */
  *value(from: number, to: number, depth: number, list: string | null = null): Pieces<unknown> {
    const start = this.#skipSpace(from);
    const isLong = to - start > this.#piece && depth < MAX_DEPTH;
    const first = this.#text.charCodeAt(start);
    const each = this.#each;
    if (first === OPEN_LIST && depth === 1 && list !== null && each !== undefined) {
      return yield* this.#list(start, to, depth, (element, index) => each(list, element, index));
    }
    if (first === OPEN_LIST && isLong) return yield* this.#list(start, to, depth, null);
    if (first === OPEN_OBJECT && (isLong || (depth === 0 && each !== undefined))) {
      return yield* this.#object(start, to, depth);
    }
    if (first === QUOTE && isLong) {
      const { value, end } = yield* this.#string(start, to);
      this.#expectEnd(end, to);
      return value;
    }
    return JSON.parse(this.#text.slice(from, to));
  }

  *#list(
    open: number,
    to: number,
    depth: number,
    change: ((element: unknown, index: number) => unknown) | null,
  ): Pieces<unknown[]> {
    const values: unknown[] = [];
    const push = (value: unknown): void => void values.push(change === null ? value : change(value, values.length));
    let at = this.#skipSpace(open + 1);
    if (this.#text.charCodeAt(at) === CLOSE_LIST) {
      this.#expectEnd(at + 1, to);
      return values;
    }
    // Elements that are short are parsed together: from the first of them to the end of the last.
    let together = at;
    let togetherEnd = at;
    const parseTogether = (): void => {
      if (togetherEnd === together) return;
      const parsed = JSON.parse(`[${this.#text.slice(together, togetherEnd)}]`) as unknown[];
      for (const value of parsed) push(value);
    };
    for (;;) {
      const start = at;
      const end = yield* this.#findEnd(start, to);
      if (end === start) throw unexpected(start);
      at = this.#skipSpace(end);
      const next = at < to ? this.#text.charCodeAt(at) : 0;
      if (next !== COMMA && next !== CLOSE_LIST) throw unexpected(at);
      const following = next === COMMA ? this.#skipSpace(at + 1) : at;
      const isLong = end - start > this.#piece;
      if (!isLong) togetherEnd = end;
      if (isLong || next === CLOSE_LIST || end - together > this.#piece) {
        parseTogether();
        if (isLong) push(yield* this.value(start, end, depth + 1));
        together = following;
        togetherEnd = following;
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
    while (this.#text.charCodeAt(at) !== CLOSE_OBJECT || members.length > 0) {
      if (this.#text.charCodeAt(at) !== QUOTE) throw unexpected(at);
      const { value: key, end: keyEnd } = yield* this.#string(at, to);
      at = this.#skipSpace(keyEnd);
      if (this.#text.charCodeAt(at) !== COLON) throw unexpected(at);
      const start = this.#skipSpace(at + 1);
      if (this.#text.charCodeAt(start) === QUOTE) {
        const { value, end } = yield* this.#string(start, to);
        members.push([key, value]);
        at = end;
      } else {
        const end = yield* this.#findEnd(start, to);
        members.push([key, yield* this.value(start, end, depth + 1, depth === 0 ? key : null)]);
        at = end;
      }
      yield;
      at = this.#skipSpace(at);
      const next = at < to ? this.#text.charCodeAt(at) : 0;
      if (next === CLOSE_OBJECT) break;
      if (next !== COMMA) throw unexpected(at);
      at = this.#skipSpace(at + 1);
    }
    this.#expectEnd(at + 1, to);
    // Defines members instead of setting them: `__proto__` is a name like any other.
    return Object.fromEntries(members);
  }

  /** The string that begins at `open`, and where it ends. */
  *#string(open: number, to: number): Pieces<{ value: string; end: number }> {
    const parts: string[] = [];
    let start = open + 1;
    let at = start;
    for (;;) {
      if (at >= to) throw unexpected(to);
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE || at - start >= this.#stringPiece) {
        parts.push(JSON.parse(`"${this.#text.slice(start, at)}"`) as string);
        start = at;
        if (code === QUOTE) break;
        yield;
      }
      if (code === BACKSLASH) at += this.#text.charCodeAt(at + 1) === SMALL_U ? 6 : 2;
      else at++;
    }
    return { value: parts.length === 1 ? parts[0]! : parts.join(''), end: at + 1 };
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
      const code = text.charCodeAt(at);
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
      const code = this.#text.charCodeAt(at);
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
