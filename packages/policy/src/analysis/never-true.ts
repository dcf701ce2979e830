import { conditionSpans, headSpans } from './condition-spans.ts';
import { contradict, subjectOf } from './contradiction.ts';
import { type Formula, formulaOf, type Test } from './formula.ts';
import { headFormulas } from './policy-tests.ts';

/**
 * Parts of a policy that can never be true, though the type checker takes them: `hour > 20 && hour < 5`. It is sound: what it
 * names is never true whatever is asked, as `never-true.test.ts` holds against the evaluator; of what is too large or not
 * understood it says nothing.
 */
export interface NeverTrue {
  /** The tests that cannot hold together, in the order of the text. One alone: nothing fits it. */
  readonly tests: readonly Test[];
}

export interface Analysis {
  /** Not empty: the policy can never match, for these reasons, one for each way in which it could have. */
  readonly impossible: readonly NeverTrue[];
  /** The same, from now on: its time is over. Empty where `impossible` is not. */
  readonly over: readonly NeverTrue[];
  /** Parts that do nothing, of a policy that can match. */
  readonly idle: readonly NeverTrue[];
}

/** Steps that one question may take; a policy that needs more is not judged. */
const MAX_STEPS = 4_000;
/** Of one subject so many tests are compared. */
const MAX_TESTS = 100;
const MAX_REASONS = 5;

const NOTHING: Analysis = { impossible: [], over: [], idle: [] };

/** `json`: what Cedar's parser made of `text`, after it was checked. */
export function findNeverTrue(json: Record<string, unknown>, text: string, nowMs: number): Analysis {
  const conditions = json.conditions as readonly { kind: 'when' | 'unless'; body: unknown }[];
  // A forbid that errs forbids, so where it can err nothing is sure.
  if (json.effect === 'forbid' && conditions.some(({ body }) => canErr(body))) return NOTHING;
  const spans = conditionSpans(text);
  if (spans.length !== conditions.length) return NOTHING;
  const head = headFormulas(json, headSpans(text));
  const bodies = conditions.map(({ kind, body }, index) => formulaOf(body, spans[index]!, kind === 'when'));
  const whole: Formula = { kind: 'and', parts: [...head, ...bodies] };
  const impossible = refute(whole, null);
  if (impossible.length > 0) return { ...NOTHING, impossible };
  const over = refute(whole, nowMs);
  const asWritten = conditions.map(({ body }, index) => formulaOf(body, spans[index]!, true));
  const parts = conditions.flatMap(({ kind }, index) => [
    ...(kind === 'unless' ? [asWritten[index]!] : []),
    ...alternativesIn(asWritten[index]!),
  ]);
  const idle = new Map<string, NeverTrue>();
  for (const part of parts) {
    for (const one of refute({ kind: 'and', parts: [...head, part] }, null)) {
      idle.set(keyOf(one.tests), one);
    }
  }
  return { impossible: [], over, idle: [...idle.values()].slice(0, MAX_REASONS) };
}

function alternativesIn(formula: Formula): Formula[] {
  if ((formula.kind !== 'and' && formula.kind !== 'or') || formula.isOneTest) return [];
  return [...(formula.kind === 'or' ? formula.parts : []), ...formula.parts.flatMap(alternativesIn)];
}

/** Why a formula can never hold, for each way in which it could; empty: it can, or nobody knows. */
function refute(formula: Formula, nowMs: number | null): readonly NeverTrue[] {
  const found = new Map<string, NeverTrue>();
  let steps = 0;
  const add = (tests: readonly Test[]) => {
    const inOrder = [...new Set(tests)].sort((a, b) => a.span.start - b.span.start);
    if (inOrder.length > 0) found.set(keyOf(inOrder), { tests: inOrder });
  };
  /** Whether all of these can hold together, beside what is taken for granted. */
  const canHold = (todo: readonly Formula[], held: readonly Test[]): boolean => {
    const choices: Extract<Formula, { kind: 'and' | 'or' }>[] = [];
    const queue = [...todo];
    let tests = held;
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      if (++steps > MAX_STEPS) return true;
      if (next.kind === 'constant') {
        if (!next.value) return false;
      } else if (next.kind !== 'test') {
        if (next.kind === 'and') queue.unshift(...next.parts);
        else choices.push(next);
      } else {
        const { test } = next;
        const beside = tests.filter((one) => subjectOf(one) === subjectOf(test));
        tests = [...tests, test];
        if (beside.length >= MAX_TESTS || !contradict([...beside, test], nowMs)) continue;
        add(fewest([...beside, test], nowMs));
        return false;
      }
    }
    // What the text has as one test comes last, so that its alternatives become one reason without those of others.
    const [choice, ...others] = choices.sort((a, b) => Number(a.isOneTest ?? false) - Number(b.isOneTest ?? false));
    if (choice === undefined) return true;
    const before = new Set(found.keys());
    if (choice.parts.some((part) => canHold([part, ...others], tests))) return true;
    if (choice.isOneTest) {
      const ones = [...found].filter(([key]) => !before.has(key));
      for (const [key] of ones) found.delete(key);
      add(ones.flatMap(([, reason]) => reason.tests));
    }
    return false;
  };
  return canHold([formula], []) ? [] : [...found.values()].slice(0, MAX_REASONS);
}

/** As few of them as still contradict one another. */
function fewest(tests: readonly Test[], nowMs: number | null): readonly Test[] {
  let kept = tests;
  for (const test of tests) {
    const without = kept.filter((one) => one !== test);
    if (contradict(without, nowMs)) kept = without;
  }
  return kept;
}

/** Tests of one text are told apart by what they ask. */
function keyOf(tests: readonly Test[]): string {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  return JSON.stringify(
    tests.map(({ span, asks }) => [span, asks]),
    plain,
  );
}

/** What fails on some values: sums may overflow, times may be too far away, an entity that is named may not be there. */
const ERRING: ReadonlySet<string> = new Set([
  ...['+', '-', '*', 'neg', 'offset', 'durationSince', 'toDate', 'toTime'],
  ...['toMilliseconds', 'toSeconds', 'toMinutes', 'toHours', 'toDays'],
]);

function canErr(json: unknown): boolean {
  if (typeof json !== 'object' || json === null) return false;
  for (const [operator, body] of Object.entries(json)) {
    if (ERRING.has(operator) || (operator === '.' && isNamed((body as { left: unknown }).left)) || canErr(body)) {
      return true;
    }
  }
  return false;
}

function isNamed(json: unknown): boolean {
  if (typeof json !== 'object' || json === null || 'Var' in json) return false;
  return '.' in json ? isNamed((json['.'] as { left: unknown }).left) : true;
}
