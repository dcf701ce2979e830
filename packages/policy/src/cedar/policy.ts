import {
  compileExpression,
  type Environment,
  type Evaluate,
  entityRef,
  list,
  object,
  text,
  UnsupportedPolicyError,
} from './expression.ts';
import { factsUsed } from './facts-used.ts';
import { type Entity, type EntityRef, EvaluationError } from './values.ts';

/** One static policy, compiled from Cedar's JSON format. */
export interface CompiledPolicy {
  readonly effect: 'permit' | 'forbid';
  readonly annotations: ReadonlyMap<string, string>;
  /** Whether its head can match these at all; never throws. */
  matchesPrincipal(principal: Entity): boolean;
  matchesAction(action: Entity): boolean;
  matchesResource(resource: Entity): boolean;
  /** Its conditions, once the head matches. Throws an `EvaluationError`. */
  holds(environment: Environment): boolean;
  /** Parts of the context that its conditions can read, such as `risk` and `device.os`; `*`: all of it. */
  readonly facts: ReadonlySet<string>;
}

type Matches = (entity: Entity) => boolean;

const NO_ANNOTATIONS: ReadonlyMap<string, string> = new Map();

/**
 * Throws an `UnsupportedPolicyError` for what is no policy of ours. `again` gives the same policy once more: then what its conditions
 * became here is only seen to be possible, and made when it is asked about first. Of a thousand policies few are, in the moment
 * in which they come.
 */
export function compilePolicy(json: unknown, again?: () => unknown): CompiledPolicy {
  const members = object(json);
  const { effect } = members;
  if (effect !== 'permit' && effect !== 'forbid') throw new UnsupportedPolicyError('neither permit nor forbid');
  const annotations = Object.entries(object(members.annotations ?? {}));
  const conditions = compileConditions(members);
  return {
    effect,
    annotations:
      annotations.length === 0
        ? NO_ANNOTATIONS
        : new Map(annotations.map(([name, value]) => [name, text(value ?? '')])),
    matchesPrincipal: compileScope(members.principal),
    matchesAction: compileScope(members.action),
    matchesResource: compileScope(members.resource),
    holds: again === undefined ? conditions : compileLater(again),
    facts: factsUsed(list(members.conditions).map((clause) => object(clause).body)),
  };
}

type Holds = CompiledPolicy['holds'];

function compileConditions(members: Record<string, unknown>): Holds {
  const conditions = list(members.conditions).map(compileClause);
  return (environment) => conditions.every((condition) => condition(environment));
}

/** Of what was compiled once and let go, so that it will not throw. */
function compileLater(again: () => unknown): Holds {
  let holds: Holds | null = null;
  return (environment) => {
    holds ??= compileConditions(object(again()));
    return holds(environment);
  };
}

function compileClause(json: unknown): (environment: Environment) => boolean {
  const { kind, body } = object(json);
  if (kind !== 'when' && kind !== 'unless') throw new UnsupportedPolicyError('neither when nor unless');
  const evaluate: Evaluate = compileExpression(body);
  return (environment) => {
    const value = evaluate(environment);
    if (typeof value !== 'boolean') throw new EvaluationError('a condition must be a boolean');
    return value === (kind === 'when');
  };
}

/** Head constraints of all three kinds; actions alone may name several entities. */
function compileScope(json: unknown): Matches {
  const scope = object(json);
  switch (scope.op) {
    case 'All':
      return () => true;
    case '==': {
      const ref = entityRef(scope.entity);
      return (entity) => entity.ref.key === ref.key;
    }
    case 'in': {
      const refs = scope.entities === undefined ? [entityRef(scope.entity)] : list(scope.entities).map(entityRef);
      return (entity) => refs.some((ref) => isWithin(entity, ref));
    }
    case 'is': {
      const type = text(scope.entity_type);
      const outer = scope.in === undefined || scope.in === null ? null : entityRef(object(scope.in).entity);
      return (entity) => entity.ref.type === type && (outer === null || isWithin(entity, outer));
    }
    default:
      throw new UnsupportedPolicyError('an unknown constraint');
  }
}

function isWithin(entity: Entity, outer: EntityRef): boolean {
  return entity.ref.key === outer.key || entity.ancestors.has(outer.key);
}
