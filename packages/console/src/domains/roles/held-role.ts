import {
  builtInRole,
  isForOwnersAlone,
  PERMISSIONS,
  type Permission,
  permissionsOfBuiltIn,
  type Role,
  scopesCover,
} from '@zeronaut/model';
import { permissionsOf } from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller } from '../context.ts';

/** A role with what it lets its holders do, as the policy engine decided. */
export interface HeldRole {
  readonly name: Role;
  readonly permissions: ReadonlySet<Permission>;
}

const ALL = Object.keys(PERMISSIONS) as Permission[];
/** Part of every role: without it nobody could look at themselves or sign out. */
const EVERYBODYS: readonly Permission[] = permissionsOfBuiltIn('member');
const BUILT_IN: ReadonlyMap<Role, HeldRole> = new Map(
  builtInRole.options.map((name) => {
    return [name, { name, permissions: permissionsOf({ name, permissions: permissionsOfBuiltIn(name) }) }];
  }),
);

export function isBuiltIn(name: Role): boolean {
  return BUILT_IN.has(name);
}

/** All permissions of a role of an organization's own, from those that were chosen, in the order of the table. */
export function withEverybodys(chosen: readonly string[]): Permission[] {
  return ALL.filter(
    (permission) => EVERYBODYS.includes(permission) || (chosen.includes(permission) && !isForOwnersAlone(permission)),
  );
}

/** `stored` is the row's list; null: no such row, and then a name that is not built in lets nobody do anything. */
export function heldRole(name: Role, stored: string | null): HeldRole {
  const builtIn = BUILT_IN.get(name);
  if (builtIn !== undefined) return builtIn;
  const permissions = stored === null ? [] : withEverybodys(JSON.parse(stored));
  return { name, permissions: permissionsOf({ name, permissions }) };
}

/** What the role lets its holders do now. Built-in ones are known without a look into the database. */
export async function findRole(queries: Queries, organizationId: string, name: Role): Promise<HeldRole> {
  const builtIn = BUILT_IN.get(name);
  if (builtIn !== undefined) return builtIn;
  const row = await queries
    .selectFrom('roles')
    .select('permissions')
    .where('organization_id', '=', organizationId)
    .where('name', '=', name)
    .executeTakeFirst();
  return heldRole(name, row?.permissions ?? null);
}

/** True when everything that `role` may do, `other` may do too. Owners alone make owners, which no permission says. */
export function roleWithin(role: HeldRole, other: HeldRole): boolean {
  if (role.name === 'owner') return other.name === 'owner';
  return [...role.permissions].every((permission) => other.permissions.has(permission));
}

/** Whether this credential may do it: its role, and its scopes for more than single resources. */
export function may(caller: Caller, permission: Permission): boolean {
  return caller.permissions.has(permission) && scopesCover(caller.scopes, permission, null);
}

/**
 * What somebody may do by their role now; null: they are disabled or removed, or lack the permission. For what they handed out that is
 * used later: a link or token opens nothing that its maker could not open any more.
 */
export async function roleOfMaker(
  queries: Queries,
  organizationId: string,
  userId: string,
  permission: Permission,
): Promise<HeldRole | null> {
  const maker = await queries
    .selectFrom('users')
    .select('role')
    .where('organization_id', '=', organizationId)
    .where('id', '=', userId)
    .where('status', '=', 'active')
    .executeTakeFirst();
  if (maker === undefined) return null;
  const role = await findRole(queries, organizationId, maker.role);
  return role.permissions.has(permission) ? role : null;
}

/** Null when there is no such role. Within a transaction that gives it to somebody, so that it cannot go meanwhile. */
export async function lockRole(queries: Queries, organizationId: string, name: Role): Promise<HeldRole | null> {
  const builtIn = BUILT_IN.get(name);
  if (builtIn !== undefined) return builtIn;
  // An update that changes nothing takes the lock of the row, on both databases.
  const row = await queries
    .updateTable('roles')
    .set((eb) => ({ version: eb.ref('version') }))
    .where('organization_id', '=', organizationId)
    .where('name', '=', name)
    .returning('permissions')
    .executeTakeFirst();
  return row === undefined ? null : heldRole(name, row.permissions);
}

/** Whether the role is there, for whoever gives it without a person behind: the settings of an identity provider. */
export async function checkRole(
  queries: Queries,
  organizationId: string,
  name: Role,
  path = '/role',
): Promise<Refusal | null> {
  return (await lockRole(queries, organizationId, name)) === null ? noSuchRole(path) : null;
}

/** Nobody gives a role that lets more than they may do themselves, by this credential. Within the giving transaction. */
export async function checkGrant(queries: Queries, caller: Caller, name: Role): Promise<Refusal | null> {
  const role = await lockRole(queries, caller.organizationId, name);
  if (role === null) return noSuchRole('/role');
  const missing = beyond(caller, role);
  return missing === null ? null : new Refusal('api.forbidden', { detail: `you cannot give ${name}: ${missing}` });
}

/**
 * Nobody changes, disables or resets somebody who may do more than they: with a password of one's choice one becomes that
 * person.
 */
export async function checkReach(queries: Queries, caller: Caller, name: Role): Promise<Refusal | null> {
  const missing = beyond(caller, (await lockRole(queries, caller.organizationId, name)) ?? heldRole(name, null));
  return missing === null ? null : new Refusal('api.forbidden', { detail: `you cannot change ${name}: ${missing}` });
}

/** Why the role goes beyond what the caller may; null: it does not. What every member may is nobody's to keep back. */
export function beyond(caller: Caller, role: HeldRole): string | null {
  if (role.name === 'owner' && caller.role !== 'owner') return 'only an owner may';
  const missing = [...role.permissions].filter(
    (permission) => !EVERYBODYS.includes(permission) && !may(caller, permission),
  );
  return missing.length === 0 ? null : `it takes ${missing.join(', ')}`;
}

function noSuchRole(path: string): Refusal {
  return new Refusal('api.invalid', { errors: [{ path, message: 'no such role' }] });
}
