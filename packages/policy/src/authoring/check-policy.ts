import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';
import { speaksOfAdministration } from '../administration.ts';
import { conditionSpans, headSpans, type SpanTree } from '../analysis/condition-spans.ts';
import { findNeverTrue, type NeverTrue } from '../analysis/never-true.ts';
import { policyTests } from '../analysis/policy-tests.ts';
import { entitiesNamed, type NamedEntity } from '../cedar/entities-named.ts';
import { UnsupportedPolicyError } from '../cedar/expression.ts';
import { factsUsed } from '../cedar/facts-used.ts';
import { compilePolicy } from '../cedar/policy.ts';
import { layoutOf, tokensOf } from '../form/policy-tokens.ts';
import { POLICY_SCHEMA } from '../policy-schema.ts';
import { CedarOverflowError, withCedar } from './cedar-library.ts';
import { codedMessage } from './cedar-messages.ts';
import { whyNeverTrue } from './never-true-texts.ts';

/** Something that is wrong with a policy, and where. Line and column count from 1, columns in characters. */
export interface PolicyProblem {
  /** Stable, for programs and other languages; empty: only its message says what it is. */
  readonly code: string;
  /** What the message of the code names. */
  readonly values: Readonly<Record<string, string>>;
  /** In English. */
  readonly message: string;
  /** What to do about it; empty: nothing more to say. */
  readonly help: string;
  readonly line: number;
  readonly column: number;
}

export type PolicyCheck =
  | {
      readonly ok: true;
      readonly effect: 'permit' | 'forbid';
      /** Cedar's JSON format, which gateways run. */
      readonly json: Record<string, unknown>;
      readonly annotations: Readonly<Record<string, string>>;
      /** What its conditions read of the moment, such as `risk`. */
      readonly facts: readonly string[];
      /** Users, groups, objects and segments that it names. */
      readonly named: readonly NamedEntity[];
      /** What its author may not have thought of. */
      readonly warnings: readonly PolicyProblem[];
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

export const MAX_POLICY_TEXT = 20_000;

/** Brackets within brackets, and uses of `if`. The library has a stack of its own, which is small. */
const MAX_NESTING = 50;

/**
 * One policy as text: parsed, checked against the schema, and compiled for gateways. What can never match is refused like
 * what is wrong, since whoever wrote it believes that it does something. `nowMs`: one whose time is over by then is warned of.
 */
export function checkPolicy(text: string, nowMs: number = Date.now()): PolicyCheck {
  if (text.length > MAX_POLICY_TEXT)
    return refuse('too_long', `a policy is at most ${MAX_POLICY_TEXT} characters`, { most: String(MAX_POLICY_TEXT) });
  const deep = deepestPlace(text);
  if (deep !== null) return { ok: false, problems: [deep] };
  try {
    return withCedar((cedar) => checkWith(cedar, text, nowMs));
  } catch (error) {
    if (!(error instanceof UnsupportedPolicyError || error instanceof CedarOverflowError)) throw error;
    return refuse('cannot_run', `gateways cannot run this: ${error.message}`, { why: error.message });
  }
}

function checkWith(cedar: typeof Cedar, text: string, nowMs: number): PolicyCheck {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') return { ok: false, problems: problemsOf(parts.errors, text) };
  if (parts.policy_templates.length > 0)
    return refuse('slots', 'slots (?principal, ?resource) are not for policies of their own');
  if (parts.policies.length !== 1)
    return refuse('one_expected', `one policy is expected, these are ${parts.policies.length}`, {
      count: String(parts.policies.length),
    });

  const answer = cedar.validate({
    schema: schemaFor(cedar),
    policies: { staticPolicies: { policy: text } },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return { ok: false, problems: problemsOf(answer.errors, text) };
  const wrong = [...answer.validationErrors, ...answer.validationWarnings];
  const parsed = cedar.policyToJson(text);
  if (parsed.type === 'failure') return { ok: false, problems: problemsOf(parsed.errors, text) };
  const json = parsed.json as unknown as Record<string, unknown>;
  if (wrong.length > 0) {
    const problems = problemsOf(
      wrong.map(({ error }) => error),
      text,
    );
    // That it can never match follows from what else is wrong, and says nothing of where.
    const follows: readonly string[] = ['cedar.impossible', 'cedar.no_applicable_action'];
    const named = problems.filter(({ code }) => !follows.includes(code));
    const [first] = problems.filter(({ code }) => code === 'cedar.no_applicable_action');
    if (named.length === 0 && first !== undefined) return { ok: false, problems: [first] };
    return { ok: false, problems: named.length > 0 ? named : impossiblePart(cedar, json, text, nowMs) };
  }
  const empty = entitiesNamed(json).find(({ id }) => id === '');
  if (empty !== undefined) {
    const place = placeAt(text, Math.max(0, text.search(/::\s*""/)));
    const message = `${empty.type}::"" names nothing: an id is not empty`;
    return { ok: false, problems: [{ code: 'empty_id', values: { type: empty.type }, message, help: '', ...place }] };
  }
  const { effect, annotations, facts } = compilePolicy(json);
  if (effect === 'permit' && speaksOfAdministration(json)) {
    return refuse(
      'permit_of_administer',
      'a permit of administer would give nothing: roles say who may administer, and a forbid says when not',
    );
  }
  const { impossible, over, idle } = findNeverTrue(json, text, nowMs);
  if (impossible.length > 0) return { ok: false, problems: neverMatches(impossible, text) };
  const past = over.map((one): PolicyProblem => {
    const { part } = whyNeverTrue(one, text).values;
    const message = `its time is over: \`${part}\` is never true any more`;
    return { code: 'over', values: { part: part! }, message, help: '', ...placeAt(text, one.tests[0]!.span.start) };
  });
  return {
    ...{ ok: true, effect, json },
    annotations: Object.fromEntries(annotations),
    facts: [...facts].sort(),
    named: entitiesNamed(json),
    warnings: [
      ...past,
      ...neverTrue('idle', 'this part does nothing', idle, text),
      ...unknownCountries(json, text),
      ...warningsOf(effect, json, facts, text),
    ],
  };
}

function neverTrue(code: string, lead: string, found: readonly NeverTrue[], text: string): PolicyProblem[] {
  return found.map((one): PolicyProblem => {
    const why = whyNeverTrue(one, text);
    const place = placeAt(text, one.tests[0]!.span.start);
    return { code: `${code}.${why.code}`, values: why.values, message: `${lead}: ${why.message}`, help: '', ...place };
  });
}

const neverMatches = (found: readonly NeverTrue[], text: string) =>
  neverTrue('never_matches', 'it can never match', found, text);

/** Of one condition so many parts are asked about one by one. */
const MAX_PARTS = 20;

/** The type checker alone knows that a policy is impossible, and not by which part: that is found by asking for each. */
function impossiblePart(
  cedar: typeof Cedar,
  json: Record<string, unknown>,
  text: string,
  nowMs: number,
): readonly PolicyProblem[] {
  const { impossible } = findNeverTrue(json, text, nowMs);
  if (impossible.length > 0) return neverMatches(impossible, text);
  const clauses = json.conditions as readonly { kind: string }[];
  const head = headText(text);
  for (const [index, span] of conditionSpans(text).entries()) {
    const { kind } = clauses[index]!;
    const parts = kind === 'when' ? partsOf(span, 'and') : partsOf(span, 'or');
    for (const { start, end } of parts.slice(0, MAX_PARTS)) {
      const part = text.slice(start, end);
      const answer = cedar.validate({
        schema: schemaFor(cedar),
        policies: { staticPolicies: { policy: `${head} ${kind} { ${part} };` } },
        validationSettings: { mode: 'strict' },
      });
      if (answer.type === 'failure') continue;
      if (![...answer.validationErrors, ...answer.validationWarnings].some(({ error }) => isImpossible(error)))
        continue;
      const values = { part: part.replace(/\s+/g, ' ').slice(0, 300) };
      const said = kind === 'when' ? 'is never true' : 'is always true';
      const message = `it can never match: \`${values.part}\` ${said}`;
      const code = kind === 'when' ? 'part_impossible' : 'never_matches.always';
      return [{ code, values, message, help: '', ...placeAt(text, start) }];
    }
  }
  const place = placeAt(text, headSpans(text)[0]?.start ?? 0);
  return [
    {
      ...problem('cedar.impossible', 'it can never match: nothing that is asked fits its head and conditions'),
      ...place,
    },
  ];
}

function isImpossible(error: Cedar.DetailedError): boolean {
  return /policy is impossible/.test(error.message);
}

function partsOf(tree: SpanTree, joint: 'and' | 'or'): SpanTree[] {
  return tree.joint === joint ? tree.parts.flatMap((part) => partsOf(part, joint)) : [tree];
}

/** From `permit` or `forbid` to the end of the head. */
function headText(text: string): string {
  const read = tokensOf(text);
  const { head, headEnd } = layoutOf(read);
  return text.slice(read.tokens[head]!.start, read.tokens[headEnd]!.start + 1);
}

let readSchema: Cedar.Schema | null = null;

/** The library reads a schema again for each policy, and one in its JSON format three times as fast as one in text. */
function schemaFor(cedar: typeof Cedar): Cedar.Schema {
  if (readSchema === null) {
    const answer = cedar.schemaToJsonWithResolvedTypes(POLICY_SCHEMA);
    if (answer.type === 'failure') throw new Error(`the schema of policies is wrong: ${JSON.stringify(answer.errors)}`);
    readSchema = answer.json;
  }
  return readSchema;
}

/** Where a text nests deeper than anybody means it; null: nowhere. */
function deepestPlace(text: string): PolicyProblem | null {
  let [depth, ifs] = [0, 0];
  for (const token of tokensOf(text).tokens) {
    if (token.text === '(' || token.text === '[' || token.text === '{') depth++;
    else if (token.text === ')' || token.text === ']' || token.text === '}') depth--;
    else if (token.text === 'if') ifs++;
    else if (token.text === ';' && depth === 0) ifs = 0;
    if (depth <= MAX_NESTING && ifs <= MAX_NESTING) continue;
    return {
      code: 'too_deep',
      values: {},
      message: 'it is nested too deeply',
      help: '',
      ...placeAt(text, token.start),
    };
  }
  return null;
}

/** A forbid that asks for the country within `when` does not reach whom nobody can place. */
function warningsOf(
  effect: 'permit' | 'forbid',
  json: Record<string, unknown>,
  facts: ReadonlySet<string>,
  text: string,
): PolicyProblem[] {
  if (effect !== 'forbid' || !facts.has('country')) return [];
  const conditions = json.conditions as { kind: string; body: unknown }[];
  const reading = conditions.filter(({ body }) => factsUsed([body]).has('country'));
  if (reading.every(({ kind }) => kind === 'unless')) return [];
  return [
    {
      code: 'country_unknown',
      values: {},
      message:
        'whose country is unknown passes: private addresses have none, and a gateway whose file of countries is broken knows none',
      help: 'Say from where it is allowed instead: unless { context has country && ["CH"].contains(context.country) }',
      ...placeAt(text, Math.max(0, text.indexOf('country'))),
    },
  ];
}

/** Two letters that stand for no country: files of countries may have them, and nobody means them. */
function unknownCountries(json: Record<string, unknown>, text: string): PolicyProblem[] {
  const named = policyTests(json).flatMap(({ about, asks }) =>
    about === 'context.country' && asks.kind === 'text' ? asks.values : [],
  );
  return [...new Set(named)]
    .filter((code) => /^[A-Z]{2}$/.test(code))
    .flatMap((code): PolicyProblem[] => {
      const meant = new Intl.Locale('und', { region: code }).region ?? code;
      const name = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' }).of(code);
      const isKnown = name !== undefined && name !== 'Unknown Region';
      if (isKnown && meant === code) return [];
      const place = placeAt(text, Math.max(0, text.indexOf(JSON.stringify(code))));
      const other = meant === code ? '' : `, did you mean ${meant}?`;
      const message = `${code} is no country of ISO 3166-1${other}`;
      return [
        { code: 'country_code', values: { code, meant: meant === code ? '' : meant }, message, help: '', ...place },
      ];
    });
}

/** One policy of a file; `line` is where it begins, from 1. */
export interface PolicyPart {
  readonly text: string;
  readonly line: number;
}

export type PolicyParts =
  | { readonly ok: true; readonly policies: readonly PolicyPart[] }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** The policies of a file, in its order. Comments between two of them are left out. */
export function splitPolicies(text: string): PolicyParts {
  const deep = deepestPlace(text);
  if (deep !== null) return { ok: false, problems: [deep] };
  let parts: Cedar.PolicySetTextToPartsAnswer;
  try {
    parts = withCedar((cedar) => cedar.policySetTextToParts(text));
  } catch (error) {
    if (!(error instanceof CedarOverflowError)) throw error;
    return { ok: false, problems: [problem('too_deep', error.message)] };
  }
  if (parts.type === 'failure') return { ok: false, problems: problemsOf(parts.errors, text) };
  const policies: PolicyPart[] = [];
  for (const policy of [...parts.policies, ...parts.policy_templates]) {
    // The library gives back what it was given, sorted by its own ids; where it stands says the order.
    let at = text.indexOf(policy);
    while (at !== -1 && policies.some(({ line }) => line === lineAt(text, at))) at = text.indexOf(policy, at + 1);
    policies.push({ text: policy, line: at === -1 ? 1 : lineAt(text, at) });
  }
  return { ok: true, policies: policies.sort((a, b) => a.line - b.line) };
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** As Cedar's own formatter writes it. Only for what was checked. */
export function formatPolicy(text: string): string {
  const answer = withCedar((cedar) => cedar.formatPolicies({ policyText: text, lineWidth: 100, indentWidth: 2 }));
  return answer.type === 'success' ? answer.formatted_policy : text;
}

function refuse(code: string, message: string, values: Readonly<Record<string, string>> = {}): PolicyCheck {
  return { ok: false, problems: [problem(code, message, values)] };
}

function problem(code: string, message: string, values: Readonly<Record<string, string>> = {}): PolicyProblem {
  return { code, values, message, help: '', line: 1, column: 1 };
}

/** The validator says the same of each action that a policy is for: once is enough. */
function problemsOf(errors: readonly Cedar.DetailedError[], text: string): readonly PolicyProblem[] {
  const problems = new Map<string, PolicyProblem>();
  for (const error of errors) {
    const problem = problemOf(error, text);
    const key = JSON.stringify(problem);
    if (!problems.has(key)) problems.set(key, problem);
  }
  return [...problems.values()];
}

function problemOf(error: Cedar.DetailedError, text: string): PolicyProblem {
  const location = error.sourceLocations?.[0];
  const place = location === undefined ? { line: 1, column: 1 } : placeOf(text, location.start);
  const label = location?.label ?? null;
  // The validator prefixes its messages with the id under which it was given the policy.
  const message = error.message
    .replace(/^for policy `policy`, /, '')
    .replace(/ for Action::"\w+"/, '')
    .slice(0, 500);
  return {
    ...codedMessage(message, error.help ?? ''),
    message: label === null || message.includes(label) ? message : `${message}: ${label}`,
    help: (error.help ?? '').replace(/^for policy `policy`, /, '').slice(0, 500),
    ...place,
  };
}

/** Cedar counts bytes of UTF-8. */
function placeOf(text: string, byteOffset: number): { line: number; column: number } {
  const bytes = new TextEncoder().encode(text);
  return placeAt(text, new TextDecoder().decode(bytes.subarray(0, byteOffset)).length);
}

/** `offset` as JavaScript counts. */
function placeAt(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split('\n');
  return { line: lines.length, column: [...lines.at(-1)!].length + 1 };
}
