import type { SnapshotPolicy, SnapshotUser } from '@zeronaut/model';
import { compilePolicy } from './cedar/policy.ts';
import { CedarSet, type Entity } from './cedar/values.ts';
import { type Circumstances, factShown, momentOf } from './circumstances.ts';
import { record, ref, userEntity } from './entities.ts';
import type { PolicyStatement } from './explain-access.ts';
import { type LoadedPolicy, loadPolicy } from './policy-set.ts';

/**
 * Administration of the console: roles say who may do what, and a `forbid` that names the action `administer` says when not. One
 * that names no action speaks of access to resources and sites alone, as it did before there was this action: else "nobody may
 * reach anything" would also keep out who wrote it (decisions/0018).
 */
const CONSOLE: Entity = {
  ref: ref('Console', 'console'),
  attributes: record({ name: 'console', segments: new CedarSet([]) }),
  ancestors: new Set(),
};
const ADMINISTER: Entity = { ref: ref('Action', 'administer'), attributes: record({}), ancestors: new Set() };

/** Whether a policy in Cedar's JSON format is one of administration. */
export function speaksOfAdministration(json: Record<string, unknown>): boolean {
  const { op } = json.action as { op?: unknown };
  return op !== 'All' && compilePolicy(json).matchesAction(ADMINISTER);
}

/** Of those in force and in report mode, the ones that can keep somebody from administering. Throws an `UnsupportedPolicyError`. */
export function administrationPolicies(policies: readonly SnapshotPolicy[]): LoadedPolicy[] {
  return policies.filter(({ json }) => json.effect === 'forbid' && speaksOfAdministration(json)).map(loadPolicy);
}

/** All that keep this user from administering now, or would if they were enforced. One that cannot be evaluated does. */
export function forbidAdministration(
  policies: readonly LoadedPolicy[],
  user: SnapshotUser,
  circumstances: Circumstances,
): LoadedPolicy[] {
  return explainAdministration(policies, user, circumstances)
    .filter(({ holds }) => holds !== 'no')
    .map(({ policy }) => policy);
}

/** What each policy says whose head fits. */
export function explainAdministration(
  policies: readonly LoadedPolicy[],
  user: SnapshotUser,
  circumstances: Circumstances,
): PolicyStatement[] {
  const principal = userEntity(user);
  const environment = { principal, action: ADMINISTER, resource: CONSOLE, ...momentOf(circumstances) };
  return policies
    .filter((policy) => policy.matchesPrincipal(principal) && policy.matchesResource(CONSOLE))
    .map((policy) => {
      let holds: PolicyStatement['holds'] = 'error';
      try {
        holds = policy.holds(environment) ? 'yes' : 'no';
      } catch {
        // Said as `error`: whatever goes wrong inside a policy must let nobody in.
      }
      const facts = Object.fromEntries([...policy.facts].map((fact) => [fact, factShown(fact, circumstances)]));
      return { policy, holds, decides: holds !== 'no' && policy.mode === 'enforce', facts };
    });
}
