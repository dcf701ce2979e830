import type { VerdictEffect } from '@zeronaut/model';
import type { Alternative } from './alternatives.ts';
import { factShown, momentOf } from './circumstances.ts';
import { type AccessQuestion, callerOf, decideAccess } from './decide-access.ts';
import { ACTION_ENTITIES, guestEntity, objectEntity } from './entities.ts';
import { evaluateAccess } from './evaluate-access.ts';
import type { LoadedPolicy, PolicySet } from './policy-set.ts';

/** What one policy says to a question that its head fits. */
export interface PolicyStatement {
  readonly policy: LoadedPolicy;
  /** `error`: its conditions could not be evaluated; a forbid then forbids. */
  readonly holds: 'yes' | 'no' | 'error';
  /** It is among those that decided. */
  readonly decides: boolean;
  /** What it read of the moment. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Every policy whose head fits. `explain-access.test.ts` holds all of this against the Cedar library. */
export function explainPolicies(policies: PolicySet, question: AccessQuestion): PolicyStatement[] {
  const { object, facts } = question;
  const caller = callerOf(evaluateAccess(object.access, facts), facts) ?? {
    entity: guestEntity({ kind: 'anonymous', name: '' }),
    by: '',
  };
  const circumstances = question.circumstances(caller.by);
  const environment = {
    principal: caller.entity,
    action: ACTION_ENTITIES[question.action],
    resource: objectEntity(object),
    ...momentOf(circumstances),
  };
  const deciding = new Set(decideAccess(policies, question).explanation?.policies);
  return policies.policies
    .filter(
      (policy) =>
        policy.matchesPrincipal(environment.principal) &&
        policy.matchesAction(environment.action) &&
        policy.matchesResource(environment.resource),
    )
    .map((policy) => {
      let holds: PolicyStatement['holds'] = 'error';
      try {
        holds = policy.holds(environment) ? 'yes' : 'no';
      } catch {
        // Said as `error`: what it is about is in the policy itself.
      }
      const read = Object.fromEntries([...policy.facts].map((fact) => [fact, factShown(fact, circumstances)]));
      return { policy, holds, decides: deciding.has(policy.id), facts: read };
    });
}

/** One thing that turns the answer, or two that do it together. */
export interface Turning {
  readonly with: readonly Alternative[];
  readonly effect: VerdictEffect;
}

/** Two at a time are tried only where one alone does nothing; of so many, and so many answers are enough. */
const MAX_IN_PAIRS = 40;
const MAX_PAIRS_FOUND = 3;

/** What turns the answer, found by trying it: single facts, the first value of each; or else pairs of them. */
export function turningFacts(
  policies: PolicySet,
  question: AccessQuestion,
  alternatives: readonly Alternative[],
): Turning[] {
  const { effect } = decideAccess(policies, question).verdict;
  const found: Turning[] = [];
  const attempt = (tried: readonly Alternative[]) => {
    const changed = tried.reduce((one, alternative) => alternative.change(one), question);
    const other = decideAccess(policies, changed).verdict.effect;
    if (other !== effect) found.push({ with: tried, effect: other });
  };
  for (const alternative of alternatives) {
    if (!found.some(({ with: [one] }) => one!.fact === alternative.fact)) attempt([alternative]);
  }
  if (found.length > 0) return found;
  // Of hours the first ones are tried: a week of them beside anything else would be the most of all pairs.
  const few = alternatives.filter(
    ({ fact }, index) => fact !== 'time' || alternatives.findIndex((one) => one.fact === 'time') > index - 3,
  );
  for (const [index, one] of few.slice(0, MAX_IN_PAIRS).entries()) {
    for (const other of few.slice(index + 1, MAX_IN_PAIRS)) {
      if (found.length >= MAX_PAIRS_FOUND) return found;
      if (one.fact !== other.fact) attempt([one, other]);
    }
  }
  return found;
}
