import type { SnapshotHeaderRules } from '@zeronaut/model';
import { AUTHORIZATION, COOKIE_FIELD, classifyField } from './field-kinds.ts';
import { FOLDED_TOKEN } from './octets.ts';

/**
 * Header rules of a resource, compiled once for as long as it stays as it is: the lines that are added, ready to be written, and
 * the names that go. Heads are written from them by `outgoing-head.ts`; a resource without rules never comes here.
 */
export interface CompiledHeaderRules {
  /** What the service reads as Host; null: what the visitor asked for. */
  readonly host: string | null;
  readonly request: FieldChanges;
  readonly response: FieldChanges;
}

const compiled = new WeakMap<SnapshotHeaderRules, CompiledHeaderRules>();

/** Null: none. The schema has checked every name and value, so that nothing in a line can end it. */
export function headerRulesOf(resource: {
  readonly headers?: SnapshotHeaderRules | undefined;
}): CompiledHeaderRules | null {
  const { headers } = resource;
  if (headers === undefined) return null;
  const known = compiled.get(headers);
  if (known !== undefined) return known;
  const rules: CompiledHeaderRules = {
    host: headers.host ?? null,
    request: new FieldChanges(headers.request),
    response: new FieldChanges(headers.response),
  };
  compiled.set(headers, rules);
  return rules;
}

/** What happens to the fields of one direction. */
export class FieldChanges {
  /** What is set and added, each with CRLF. */
  readonly lines: string;
  /** The parser keeps these apart from the lines that travel on. */
  readonly dropsCookie: boolean;
  readonly dropsAuthorization: boolean;
  /** Folded names that are set or removed, by their length. */
  readonly #dropped: (readonly Uint8Array[] | undefined)[] = [];
  readonly #drops: boolean;

  constructor(rules: SnapshotHeaderRules['request']) {
    const dropped = rules.filter(({ action }) => action !== 'add').map(({ name }) => folded(name));
    this.lines = rules
      .filter(({ value }) => value !== undefined)
      .map(({ name, value }) => `${name}: ${value}\r\n`)
      .join('');
    for (const name of dropped) this.#dropped[name.length] = [...(this.#dropped[name.length] ?? []), name];
    this.#drops = dropped.length > 0;
    const kinds = dropped.map((name) => classifyField(name, 0, name.length));
    this.dropsCookie = kinds.includes(COOKIE_FIELD);
    this.dropsAuthorization = kinds.includes(AUTHORIZATION);
  }

  /** `lines` (each with CRLF, as the scanner accepted them) without those that are set or removed, in any spelling. */
  without(lines: string): string {
    if (!this.#drops) return lines;
    let kept = '';
    let runStart = 0;
    let at = 0;
    while (at < lines.length) {
      const colon = lines.indexOf(':', at);
      const end = lines.indexOf('\r\n', colon) + 2;
      if (this.#isDropped(lines, at, colon)) {
        if (runStart < at) kept += lines.slice(runStart, at);
        runStart = end;
      }
      at = end;
    }
    return runStart === 0 ? lines : kept + lines.slice(runStart);
  }

  #isDropped(text: string, start: number, end: number): boolean {
    const names = this.#dropped[end - start];
    if (names === undefined) return false;
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      let at = 0;
      while (at < name.length && FOLDED_TOKEN[text.charCodeAt(start + at)] === name[at]) at++;
      if (at === name.length) return true;
    }
    return false;
  }
}

/** Every mark as `-`, as the scanner reads names: `X_Name` is `X-Name` to many a service. */
function folded(name: string): Uint8Array {
  return Uint8Array.from(name, (letter) => FOLDED_TOKEN[letter.charCodeAt(0)]!);
}
