import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';
import { speaksOfAdministration } from '../administration.ts';
import { entitiesNamed, type NamedEntity } from '../cedar/entities-named.ts';
import { UnsupportedPolicyError } from '../cedar/expression.ts';
import { factsUsed } from '../cedar/facts-used.ts';
import { compilePolicy } from '../cedar/policy.ts';
import { tokensOf } from '../form/policy-tokens.ts';
import { POLICY_SCHEMA } from '../policy-schema.ts';
import { CedarOverflowError, withCedar } from './cedar-library.ts';

/** Something that is wrong with a policy, and where. Line and column count from 1, columns in characters. */
export interface PolicyProblem {
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
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

export const MAX_POLICY_TEXT = 20_000;

/** Brackets within brackets, and uses of `if`. The library has a stack of its own, which is small. */
const MAX_NESTING = 50;

/**
 * One policy as text: parsed, checked against the schema, and compiled for gateways. What can never match is refused like
 * what is wrong, since whoever wrote it believes that it does something.
 */
export function checkPolicy(text: string): PolicyCheck {
  if (text.length > MAX_POLICY_TEXT) return refuse(`a policy is at most ${MAX_POLICY_TEXT} characters`);
  const deep = deepestPlace(text);
  if (deep !== null) return { ok: false, problems: [deep] };
  try {
    return withCedar((cedar) => checkWith(cedar, text));
  } catch (error) {
    if (!(error instanceof UnsupportedPolicyError || error instanceof CedarOverflowError)) throw error;
    return refuse(`gateways cannot run this: ${error.message}`);
  }
}

function checkWith(cedar: typeof Cedar, text: string): PolicyCheck {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') return { ok: false, problems: problemsOf(parts.errors, text) };
  if (parts.policy_templates.length > 0)
    return refuse('slots (?principal, ?resource) are not for policies of their own');
  if (parts.policies.length !== 1) return refuse(`one policy is expected, these are ${parts.policies.length}`);

  const answer = cedar.validate({
    schema: schemaFor(cedar),
    policies: { staticPolicies: { policy: text } },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return { ok: false, problems: problemsOf(answer.errors, text) };
  const wrong = [...answer.validationErrors, ...answer.validationWarnings];
  if (wrong.length > 0) {
    const errors = wrong.map(({ error }) => error);
    return { ok: false, problems: problemsOf(errors, text) };
  }

  const parsed = cedar.policyToJson(text);
  if (parsed.type === 'failure') return { ok: false, problems: problemsOf(parsed.errors, text) };
  const json = parsed.json as unknown as Record<string, unknown>;
  const { effect, annotations, facts } = compilePolicy(json);
  if (effect === 'permit' && speaksOfAdministration(json)) {
    return refuse(
      'a permit of administer would give nothing: roles say who may administer, and a forbid says when not',
    );
  }
  return {
    ...{ ok: true, effect, json },
    annotations: Object.fromEntries(annotations),
    facts: [...facts].sort(),
    named: entitiesNamed(json),
    warnings: warningsOf(effect, json, facts),
  };
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
    const before = text.slice(0, token.start).split('\n');
    return {
      message: 'it is nested too deeply',
      help: '',
      line: before.length,
      column: [...before.at(-1)!].length + 1,
    };
  }
  return null;
}

/** A forbid that asks for the country within `when` does not reach whom nobody can place. */
function warningsOf(effect: 'permit' | 'forbid', json: Record<string, unknown>, facts: ReadonlySet<string>): string[] {
  if (effect !== 'forbid' || !facts.has('country')) return [];
  const conditions = json.conditions as { kind: string; body: unknown }[];
  const reading = conditions.filter(({ body }) => factsUsed([body]).has('country'));
  if (reading.every(({ kind }) => kind === 'unless')) return [];
  return [
    'whose country is unknown passes: private addresses have none, and a gateway whose file of countries is broken knows none. ' +
      'Say from where it is allowed instead: unless { context has country && ["CH"].contains(context.country) }',
  ];
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
    return { ok: false, problems: [{ message: error.message, help: '', line: 1, column: 1 }] };
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

function refuse(message: string): PolicyCheck {
  return { ok: false, problems: [{ message, help: '', line: 1, column: 1 }] };
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
    message: label === null || message.includes(label) ? message : `${message}: ${label}`,
    help: (error.help ?? '').slice(0, 500),
    ...place,
  };
}

/** Cedar counts bytes of UTF-8. */
function placeOf(text: string, byteOffset: number): { line: number; column: number } {
  const bytes = new TextEncoder().encode(text);
  const before = new TextDecoder().decode(bytes.subarray(0, byteOffset));
  const lines = before.split('\n');
  return { line: lines.length, column: [...lines.at(-1)!].length + 1 };
}
