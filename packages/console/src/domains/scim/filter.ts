/**
 * Filters of SCIM (RFC 7644, 3.4.2.2), from text to a tree, by hand and with bounds: what a filter may cost is known before
 * a database sees it. `emails[type eq "work"]` is read as `emails.type eq "work"`, since nobody here has more than one.
 */
import { Refusal } from '../../store/refusal.ts';

const MAX_LENGTH = 1_000;
/** Comparisons of one filter. */
const MAX_TERMS = 20;
/** Brackets and parentheses within one another. */
const MAX_DEPTH = 10;

const OPERATORS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'pr'] as const;
export type FilterOperator = (typeof OPERATORS)[number];

export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | {
      readonly kind: 'compare';
      /** In lower case, without a schema: `name.familyname`. */
      readonly path: string;
      readonly operator: FilterOperator;
      /** Null also for `pr`, which has none. */
      readonly value: string | number | boolean | null;
    };

/** Before attribute names of the core schemas, which may be left out. */
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;

export function parseFilter(text: string): Filter | Refusal {
  if (text.length > MAX_LENGTH) return invalid(`more than ${MAX_LENGTH} characters`);
  const parser = new Parser(text);
  const filter = parser.alternatives('', 0);
  if (parser.failure !== null) return invalid(parser.failure);
  return filter !== null && parser.atEnd() ? filter : invalid(`what stands at ${parser.at} is not expected`);
}

/** An attribute path such as `name.familyName`, in lower case and without its schema; null when it is none. */
export function attributePath(text: string): string | null {
  const path = text.toLowerCase().replace(CORE, '');
  return /^(?:urn:[a-z0-9:._-]{1,150}:)?[a-z$][a-z0-9_$-]{0,60}(?:\.[a-z$][a-z0-9_$-]{0,60})?$/.test(path)
    ? path
    : null;
}

class Parser {
  at = 0;
  failure: string | null = null;
  #terms = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    this.#skip();
    return this.at === this.#text.length;
  }

  /** `or` binds less than `and`. */
  alternatives(prefix: string, depth: number): Filter | null {
    return this.#list('or', () => this.#list('and', () => this.#term(prefix, depth)));
  }

  #list(kind: 'and' | 'or', next: () => Filter | null): Filter | null {
    const parts: Filter[] = [];
    do {
      const part = next();
      if (part === null) return null;
      parts.push(part);
    } while (this.#word(kind));
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  #term(prefix: string, depth: number): Filter | null {
    if (depth > MAX_DEPTH) return this.#fail(`more than ${MAX_DEPTH} levels`);
    if (this.#word('not')) {
      const part = this.#group(prefix, depth);
      return part === null ? null : { kind: 'not', part };
    }
    this.#skip();
    if (this.#text[this.at] === '(') return this.#group(prefix, depth);
    return this.#comparison(prefix, depth);
  }

  #group(prefix: string, depth: number): Filter | null {
    if (!this.#character('(')) return this.#fail(`( is missing at ${this.at}`);
    const inner = this.alternatives(prefix, depth + 1);
    if (inner === null) return null;
    return this.#character(')') ? inner : this.#fail(`) is missing at ${this.at}`);
  }

  #comparison(prefix: string, depth: number): Filter | null {
    if (++this.#terms > MAX_TERMS) return this.#fail(`more than ${MAX_TERMS} comparisons`);
    const name = this.#match(/[A-Za-z$][A-Za-z0-9:._$-]*/y);
    const path = name === null ? null : attributePath(name);
    if (path === null) return this.#fail(`an attribute is missing at ${this.at}`);
    if (this.#text[this.at] === '[') {
      if (prefix !== '') return this.#fail('brackets within brackets');
      this.at++;
      const inner = this.alternatives(`${path}.`, depth + 1);
      if (inner === null) return null;
      return this.#character(']') ? inner : this.#fail(`] is missing at ${this.at}`);
    }
    const operator = this.#match(/[A-Za-z]+/y)?.toLowerCase() as FilterOperator;
    if (!OPERATORS.includes(operator)) return this.#fail(`an operator is missing at ${this.at}`);
    if (operator === 'pr') return { kind: 'compare', path: prefix + path, operator, value: null };
    const value = this.#value();
    return value === undefined ? null : { kind: 'compare', path: prefix + path, operator, value };
  }

  /** As JSON writes them. */
  #value(): string | number | boolean | null | undefined {
    const text = this.#match(/"(?:[^"\\]|\\.)*"|-?\d{1,15}(?:\.\d{1,15})?|true|false|null/iy);
    if (text === null) return this.#fail(`a value is missing at ${this.at}`) ?? undefined;
    try {
      return JSON.parse(text.startsWith('"') ? text : text.toLowerCase());
    } catch {
      // JSON.parse has no other way to say so.
      return this.#fail(`the value before ${this.at} cannot be read`) ?? undefined;
    }
  }

  #word(word: string): boolean {
    const start = this.at;
    if (this.#match(/[A-Za-z]+(?=[\s(])/y)?.toLowerCase() === word) return true;
    this.at = start;
    return false;
  }

  #character(character: string): boolean {
    this.#skip();
    if (this.#text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  #match(pattern: RegExp): string | null {
    this.#skip();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  #skip(): void {
    while (this.#text[this.at] === ' ') this.at++;
  }

  #fail(failure: string): null {
    this.failure ??= failure;
    return null;
  }
}

function invalid(detail: string): Refusal {
  return new Refusal('scim.filter_invalid', { detail });
}
