import { PERMISSIONS, type Permission } from '@zeronaut/model';
import { compilePolicy } from './cedar/policy.ts';
import type { Entity } from './cedar/values.ts';
import { record, ref } from './entities.ts';

/**
 * What a role may do in the console, decided by the engine that decides access. A role is one Cedar policy over console
 * actions; an action is a permission. What a role may do depends on its definition alone, so each definition is asked about
 * every action once, and a call of the API then looks into a set.
 */
export interface RoleGrant {
  readonly name: string;
  readonly permissions: readonly Permission[];
}

/** Definitions that are remembered; beyond it all are asked again, which costs time alone. */
const MAX_DEFINITIONS = 10_000;
const known = new Map<string, ReadonlySet<Permission>>();

/** The policy that gives the role its permissions, in Cedar's JSON format. */
export function rolePolicy({ name, permissions }: RoleGrant): Record<string, unknown> {
  return {
    effect: 'permit',
    principal: { op: 'in', entity: { type: 'Role', id: name } },
    action: { op: 'in', entities: permissions.map((id) => ({ type: 'Action', id })) },
    resource: { op: 'All' },
    conditions: [],
  };
}

/** The same as text, for people to read. */
export function rolePolicyText({ name, permissions }: RoleGrant): string {
  const actions = permissions.map((permission) => `\n    Action::"${permission}"`).join(',');
  return `permit (\n  principal in Role::"${name}",\n  action in [${actions}\n  ],\n  resource\n);\n`;
}

/** All that holders of the role may do. What no policy permits is not in it. */
export function permissionsOf(role: RoleGrant): ReadonlySet<Permission> {
  const key = `${role.name} ${role.permissions.join(' ')}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const policy = compilePolicy(rolePolicy(role));
  const principal = holderOf(role.name);
  const permitted = ACTIONS.filter(
    ([, action]) =>
      policy.matchesPrincipal(principal) &&
      policy.matchesAction(action) &&
      policy.matchesResource(CONSOLE) &&
      policy.holds({ principal, action, resource: CONSOLE, context: record({}), find: () => undefined }),
  );
  const permissions = new Set(permitted.map(([permission]) => permission));
  if (known.size >= MAX_DEFINITIONS) known.clear();
  known.set(key, permissions);
  return permissions;
}

const CONSOLE: Entity = { ref: ref('Console', 'console'), attributes: record({}), ancestors: new Set() };

const ACTIONS = (Object.keys(PERMISSIONS) as Permission[]).map((permission): [Permission, Entity] => [
  permission,
  { ref: ref('Action', permission), attributes: record({}), ancestors: new Set() },
]);

function holderOf(role: string): Entity {
  return { ref: ref('User', 'holder'), attributes: record({}), ancestors: new Set([ref('Role', role).key]) };
}
