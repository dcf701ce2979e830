import type {
  FORM_FACTS,
  FormClause,
  FormCondition,
  FormTest,
  PolicyForm,
  WhatSelector,
  WhoSelector,
} from '@zeronaut/model';
import { patternText } from './cedar-literals.ts';
import { FACT_KINDS, guardsOfTest, isOptional, mergeTests } from './form-facts.ts';

/** Cedar's JSON policy format (https://docs.cedarpolicy.com/policies/json-format.html), as far as it is read here. */
type Json = unknown;

/** What a form cannot say. `expression` is the part, null: something of the head; `clause` counts from 0. */
export class TextOnlyError extends Error {
  override readonly name = 'TextOnlyError';
  readonly expression: Json;
  clause = -1;

  constructor(message: string, expression: Json = null) {
    super(message);
    this.expression = expression;
  }
}

/** A condition, and where its comments can stand: which parts of which clause it was read from. */
export interface ReadForm {
  readonly form: PolicyForm;
  /** For each clause: for each of the parts that `&&` joins, the condition that it went into; null: into the head. */
  readonly places: readonly (readonly (FormCondition | null)[])[];
}

/** The form of a checked policy. Throws a `TextOnlyError` that names what has no place in a form. */
export function formOfJson(json: Readonly<Record<string, Json>>): ReadForm {
  const who: WhoSelector[] = headSelectors(json.principal, WHO_TYPES, 'principal');
  const what: WhatSelector[] = headSelectors(json.resource, WHAT_TYPES, 'resource');
  const form: PolicyForm = {
    effect: json.effect as PolicyForm['effect'],
    who,
    actions: actionsOf(json.action as Scope),
    what,
    when: [],
    unless: [],
    annotations: Object.fromEntries(
      Object.entries((json.annotations ?? {}) as Record<string, string | null>).map(([name, value]) => [
        name,
        value ?? '',
      ]),
    ),
  };
  form.when.push(...headTypeOf(json.principal, 'who'), ...headTypeOf(json.resource, 'what'));
  const places = (json.conditions as { kind: 'when' | 'unless'; body: Json }[]).map(({ kind, body }, index) => {
    try {
      return kind === 'when' ? readWhen(form, body) : readUnless(form, body);
    } catch (error) {
      if (error instanceof TextOnlyError) error.clause = index;
      throw error;
    }
  });
  return { form, places };
}

interface Scope {
  readonly op: string;
  readonly entity?: EntityJson;
  readonly entities?: readonly EntityJson[];
  readonly entity_type?: string;
  readonly in?: { readonly entity: EntityJson } | null;
}

interface EntityJson {
  readonly type: string;
  readonly id: string;
  readonly __entity?: EntityJson;
}

const WHO_TYPES = {
  User: 'user',
  ServiceAccount: 'service_account',
  Guest: 'guest',
  Group: 'group',
  Role: 'role',
} as const;
const WHAT_TYPES = { Resource: 'resource', Site: 'site', Segment: 'segment' } as const;

function headSelectors<T>(json: Json, types: Readonly<Record<string, string>>, variable: string): T[] {
  const scope = json as Scope;
  if (scope.op === 'All') return [];
  const entity = scope.op === 'is' ? (scope.in?.entity ?? null) : (scope.entity ?? null);
  const is = types[entity?.type ?? scope.entity_type ?? ''];
  if (is === undefined) throw new TextOnlyError(`a form cannot say this of the ${variable}`);
  return [{ is, id: entity?.id ?? null } as T];
}

/** `principal is User in Group::"…"` says two things; the type becomes a condition. */
function headTypeOf(json: Json, test: 'who' | 'what'): FormCondition[] {
  const scope = json as Scope;
  if (scope.op !== 'is' || scope.in === undefined || scope.in === null) return [];
  return [typeTest(scope.entity_type!, test)];
}

function typeTest(type: string, test: 'who' | 'what'): FormTest {
  const types: Readonly<Record<string, string>> = test === 'who' ? WHO_TYPES : WHAT_TYPES;
  const selector = { is: types[type]!, id: null };
  return (test === 'who' ? { test, who: [selector] } : { test, what: [selector] }) as FormTest;
}

function actionsOf(scope: Scope): PolicyForm['actions'] {
  if (scope.op === 'All') return [];
  const entities = scope.entities ?? [scope.entity!];
  const actions = entities.map(({ id }) => id) as PolicyForm['actions'];
  const isGroup = actions.length === 1 && actions[0] === 'access';
  if (scope.op === '==' && isGroup) throw new TextOnlyError('nothing is ever the action "access" itself');
  return [...new Set(actions)];
}

function readWhen(form: PolicyForm, body: Json): (FormCondition | null)[] {
  const parts = flatten(body, '&&');
  const { conditions, places } = readConjunction(parts);
  const [only] = conditions;
  if (conditions.length === 1 && only?.test === 'who' && form.who.length === 0 && only.who.length > 1) {
    form.who.push(...only.who);
    return places.map(() => null);
  }
  if (conditions.length === 1 && only?.test === 'what' && form.what.length === 0 && only.what.length > 1) {
    form.what.push(...only.what);
    return places.map(() => null);
  }
  form.when.push(...conditions);
  return places;
}

function readUnless(form: PolicyForm, body: Json): (FormCondition | null)[] {
  const alternatives = mergeable(body) === null ? flatten(body, '||') : [body];
  const places = alternatives.map((alternative) => {
    const read = readConjunction(flatten(alternative, '&&'));
    if (read.conditions.length === 0) throw new TextOnlyError('an exception without conditions', alternative);
    form.unless.push(read.conditions);
    return read.places;
  });
  const first = places[0]!;
  return alternatives.length === 1 ? first : [first.find((place) => place !== null) ?? null];
}

function flatten(json: Json, operator: '&&' | '||'): Json[] {
  const inner = operands(json, operator);
  return inner === null ? [json] : inner.flatMap((side) => flatten(side, operator));
}

function operands(json: Json, operator: string): [Json, Json] | null {
  const body = (json as Record<string, { left: Json; right: Json } | undefined>)[operator];
  return body === undefined ? null : [body.left, body.right];
}

/** Parts that hold together. Whether something is there is only asked for when nothing reads it afterwards. */
function readConjunction(parts: readonly Json[]): { conditions: FormCondition[]; places: (FormCondition | null)[] } {
  const places: (FormCondition | null)[] = parts.map(() => null);
  const entries: { condition: FormCondition; part: number; consumed: boolean }[] = [];
  for (const [part, json] of parts.entries()) {
    if ((json as { Value?: unknown }).Value === true) continue;
    for (const condition of readPart(json)) {
      const guards = guardsOfTest(condition);
      for (const entry of entries) {
        if (entry.condition.test !== 'known' || !guards.includes(entry.condition.fact)) continue;
        entry.consumed = true;
        for (const [index, place] of places.entries()) if (place === entry.condition) places[index] = condition;
      }
      entries.push({ condition, part, consumed: false });
      places[part] ??= condition;
    }
  }
  return { conditions: entries.filter(({ consumed }) => !consumed).map(({ condition }) => condition), places };
}

function readPart(json: Json): FormCondition[] {
  const merged = mergeable(json);
  if (merged !== null) return [merged];
  if (operands(json, '||') !== null) {
    const of = flatten(json, '||').map((alternative) => {
      const { conditions } = readConjunction(flatten(alternative, '&&'));
      if (conditions.length === 0) throw new TextOnlyError('an alternative without conditions', alternative);
      const deep = conditions.find(({ test }) => test === 'any');
      if (deep !== undefined) throw new TextOnlyError('alternatives within alternatives', alternative);
      return conditions as FormClause[];
    });
    return [{ test: 'any', of }];
  }
  const denied = (json as { '!'?: { arg: Json } })['!'];
  if (denied !== undefined) return readNot(denied.arg);
  const unequal = operands(json, '!=');
  if (unequal !== null) return readNot({ '==': { left: unequal[0], right: unequal[1] } });
  return readLeaves(json);
}

function readNot(arg: Json): FormCondition[] {
  const twice = (arg as { '!'?: { arg: Json } })['!'];
  if (twice !== undefined) return flatten(twice.arg, '&&').flatMap(readPart);
  if (mergeable(arg) === null && operands(arg, '||') !== null) return flatten(arg, '||').flatMap(readNot);
  const flag = pathOf(arg);
  if (flag !== null && FACT_KINDS.get(flag) === 'flag') return [{ fact: flag as FlagFact, test: 'is', value: false }];
  const { conditions } = readConjunction(flatten(arg, '&&'));
  const [only] = conditions;
  if (only === undefined) throw new TextOnlyError('nothing is denied here', arg);
  if (conditions.length === 1 && only.test === 'is' && guardsOfTest(only).length === 0) {
    return [{ ...only, value: !only.value }];
  }
  if (conditions.some(({ test }) => test === 'not' || test === 'any')) {
    throw new TextOnlyError('alternatives or a denial within a denial', arg);
  }
  return [{ test: 'not', of: conditions as FormTest[] }];
}

/** One test that is written with "or": selectors, or networks. */
function mergeable(json: Json): FormTest | null {
  const parts = flatten(json, '||');
  if (parts.length === 1) return null;
  const tests = parts.map(readOr);
  return tests.every((test) => test !== null) ? mergeTests(tests) : null;
}

function readOr(json: Json): FormTest | null {
  const selector = readSelector(json);
  if (selector !== null) return selector;
  return readNetwork(json);
}

function readLeaves(json: Json): FormCondition[] {
  const test =
    readSelector(json) ??
    readContextEntity(json) ??
    readNetwork(json) ??
    readCompare(json) ??
    readEqual(json) ??
    readNames(json) ??
    null;
  if (test !== null) return [test];
  const has = (json as { has?: { left: Json; attr: string | string[] } }).has;
  if (has !== undefined) return readHas(has.left, [has.attr].flat(), json);
  const like = (json as { like?: { left: Json; pattern: ('Wildcard' | { Literal: string })[] } }).like;
  if (like !== undefined) {
    const fact = factOf(like.left, 'text', json);
    const value = patternText(like.pattern.map((part) => (part === 'Wildcard' ? null : part.Literal)));
    return [{ fact: fact as TextFact, test: 'like', value }];
  }
  const flag = pathOf(json);
  if (flag !== null && FACT_KINDS.get(flag) === 'flag') {
    return [{ fact: flag as FlagFact, test: 'is', value: true }];
  }
  throw new TextOnlyError('a form cannot say this', json);
}

type FlagFact = (typeof FORM_FACTS.flag)[number];
type TextFact = (typeof FORM_FACTS.text)[number];
type NumberFact = (typeof FORM_FACTS.number)[number];

/** `principal`, `resource` or a part of the context; null: something else. */
function pathOf(json: Json): string | null {
  const access = (json as { '.'?: { left: Json; attr: string } })['.'];
  if (access === undefined) return null;
  const variable = (access.left as { Var?: string }).Var;
  if (variable === 'context') return access.attr;
  if (variable === 'principal' || variable === 'resource') return `${variable}.${access.attr}`;
  const left = pathOf(access.left);
  return left === null ? null : `${left}.${access.attr}`;
}

function factOf(json: Json, kind: string, whole: Json): string {
  const path = pathOf(json);
  if (path === null || FACT_KINDS.get(path) !== kind) throw new TextOnlyError('a form cannot say this', whole);
  return path;
}

function readHas(left: Json, names: readonly string[], whole: Json): FormCondition[] {
  const variable = (left as { Var?: string }).Var;
  let path = variable === 'context' ? '' : pathOf(left);
  if (path === null) throw new TextOnlyError('a form asks only for parts of the context', whole);
  const tests: FormCondition[] = [];
  for (const name of names) {
    path = path === '' ? name : `${path}.${name}`;
    if (isOptional(path)) tests.push({ fact: path as (typeof FORM_FACTS.optional)[number], test: 'known' });
    else if (names.length === 1 || name === names.at(-1)) {
      throw new TextOnlyError(`${path} is not among what can be absent`, whole);
    }
  }
  return tests;
}

function entityOf(json: Json): EntityJson | null {
  const value = (json as { Value?: { __entity?: EntityJson } }).Value;
  return typeof value === 'object' && value !== null ? (value.__entity ?? null) : null;
}

function readSelector(json: Json): FormTest | null {
  const is = (json as { is?: { left: Json; entity_type: string; in?: Json } }).is;
  const equal = operands(json, '==');
  const within = operands(json, 'in');
  const left = is?.left ?? equal?.[0] ?? within?.[0];
  const variable = (left as { Var?: string } | undefined)?.Var;
  if (variable !== 'principal' && variable !== 'resource') return null;
  const types: Readonly<Record<string, string>> = variable === 'principal' ? WHO_TYPES : WHAT_TYPES;
  let selectors: { is: string | undefined; id: string | null }[];
  if (is !== undefined) {
    if (is.in !== undefined && is.in !== null) throw new TextOnlyError('write "is" and "in" as two conditions', json);
    selectors = [{ is: types[is.entity_type], id: null }];
  } else {
    const right = (equal ?? within!)[1];
    const items = (right as { Set?: readonly Json[] }).Set ?? [right];
    const entities = items.map(entityOf);
    if (items.length === 0 || entities.includes(null)) throw new TextOnlyError('a form cannot say this', json);
    selectors = entities.map((entity) => ({ is: types[entity!.type], id: entity!.id }));
    // `in` reaches through groups, `==` does not: of what is no group both say the same.
    const groups = selectors.some(({ is }) => is === 'group' || is === 'role' || is === 'segment');
    if (equal !== null && groups) throw new TextOnlyError('nobody is a group itself: write "in"', json);
  }
  if (selectors.some(({ is }) => is === undefined)) throw new TextOnlyError('a form cannot say this', json);
  return (variable === 'principal' ? { test: 'who', who: selectors } : { test: 'what', what: selectors }) as FormTest;
}

/** Entities of the context, by the facts that say the same of them: id and segments. */
const CONTEXT_TYPES: Readonly<Record<string, 'Device' | 'Gateway'>> = { device: 'Device', gateway: 'Gateway' };

function readContextEntity(json: Json): FormTest | null {
  const sides = operands(json, '==') ?? operands(json, 'in');
  if (sides === null) return null;
  const name = pathOf(sides[0]);
  const type = name === null ? undefined : CONTEXT_TYPES[name];
  if (type === undefined) return null;
  const entities = ((sides[1] as { Set?: readonly Json[] }).Set ?? [sides[1]]).map(entityOf);
  const values = entities.flatMap((entity) => (entity === null ? [] : [entity.id]));
  if (values.length === 0 || values.length < entities.length) return null;
  if (entities.every((entity) => entity?.type === type)) {
    return { fact: `${name}.id` as TextFact, test: 'one_of', values };
  }
  if (!entities.every((entity) => entity?.type === 'Segment') || operands(json, 'in') === null) return null;
  return { fact: `${name}.segments` as (typeof FORM_FACTS.names)[number], test: 'has_any', values };
}

function readNetwork(json: Json): FormTest | null {
  const args = (json as { isInRange?: [Json, Json] }).isInRange;
  if (args === undefined || pathOf(args[0]) !== 'address') return null;
  const ip = (args[1] as { ip?: [{ Value?: unknown }] }).ip?.[0].Value;
  return typeof ip === 'string' ? { fact: 'address', test: 'within', values: [ip] } : null;
}

const COMPARISONS = [
  ['<', 'below', 'above'],
  ['<=', 'at_most', 'at_least'],
  ['>', 'above', 'below'],
  ['>=', 'at_least', 'at_most'],
] as const;

function readCompare(json: Json): FormTest | null {
  for (const [operator, test, turned] of COMPARISONS) {
    const sides = operands(json, operator);
    if (sides === null) continue;
    return compareTest(sides[0], test, sides[1]) ?? compareTest(sides[1], turned, sides[0]);
  }
  return null;
}

function compareTest(left: Json, test: 'below' | 'above' | 'at_most' | 'at_least', right: Json): FormTest | null {
  const fact = pathOf(left);
  if (fact === 'now') {
    const value = (right as { datetime?: [{ Value?: unknown }] }).datetime?.[0].Value;
    return typeof value === 'string' ? { fact, test, value } : null;
  }
  const value = literalOf(right);
  if (fact === null || FACT_KINDS.get(fact) !== 'number' || typeof value !== 'number') return null;
  return { fact: fact as NumberFact, test, value };
}

function readEqual(json: Json): FormTest | null {
  const sides = operands(json, '==');
  if (sides === null) return null;
  return oneOf(sides[0], [sides[1]]) ?? oneOf(sides[1], [sides[0]]);
}

function oneOf(path: Json, items: readonly Json[]): FormTest | null {
  const fact = pathOf(path);
  const kind = fact === null ? undefined : FACT_KINDS.get(fact);
  const values = items.map(literalOf);
  if (values.length === 0) return null;
  if (kind === 'number' && values.every((value) => typeof value === 'number')) {
    return { fact: fact as NumberFact, test: 'one_of', values };
  }
  if (kind === 'text' && values.every((value) => typeof value === 'string')) {
    return { fact: fact as TextFact, test: 'one_of', values };
  }
  if (kind === 'flag' && values.length === 1 && typeof values[0] === 'boolean') {
    return { fact: fact as FlagFact, test: 'is', value: values[0] };
  }
  return null;
}

function readNames(json: Json): FormTest | null {
  const contains = operands(json, 'contains');
  if (contains !== null) {
    const set = (contains[0] as { Set?: readonly Json[] }).Set;
    if (set !== undefined) return oneOf(contains[1], set);
    return namesTest(contains[0], 'has_any', [contains[1]]);
  }
  for (const [operator, test] of [
    ['containsAny', 'has_any'],
    ['containsAll', 'has_all'],
  ] as const) {
    const sides = operands(json, operator);
    const set = (sides?.[1] as { Set?: readonly Json[] } | undefined)?.Set;
    if (sides !== null && set !== undefined) return namesTest(sides[0], test, set);
  }
  return null;
}

function namesTest(path: Json, test: 'has_any' | 'has_all', items: readonly Json[]): FormTest | null {
  const fact = pathOf(path);
  const values = items.map(literalOf);
  if (fact === null || FACT_KINDS.get(fact) !== 'names' || values.length === 0) return null;
  if (!values.every((value) => typeof value === 'string')) return null;
  const names = fact as (typeof FORM_FACTS.names)[number];
  return { fact: names, test: values.length === 1 ? 'has_any' : test, values };
}

function literalOf(json: Json): string | number | boolean | null {
  const value = (json as { Value?: unknown }).Value;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
