import { EXTENSION_FUNCTIONS } from './extensions.ts';
import { CedarSet, type Entity, EntityRef, EvaluationError, Extension, equal, type Value } from './values.ts';

/**
 * Expressions of Cedar's JSON policy format (https://docs.cedarpolicy.com/policies/json-format.html), compiled once into
 * closures. `evaluate-cedar.test.ts` holds them against the Cedar library itself, on random policies and requests.
 */
export interface Environment {
  readonly principal: Entity;
  readonly action: Entity;
  readonly resource: Entity;
  readonly context: ReadonlyMap<string, Value>;
  /** Entities that the request itself does not name, such as groups. */
  find(ref: EntityRef): Entity | undefined;
}

export type Evaluate = (environment: Environment) => Value;

/** The policy is not one that this engine can run. Found when it is compiled, so never while somebody waits. */
export class UnsupportedPolicyError extends Error {
  override readonly name = 'UnsupportedPolicyError';
}

const MAX_DEPTH = 100;

export function compileExpression(json: unknown, depth = 0): Evaluate {
  if (depth > MAX_DEPTH) throw new UnsupportedPolicyError('nested too deeply');
  const [operator, body] = only(json);
  const sub = (part: unknown) => compileExpression(part, depth + 1);
  switch (operator) {
    case 'Value': {
      const value = constant(body, depth);
      return () => value;
    }
    case 'Var':
      return variable(body);
    case '!': {
      const arg = sub(field(body, 'arg'));
      return (env) => !bool(arg(env));
    }
    case 'neg': {
      const arg = sub(field(body, 'arg'));
      return (env) => long(0 - number(arg(env)));
    }
    case 'isEmpty': {
      const arg = sub(field(body, 'arg'));
      return (env) => set(arg(env)).items.length === 0;
    }
    case '.': {
      const left = sub(field(body, 'left'));
      const name = text(field(body, 'attr'));
      return (env) => attribute(left(env), name, env);
    }
    case 'has':
      return compileHas(sub(field(body, 'left')), field(body, 'attr'));
    case 'like':
      return compileLike(sub(field(body, 'left')), field(body, 'pattern'));
    case 'is':
      return compileIs(body, sub);
    case 'if-then-else': {
      const condition = sub(field(body, 'if'));
      const [then, otherwise] = [sub(field(body, 'then')), sub(field(body, 'else'))];
      return (env) => (bool(condition(env)) ? then(env) : otherwise(env));
    }
    case 'Set': {
      const items = list(body).map(sub);
      return (env) => new CedarSet(items.map((item) => item(env)));
    }
    case 'Record': {
      const members = Object.entries(object(body)).map(([name, value]) => [name, sub(value)] as const);
      return (env) => new Map(members.map(([name, value]) => [name, value(env)]));
    }
  }
  const binary = BINARY.get(operator);
  if (binary !== undefined) return binary(sub(field(body, 'left')), sub(field(body, 'right')));
  const extension = EXTENSION_FUNCTIONS.get(operator);
  if (extension === undefined) throw new UnsupportedPolicyError(`${operator} is not supported`);
  const args = list(body).map(sub);
  if (args.length !== extension.arity) throw new UnsupportedPolicyError(`${operator} takes ${extension.arity}`);
  return (env) => extension.run(args.map((arg) => arg(env)));
}

const BINARY: ReadonlyMap<string, (left: Evaluate, right: Evaluate) => Evaluate> = new Map<
  string,
  (left: Evaluate, right: Evaluate) => Evaluate
>([
  ['==', (left, right) => (env) => equal(left(env), right(env))],
  ['!=', (left, right) => (env) => !equal(left(env), right(env))],
  ['&&', (left, right) => (env) => bool(left(env)) && bool(right(env))],
  ['||', (left, right) => (env) => bool(left(env)) || bool(right(env))],
  ['<', (left, right) => (env) => compare(left(env), right(env)) < 0],
  ['<=', (left, right) => (env) => compare(left(env), right(env)) <= 0],
  ['>', (left, right) => (env) => compare(left(env), right(env)) > 0],
  ['>=', (left, right) => (env) => compare(left(env), right(env)) >= 0],
  ['+', (left, right) => (env) => long(number(left(env)) + number(right(env)))],
  ['-', (left, right) => (env) => long(number(left(env)) - number(right(env)))],
  ['*', (left, right) => (env) => long(number(left(env)) * number(right(env)))],
  ['in', (left, right) => (env) => isIn(left(env), right(env), env)],
  ['contains', (left, right) => (env) => set(left(env)).has(right(env))],
  [
    'containsAll',
    (left, right) => (env) => {
      const all = set(left(env));
      return set(right(env)).items.every((item) => all.has(item));
    },
  ],
  [
    'containsAny',
    (left, right) => (env) => {
      const all = set(left(env));
      return set(right(env)).items.some((item) => all.has(item));
    },
  ],
]);

function variable(name: unknown): Evaluate {
  switch (name) {
    case 'principal':
      return (env) => env.principal.ref;
    case 'action':
      return (env) => env.action.ref;
    case 'resource':
      return (env) => env.resource.ref;
    case 'context':
      return (env) => env.context;
    default:
      throw new UnsupportedPolicyError('an unknown variable');
  }
}

function compileHas(left: Evaluate, attr: unknown): Evaluate {
  const path = typeof attr === 'string' ? [attr] : list(attr).map(text);
  return (env) => {
    let value: Value | undefined = left(env);
    for (const name of path) {
      const attributes: ReadonlyMap<string, Value> | null = attributesOf(value, env);
      value = attributes?.get(name);
      if (value === undefined) return false;
    }
    return true;
  };
}

function compileLike(left: Evaluate, pattern: unknown): Evaluate {
  const parts = list(pattern).map((part) => (part === 'Wildcard' ? null : text(field(part, 'Literal'))));
  return (env) => {
    const value = left(env);
    if (typeof value !== 'string') throw new EvaluationError('a string was expected');
    return like(value, parts);
  };
}

/** Greedy with one point to come back to, so that no pattern costs more than text times pattern. `null`: a wildcard. */
export function like(value: string, parts: readonly (string | null)[]): boolean {
  let at = 0;
  let part = 0;
  let wildcard = -1;
  let resumeAt = 0;
  for (;;) {
    if (part === parts.length) {
      if (at === value.length) return true;
    } else if (parts[part] === null) {
      wildcard = part++;
      resumeAt = at;
      continue;
    } else if (value.startsWith(parts[part]!, at)) {
      at += parts[part]!.length;
      part++;
      continue;
    }
    if (wildcard === -1 || resumeAt >= value.length) return false;
    at = ++resumeAt;
    part = wildcard + 1;
  }
}

function compileIs(body: unknown, sub: (part: unknown) => Evaluate): Evaluate {
  const left = sub(field(body, 'left'));
  const type = text(field(body, 'entity_type'));
  const within = (body as Record<string, unknown>).in;
  const container = within === undefined || within === null ? null : sub(within);
  return (env) => {
    const value = left(env);
    if (!(value instanceof EntityRef)) throw new EvaluationError('an entity was expected');
    return value.type === type && (container === null || isIn(value, container(env), env));
  };
}

export function isIn(value: Value, container: Value, env: Environment): boolean {
  if (!(value instanceof EntityRef)) throw new EvaluationError('an entity was expected');
  const entity = findEntity(value, env);
  const holds = (outer: Value): boolean => {
    if (!(outer instanceof EntityRef)) throw new EvaluationError('an entity was expected');
    return outer.key === value.key || entity?.ancestors.has(outer.key) === true;
  };
  if (!(container instanceof CedarSet)) return holds(container);
  // Every item is looked at first: one that is no entity is an error, wherever it stands.
  let found = false;
  for (const item of container.items) if (holds(item)) found = true;
  return found;
}

function findEntity(ref: EntityRef, env: Environment): Entity | undefined {
  if (ref.key === env.principal.ref.key) return env.principal;
  if (ref.key === env.resource.ref.key) return env.resource;
  if (ref.key === env.action.ref.key) return env.action;
  return env.find(ref);
}

function attributesOf(value: Value, env: Environment): ReadonlyMap<string, Value> | null {
  if (value instanceof EntityRef) return findEntity(value, env)?.attributes ?? null;
  if (value instanceof Map) return value;
  throw new EvaluationError('an entity or a record was expected');
}

function attribute(value: Value, name: string, env: Environment): Value {
  const found = attributesOf(value, env)?.get(name);
  if (found === undefined) throw new EvaluationError(`no attribute ${name}`);
  return found;
}

function compare(left: Value, right: Value): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const times = left instanceof Extension && right instanceof Extension && left.kind === right.kind;
  if (times && (left.kind === 'datetime' || left.kind === 'duration')) {
    return left.amount < right.amount ? -1 : left.amount > right.amount ? 1 : 0;
  }
  throw new EvaluationError('these cannot be compared');
}

function bool(value: Value): boolean {
  if (typeof value !== 'boolean') throw new EvaluationError('a boolean was expected');
  return value;
}

function number(value: Value): number {
  if (typeof value !== 'number') throw new EvaluationError('a long was expected');
  return value;
}

function long(value: number): number {
  if (!Number.isSafeInteger(value)) throw new EvaluationError('overflow');
  // No negative zero, which would not be equal to zero in a set's key.
  return value + 0;
}

function set(value: Value): CedarSet {
  if (!(value instanceof CedarSet)) throw new EvaluationError('a set was expected');
  return value;
}

/** A literal: JSON of Cedar values, with `__entity` and `__extn`. */
function constant(json: unknown, depth: number): Value {
  if (depth > MAX_DEPTH) throw new UnsupportedPolicyError('nested too deeply');
  if (typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json === 'number') {
    if (!Number.isSafeInteger(json)) throw new UnsupportedPolicyError('longs go up to 2^53');
    return json;
  }
  if (Array.isArray(json)) return new CedarSet(json.map((item) => constant(item, depth + 1)));
  const members = object(json);
  if (members.__entity !== undefined) return entityRef(members.__entity);
  if (members.__extn !== undefined) {
    const { fn, arg, args } = object(members.__extn);
    const extension = EXTENSION_FUNCTIONS.get(text(fn));
    if (extension === undefined) throw new UnsupportedPolicyError(`${String(fn)} is not supported`);
    return extension.run((args === undefined ? [arg] : list(args)).map((item) => constant(item, depth + 1)));
  }
  return new Map(Object.entries(members).map(([name, value]) => [name, constant(value, depth + 1)]));
}

/** `{ type, id }`, or the same under `__entity`. */
export function entityRef(json: unknown): EntityRef {
  const members = object(json);
  const plain = members.__entity === undefined ? members : object(members.__entity);
  return new EntityRef(text(plain.type), text(plain.id));
}

function only(json: unknown): [string, unknown] {
  const entries = Object.entries(object(json));
  if (entries.length !== 1) throw new UnsupportedPolicyError('an expression with one operator was expected');
  return entries[0]!;
}

export function object(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new UnsupportedPolicyError('an object was expected');
  }
  return json as Record<string, unknown>;
}

export function list(json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) throw new UnsupportedPolicyError('a list was expected');
  return json;
}

export function text(json: unknown): string {
  if (typeof json !== 'string') throw new UnsupportedPolicyError('a string was expected');
  return json;
}

function field(json: unknown, name: string): unknown {
  return object(json)[name];
}
