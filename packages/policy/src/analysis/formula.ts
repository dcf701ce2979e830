import { EXTENSION_FUNCTIONS } from '../cedar/extensions.ts';
import { Extension, type IpRange } from '../cedar/values.ts';
import type { Span, SpanTree } from './condition-spans.ts';

/**
 * Conditions as what they ask of single facts, joined by *and* and *or* alone: denials are pushed down to the tests. A test that
 * is not understood stays as it is, and only contradicts its own denial.
 */
export type Formula =
  | { readonly kind: 'test'; readonly test: Test }
  /** `isOneTest`: the text has it as one, such as `[8, 9].contains(…)`. */
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Formula[]; readonly isOneTest?: true }
  | { readonly kind: 'constant'; readonly value: boolean };

export interface Test {
  /** What it is about: `context.time.hour`, `principal`; of what is not understood its own text. */
  readonly about: string;
  readonly asks: Ask;
  /** False: it must not be so. */
  readonly holds: boolean;
  /** The text at `span` is denied from outside: by `!` or `unless`. */
  readonly isDenied: boolean;
  readonly span: Span;
}

export type Ask =
  /** A number, or a time in ms; both ends belong to it. */
  | { readonly kind: 'between'; readonly from: number; readonly to: number; readonly isTime: boolean }
  | { readonly kind: 'text'; readonly values: readonly string[] }
  /** `null`: a wildcard. */
  | { readonly kind: 'like'; readonly pattern: readonly (string | null)[] }
  | { readonly kind: 'isEntity' | 'inEntity'; readonly type: string; readonly id: string }
  | { readonly kind: 'isType'; readonly type: string }
  /** Of a set: has one of these. */
  | { readonly kind: 'hasAny'; readonly values: readonly string[] }
  | { readonly kind: 'inNetwork' | 'isAddress'; readonly network: IpRange }
  | { readonly kind: 'isFamily'; readonly bits: number }
  | { readonly kind: 'opaque' };

type Json = Readonly<Record<string, unknown>>;

/** What `json` asks, or, with `holds` false, its denial. `spans` are those of the same condition. */
export function formulaOf(json: unknown, spans: SpanTree, holds: boolean): Formula {
  const [operator, body] = Object.entries(json as Json)[0]! as [string, Json];
  const matching = (joint: SpanTree['joint'], index: number) => (spans.joint === joint ? spans.parts[index]! : spans);
  switch (operator) {
    case '&&':
    case '||': {
      const joint = operator === '&&' ? 'and' : 'or';
      const parts = [body.left, body.right].map((part, index) => formulaOf(part, matching(joint, index), holds));
      return { kind: holds === (operator === '&&') ? 'and' : 'or', parts };
    }
    case '!':
      return formulaOf(body.arg, matching('not', 0), !holds);
    case 'if-then-else': {
      const condition = (asked: boolean) => formulaOf(body.if, matching('if', 0), asked);
      const then = formulaOf(body.then, matching('if', 1), holds);
      const otherwise = formulaOf(body.else, matching('if', 2), holds);
      return {
        kind: 'or',
        parts: [
          { kind: 'and', parts: [condition(true), then] },
          { kind: 'and', parts: [condition(false), otherwise] },
        ],
      };
    }
    case 'Value':
      if (typeof body === 'boolean') return { kind: 'constant', value: body === holds };
  }
  const tests = testsOf(operator, body, json, holds, spans);
  return tests.kind === 'or' ? { ...tests, isOneTest: true } : tests;
}

function testsOf(operator: string, body: Json, json: unknown, holds: boolean, { start, end }: SpanTree): Formula {
  const span = { start, end };
  const test = (about: string, asks: Ask, isSo = holds): Formula => ({
    kind: 'test',
    test: { about, asks, holds: isSo, isDenied: !holds, span },
  });
  const opaque = (): Formula => test(JSON.stringify(json), { kind: 'opaque' });
  const hasAny = (of: string, values: readonly string[]): Formula => {
    if (!of.endsWith('.segments')) return test(of, { kind: 'hasAny', values });
    // Its segments are what it is in: one test, in whichever way it is written.
    const about = of.slice(0, -'.segments'.length);
    const parts = values.map((id) => test(about, { kind: 'inEntity', type: 'Segment', id }));
    return parts.length === 1 ? parts[0]! : { kind: holds ? 'or' : 'and', parts };
  };
  const [left, right] = [body.left, body.right];
  switch (operator) {
    case '==':
    case '!=': {
      const isSo = holds === (operator === '==');
      const about = pathOf(left) ?? pathOf(right);
      const value = constantOf(pathOf(left) === null ? left : right);
      if (about === null || value === undefined) {
        return test(JSON.stringify({ '==': body }), { kind: 'opaque' }, isSo);
      }
      if (typeof value === 'boolean') {
        return test(JSON.stringify(pathOf(left) === null ? right : left), { kind: 'opaque' }, isSo === value);
      }
      const asks = equalityOf(value);
      return asks === null ? test(JSON.stringify({ '==': body }), { kind: 'opaque' }, isSo) : test(about, asks, isSo);
    }
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const flipped = pathOf(left) === null;
      const about = pathOf(flipped ? right : left);
      const value = constantOf(flipped ? left : right);
      if (about === null) return opaque();
      const isTime = value instanceof Extension && value.kind === 'datetime';
      const bound = isTime ? Number(value.amount) : value;
      if (typeof bound !== 'number') return opaque();
      const isBelow = operator.startsWith('<') !== flipped;
      const step = operator.endsWith('=') ? 0 : 1;
      const between = isBelow
        ? { from: Number.NEGATIVE_INFINITY, to: bound - step }
        : { from: bound + step, to: Number.POSITIVE_INFINITY };
      return test(about, { kind: 'between', ...between, isTime });
    }
    case 'contains': {
      const [set, about] = [constantOf(left), pathOf(right)];
      // A constant set that contains a fact is the fact being one of its members.
      if (Array.isArray(set) && about !== null) {
        if (set.every((item) => typeof item === 'string')) return test(about, { kind: 'text', values: set });
        const each = set.map(equalityOf);
        if (each.every((asks) => asks !== null)) {
          return { kind: holds ? 'or' : 'and', parts: each.map((asks) => test(about, asks)) };
        }
        return opaque();
      }
      const [of, value] = [pathOf(left), constantOf(right)];
      return of !== null && typeof value === 'string' ? hasAny(of, [value]) : opaque();
    }
    case 'containsAny':
    case 'containsAll': {
      const [about, set] = [pathOf(left), constantOf(right)];
      if (about === null || !Array.isArray(set) || !set.every((item) => typeof item === 'string')) return opaque();
      if (operator === 'containsAny') return hasAny(about, set);
      const parts = set.map((item) => hasAny(about, [item]));
      return { kind: holds ? 'and' : 'or', parts };
    }
    case 'like': {
      const about = pathOf(left);
      if (about === null) return opaque();
      const pattern = (body.pattern as (string | { Literal: string })[]).map((part) =>
        typeof part === 'string' ? null : part.Literal,
      );
      return test(about, { kind: 'like', pattern });
    }
    case 'in': {
      const [about, value] = [pathOf(left), constantOf(right)];
      const outers = Array.isArray(value) ? value : [value];
      if (about === null || !outers.every(isEntity)) return opaque();
      const parts = outers.map(({ type, id }) => test(about, { kind: 'inEntity', type, id }));
      return parts.length === 1 ? parts[0]! : { kind: holds ? 'or' : 'and', parts };
    }
    case 'is': {
      const about = pathOf(left);
      if (about === null) return opaque();
      const isType = test(about, { kind: 'isType', type: String(body.entity_type) });
      if (body.in === undefined || body.in === null) return isType;
      const outer = constantOf(body.in);
      if (!isEntity(outer)) return opaque();
      return {
        kind: holds ? 'and' : 'or',
        parts: [isType, test(about, { kind: 'inEntity', type: outer.type, id: outer.id })],
      };
    }
    case 'isInRange': {
      const [address, range] = body as unknown as unknown[];
      const [about, value] = [pathOf(address), constantOf(range)];
      return about !== null && value instanceof Extension && value.ip !== null
        ? test(about, { kind: 'inNetwork', network: value.ip })
        : opaque();
    }
    case 'isIpv4':
    case 'isIpv6': {
      const about = pathOf((body as unknown as unknown[])[0]);
      return about === null ? opaque() : test(about, { kind: 'isFamily', bits: operator === 'isIpv4' ? 32 : 128 });
    }
  }
  return opaque();
}

/** `context.time.hour`, `principal`: a fact by its name; null: something else. */
function pathOf(json: unknown): string | null {
  if (typeof json !== 'object' || json === null) return null;
  const { Var: name, '.': access } = json as { Var?: unknown; '.'?: { left?: unknown; attr?: unknown } };
  if (typeof name === 'string') return name;
  if (access === undefined) return null;
  const left = pathOf(access.left);
  return left === null ? null : `${left}.${String(access.attr)}`;
}

interface NamedRef {
  readonly type: string;
  readonly id: string;
}
type Constant = string | number | boolean | NamedRef | Extension | readonly Constant[];

function isEntity(value: unknown): value is NamedRef {
  return typeof value === 'object' && value !== null && 'type' in value && 'id' in value;
}

/** A value that is written out; undefined: something that has to be worked out. */
function constantOf(json: unknown): Constant | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const [operator, body] = Object.entries(json)[0] ?? [];
  if (operator === 'Value') return literalOf(body);
  if (operator === 'Set') return allOf((body as readonly unknown[]).map(constantOf));
  if (operator === 'neg') {
    const value = constantOf((body as Json).arg);
    return typeof value === 'number' ? 0 - value : undefined;
  }
  const extension = operator === undefined ? undefined : EXTENSION_FUNCTIONS.get(operator);
  if (extension?.arity !== 1) return undefined;
  const value = constantOf((body as readonly unknown[])[0]);
  if (typeof value !== 'string') return undefined;
  try {
    const made = extension.run([value]);
    return made instanceof Extension ? made : undefined;
  } catch {
    // No such value: whoever asks for it errs, which is not for us to judge.
    return undefined;
  }
}

function literalOf(json: unknown): Constant | undefined {
  if (typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return allOf(json.map(literalOf));
  const { __entity: entity } = (json ?? {}) as { __entity?: unknown };
  return isEntity(entity) ? entity : undefined;
}

function allOf(items: readonly (Constant | undefined)[]): readonly Constant[] | undefined {
  return items.every((item) => item !== undefined) ? items : undefined;
}

function equalityOf(value: Constant): Ask | null {
  if (typeof value === 'string') return { kind: 'text', values: [value] };
  if (typeof value === 'number') return { kind: 'between', from: value, to: value, isTime: false };
  if (isEntity(value)) return { kind: 'isEntity', type: value.type, id: value.id };
  if (!(value instanceof Extension)) return null;
  if (value.kind === 'datetime') {
    return { kind: 'between', from: Number(value.amount), to: Number(value.amount), isTime: true };
  }
  return value.ip === null ? null : { kind: 'isAddress', network: value.ip };
}
