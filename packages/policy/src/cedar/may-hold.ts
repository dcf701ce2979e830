import { compileExpression, type Environment, list, object } from './expression.ts';
import { factsUsed } from './facts-used.ts';
import { EvaluationError } from './values.ts';

/** `isKnown`: whether the environment has this part of the context as it will be; entities are always known. */
export type MayHold = (environment: Environment, isKnown: (fact: string) => boolean) => boolean;

/** `yes`: true or an error, `no`: false or an error, whatever the facts that are not known; `open`: any of them. */
type Part = 'yes' | 'no' | 'open';
type EvaluatePart = (environment: Environment, isKnown: (fact: string) => boolean) => Part;

/**
 * Whether the conditions of a policy may come to hold where only some facts are known. False is certain: then they do not hold whatever the
 * others are. That says nothing of errors, so it is for permits, which an error keeps from letting anybody in; a forbid forbids then.
 * `json`: the policy in Cedar's format, which is known to compile.
 */
export function compileMayHold(json: unknown): MayHold {
  const clauses = list(object(json).conditions).map((clause) => {
    const { kind, body } = object(clause);
    return { part: compilePart(body), never: kind === 'when' ? 'no' : 'yes' };
  });
  return (environment, isKnown) => clauses.every(({ part, never }) => part(environment, isKnown) !== never);
}

function compilePart(json: unknown): EvaluatePart {
  const [operator, body] = Object.entries(object(json))[0]!;
  const sub = (name: string) => compilePart(object(body)[name]);
  switch (operator) {
    case '&&': {
      const [left, right] = [sub('left'), sub('right')];
      return (env, isKnown) => both(left(env, isKnown), right(env, isKnown));
    }
    case '||': {
      const [left, right] = [sub('left'), sub('right')];
      return (env, isKnown) => not(both(not(left(env, isKnown)), not(right(env, isKnown))));
    }
    case '!': {
      const arg = sub('arg');
      return (env, isKnown) => not(arg(env, isKnown));
    }
    case 'if-then-else': {
      const [condition, then, otherwise] = [sub('if'), sub('then'), sub('else')];
      return (env, isKnown) => {
        const chosen = condition(env, isKnown);
        if (chosen !== 'open') return chosen === 'yes' ? then(env, isKnown) : otherwise(env, isKnown);
        const [first, second] = [then(env, isKnown), otherwise(env, isKnown)];
        return first === second ? first : 'open';
      };
    }
  }
  const facts = [...factsUsed([json])];
  const evaluate = compileExpression(json);
  return (env, isKnown) => {
    if (!facts.every(isKnown)) return 'open';
    try {
      return evaluate(env) === true ? 'yes' : 'no';
    } catch (error) {
      if (error instanceof EvaluationError) return 'no';
      throw error;
    }
  };
}

const not = (part: Part): Part => (part === 'yes' ? 'no' : part === 'no' ? 'yes' : 'open');

const both = (left: Part, right: Part): Part =>
  left === 'no' || right === 'no' ? 'no' : left === 'yes' && right === 'yes' ? 'yes' : 'open';
