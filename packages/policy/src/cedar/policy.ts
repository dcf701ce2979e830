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

/** Throws an `UnsupportedPolicyError` for what is no policy of ours. */
export function compilePolicy(json: unknown): CompiledPolicy {
  const members = object(json);
  const { effect } = members;
  if (effect !== 'permit' && effect !== 'forbid') throw new UnsupportedPolicyError('neither permit nor forbid');
  const conditions = list(members.conditions).map(compileClause);
  return {
    effect,
    annotations: new Map(
      Object.entries(object(members.annotations ?? {})).map(([name, value]) => [name, text(value ?? '')]),
    ),
    matchesPrincipal: compileScope(members.principal),
    matchesAction: compileScope(members.action),
    matchesResource: compileScope(members.resource),
    holds: (environment) => conditions.every((condition) => condition(environment)),
    facts: factsUsed(list(members.conditions).map((clause) => object(clause).body)),
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
