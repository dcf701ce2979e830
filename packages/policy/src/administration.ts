import type { SnapshotPolicy, SnapshotUser } from '@zeronaut/model';
import { type CompiledPolicy, compilePolicy } from './cedar/policy.ts';
import { CedarSet, type Entity } from './cedar/values.ts';
import { type Circumstances, momentOf } from './circumstances.ts';
import { record, ref, userEntity } from './entities.ts';

/**
 * Administration of the console: roles say who may do what, and a `forbid` that names the action `administer` says when not. One
 * that names no action speaks of access to resources and sites alone, as it did before there was this action: else "nobody may
 * reach anything" would also keep out who wrote it (decisions/0018).
 */
export interface AdministrationPolicy extends CompiledPolicy {
  readonly name: string;
}

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

/** Of those in force, the ones that can keep somebody from administering. Throws an `UnsupportedPolicyError`. */
export function administrationPolicies(
  policies: readonly Pick<SnapshotPolicy, 'name' | 'mode' | 'json'>[],
): AdministrationPolicy[] {
  return policies
    .filter(({ mode, json }) => mode === 'enforce' && json.effect === 'forbid' && speaksOfAdministration(json))
    .map(({ name, json }) => ({ ...compilePolicy(json), name }));
}

/** All that keep this user from administering now. One that cannot be evaluated does. */
export function forbidAdministration(
  policies: readonly AdministrationPolicy[],
  user: SnapshotUser,
  circumstances: Circumstances,
): AdministrationPolicy[] {
  const principal = userEntity(user);
  const environment = {
    principal,
    action: ADMINISTER,
    resource: CONSOLE,
    ...momentOf(circumstances),
  };
  return policies.filter((policy) => {
    if (!policy.matchesPrincipal(principal) || !policy.matchesResource(CONSOLE)) return false;
    try {
      return policy.holds(environment);
    } catch {
      // Whatever goes wrong inside a policy must let nobody in.
      return true;
    }
  });
}
