import { like } from '../cedar/expression.ts';
import type { IpRange } from '../cedar/values.ts';
import { ACTIONS, SAFE_METHODS } from '../policy-schema.ts';
import type { Ask, Test } from './formula.ts';
import { CONTAINERS, EXCLUSIVE, MEMBERS, METHOD, NUMBERS, type NumberRange, TYPES, WORDS } from './known-facts.ts';

/** Tests of this much pattern are not compared with one another: it costs their product. */
const MAX_PATTERN = 200;

/**
 * Whether these tests, all of one subject, can never hold together. It says so only where it is sure: what it does not
 * understand can hold. `nowMs` not null: as things are from then on.
 */
export function contradict(tests: readonly Test[], nowMs: number | null): boolean {
  const [first] = tests;
  if (first === undefined) return false;
  const of = <K extends Ask['kind']>(kind: K, isSo: boolean) =>
    tests
      .filter(({ asks, holds }) => asks.kind === kind && holds === isSo)
      .map(({ asks }) => asks as Extract<Ask, { kind: K }>);
  if (subjectOf(first) === REQUEST) return requestContradicts(tests);
  return (
    (of('opaque', true).length > 0 && of('opaque', false).length > 0) ||
    numbersContradict(rangeOf(first.about, nowMs), of('between', true), of('between', false)) ||
    wordsContradict(
      WORDS.get(first.about) ?? null,
      tests.filter(({ asks }) => asks.kind === 'text' || asks.kind === 'like'),
    ) ||
    membersContradict(MEMBERS.get(first.about) ?? null, of('hasAny', true), of('hasAny', false)) ||
    entityContradicts(first.about, tests) ||
    addressContradicts(tests)
  );
}

const REQUEST = 'request';

/** What a test has to be compared with: those of the same fact, and of facts that hang together. */
export function subjectOf({ about }: Test): string {
  return about === 'action' || about === METHOD ? REQUEST : about;
}

type Between = Extract<Ask, { kind: 'between' }>;

/** Time in policies counts in minutes. */
const MINUTE_MS = 60_000;

function rangeOf(about: string, nowMs: number | null): NumberRange {
  if (about === 'context.now' && nowMs !== null) {
    return { from: Math.floor(nowMs / MINUTE_MS) * MINUTE_MS, to: Number.POSITIVE_INFINITY };
  }
  return NUMBERS.get(about) ?? { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
}

function numbersContradict(range: NumberRange, within: readonly Between[], without: readonly Between[]): boolean {
  const from = Math.max(range.from, ...within.map((one) => one.from));
  const to = Math.min(range.to, ...within.map((one) => one.to));
  // What is left when one stretch after the other is cut off.
  let next = from;
  for (const cut of [...without].sort((a, b) => a.from - b.from)) {
    if (cut.from <= next && cut.to >= next) next = cut.to + 1;
  }
  return next > to;
}

type Pattern = readonly (string | null)[];

function wordsContradict(known: readonly string[] | null, tests: readonly Test[]): boolean {
  let left = known;
  for (const { asks, holds } of tests) {
    if (holds && asks.kind === 'text')
      left = left === null ? asks.values : left.filter((one) => asks.values.includes(one));
  }
  if (left !== null) {
    return !left.some((word) =>
      tests.every(({ asks, holds }) =>
        asks.kind === 'text'
          ? asks.values.includes(word) === holds
          : asks.kind !== 'like' || like(word, asks.pattern) === holds,
      ),
    );
  }
  const patterns = (isSo: boolean) =>
    tests.flatMap(({ asks, holds }) => (asks.kind === 'like' && holds === isSo ? [asks.pattern] : []));
  const [wanted, unwanted] = [patterns(true), patterns(false)];
  if (unwanted.some(takesAll)) return true;
  if (unwanted.some((one) => wanted.some((other) => JSON.stringify(one) === JSON.stringify(other)))) return true;
  return wanted.some((one, index) => wanted.slice(index + 1).some((other) => !meet(one, other)));
}

function takesAll(pattern: Pattern): boolean {
  return pattern.length > 0 && pattern.every((part) => part === null);
}

/** Whether some text fits both patterns. */
function meet(one: Pattern, other: Pattern): boolean {
  const spread = (pattern: Pattern) => pattern.flatMap((part) => (part === null ? [null] : [...part]));
  const [a, b] = [spread(one), spread(other)];
  if (a.length > MAX_PATTERN || b.length > MAX_PATTERN) return true;
  // reach[j]: what is before both places can be one text.
  let reach = new Array<boolean>(b.length + 1).fill(false);
  for (let i = 0; i <= a.length; i++) {
    const before = reach;
    reach = new Array<boolean>(b.length + 1).fill(false);
    for (let j = 0; j <= b.length; j++) {
      if (i === 0 && j === 0) {
        reach[0] = true;
        continue;
      }
      const [x, y] = [a[i - 1], b[j - 1]];
      reach[j] =
        (i > 0 && x === null && before[j]!) ||
        (j > 0 && y === null && reach[j - 1]!) ||
        // A wildcard goes on beside a letter of the other, from where it began.
        (i > 0 && y === null && j > 0 && before[j]!) ||
        (j > 0 && x === null && i > 0 && reach[j - 1]!) ||
        (i > 0 && j > 0 && x !== null && x === y && before[j - 1]!);
    }
  }
  return reach[b.length]!;
}

type HasAny = Extract<Ask, { kind: 'hasAny' }>;

function membersContradict(
  known: readonly string[] | null,
  wanted: readonly HasAny[],
  unwanted: readonly HasAny[],
): boolean {
  const without = new Set(unwanted.flatMap(({ values }) => values));
  return wanted.some(({ values }) =>
    values.every((value) => without.has(value) || (known !== null && !known.includes(value))),
  );
}

function entityContradicts(about: string, tests: readonly Test[]): boolean {
  let types = TYPES.get(about) ?? null;
  const [is, isNot, within, without] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  const exclusive = new Map<string, string>();
  for (const { asks, holds } of tests) {
    if (asks.kind === 'isType') types = types?.filter((type) => (type === asks.type) === holds) ?? null;
    if (asks.kind !== 'isEntity' && asks.kind !== 'inEntity') continue;
    const key = `${asks.type}::${asks.id}`;
    if (asks.kind === 'inEntity' && CONTAINERS.has(asks.type)) {
      (holds ? within : without).add(key);
      if (!holds || !EXCLUSIVE.has(asks.type)) continue;
      const other = exclusive.get(asks.type);
      if (other !== undefined && other !== asks.id) return true;
      exclusive.set(asks.type, asks.id);
    } else {
      (holds ? is : isNot).add(key);
      if (holds) types = types?.filter((type) => type === asks.type) ?? null;
    }
  }
  if (types?.length === 0 || is.size > 1) return true;
  return [...is].some((key) => isNot.has(key)) || [...within].some((key) => without.has(key));
}

function addressContradicts(tests: readonly Test[]): boolean {
  const [within, without]: [IpRange[], IpRange[]] = [[], []];
  for (const { asks, holds } of tests) {
    if (asks.kind === 'isAddress') {
      const { bits, prefix } = asks.network;
      // An address is one, never a network of several.
      if (holds && prefix !== bits) return true;
      if (prefix === bits) (holds ? within : without).push(asks.network);
    } else if (asks.kind === 'inNetwork') {
      (holds ? within : without).push(asks.network);
    } else if (asks.kind === 'isFamily') {
      const bits = holds ? asks.bits : 160 - asks.bits;
      within.push({ bits: bits === 32 ? 32 : 128, address: 0n, prefix: 0 });
    }
  }
  return within.some(
    (one) =>
      within.some((other) => !nests(one, other) && !nests(other, one)) || without.some((other) => nests(one, other)),
  );
}

function nests(inner: IpRange, outer: IpRange): boolean {
  if (inner.bits !== outer.bits || inner.prefix < outer.prefix) return false;
  const shift = BigInt(outer.bits - outer.prefix);
  return inner.address >> shift === outer.address >> shift;
}

const EVERY_ACTION = [...ACTIONS, 'administer'] as const;

/** The action and the method of a request: `httpAction` makes the one of the other. */
function requestContradicts(tests: readonly Test[]): boolean {
  const actions = EVERY_ACTION.filter((action) =>
    tests.every(({ asks, holds }) => {
      if (asks.kind === 'isType') return (asks.type === 'Action') === holds;
      if (asks.kind !== 'isEntity' && asks.kind !== 'inEntity') return true;
      const isWithin =
        asks.id === action || (asks.kind === 'inEntity' && asks.id === 'access' && action !== 'administer');
      return isWithin === holds;
    }),
  );
  const method = tests.filter(({ about }) => about === METHOD);
  return !actions.some((action) => {
    if (method.length === 0) return true;
    // Forwards and administration are no requests to a service.
    if (action === 'forward' || action === 'administer') return false;
    if (action === 'read') return !wordsContradict([...SAFE_METHODS], method);
    const unsafe: Test = {
      about: METHOD,
      asks: { kind: 'text', values: [...SAFE_METHODS] },
      holds: false,
      isDenied: false,
      span: { start: 0, end: 0 },
    };
    return !wordsContradict(null, action === 'write' ? [...method, unsafe] : method);
  });
}
