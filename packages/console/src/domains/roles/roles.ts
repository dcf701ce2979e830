/**
 * Roles of an organization's own: a name for a set of permissions. Nobody makes, widens or narrows one that holds more than
 * they may themselves, and what only owners may is in none of them.
 */
import {
  builtInRole,
  isForOwnersAlone,
  type Permission,
  permissionsOfBuiltIn,
  type Role,
  type RoleDefinition,
} from '@zeronaut/model';
import { rolePolicyText } from '@zeronaut/policy';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { beyond, heldRole, isBuiltIn, may, withEverybodys } from './held-role.ts';
import { type RoleUse, usesOfRole } from './role-uses.ts';

const MAX_ROLES = 100;

type Row = Selectable<Schema['roles']>;

const BUILT_IN: readonly RoleDefinition[] = builtInRole.options.map((name) => ({
  name,
  description: '',
  permissions: [...permissionsOfBuiltIn(name)],
  builtIn: true,
  createdAt: null,
  version: 1,
}));

function toRole(row: Row): RoleDefinition {
  return {
    name: row.name,
    description: row.description,
    permissions: withEverybodys(JSON.parse(row.permissions)),
    builtIn: false,
    createdAt: isoTime(row.created_at),
    version: row.version,
  };
}

/** The built-in ones first. */
export async function listRoles(context: Context, caller: Caller): Promise<RoleDefinition[]> {
  const rows = await context.store.db
    .selectFrom('roles')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('name')
    .execute();
  return [...BUILT_IN, ...rows.map(toRole)];
}

export async function showRole(
  context: Context,
  caller: Caller,
  name: Role,
): Promise<(RoleDefinition & { policy: string; usedBy: RoleUse[] }) | Refusal> {
  const { db } = context.store;
  const row = await db
    .selectFrom('roles')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('name', '=', name)
    .executeTakeFirst();
  const role = BUILT_IN.find((builtIn) => builtIn.name === name) ?? (row === undefined ? null : toRole(row));
  if (role === null) return new Refusal('api.not_found');
  const usedBy = may(caller, 'users:read') ? await usesOfRole(db, caller.organizationId, name, context.clock()) : [];
  return { ...role, policy: rolePolicyText(role), usedBy };
}

/** `remember` stores the answer for the caller's idempotency key within the same transaction. */
export async function createRole(
  context: Context,
  caller: Caller,
  input: { name: Role; description: string; permissions: Permission[] },
  remember: (queries: Queries, response: RoleDefinition) => Promise<void>,
): Promise<RoleDefinition | Refusal> {
  if (isBuiltIn(input.name)) return taken('a built-in role has this name');
  const row: Row = {
    organization_id: caller.organizationId,
    name: input.name,
    description: input.description,
    permissions: JSON.stringify([...new Set(input.permissions)]),
    created_at: context.clock(),
    version: 1,
  };
  const refusal = checkPermissions(caller, row, input.permissions);
  if (refusal !== null) return refusal;
  try {
    return await context.store.transaction(async (queries) => {
      const { count } = await queries
        .selectFrom('roles')
        .select((eb) => eb.fn.countAll<number | string>().as('count'))
        .where('organization_id', '=', caller.organizationId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MAX_ROLES) return new Refusal('api.conflict', { detail: `at most ${MAX_ROLES} roles` });
      await queries.insertInto('roles').values(row).execute();
      const role = toRole(row);
      await appendAudit(queries, context, caller, {
        action: 'role.create',
        objectKind: 'role',
        objectId: role.name,
        after: role,
      });
      await remember(queries, role);
      return role;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return taken('a role has this name');
    throw error;
  }
}

export async function updateRole(
  context: Context,
  caller: Caller,
  name: Role,
  version: number,
  input: { description?: string; permissions?: Permission[] },
): Promise<RoleDefinition | Refusal> {
  if (isBuiltIn(name)) return builtInStays();
  return await context.store.transaction(async (queries) => {
    // Changing it first locks the row, so that two changes cannot both read the old one.
    const locked = await queries
      .updateTable('roles')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('organization_id', '=', caller.organizationId)
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst();
    if (locked === undefined) return new Refusal('api.not_found');
    if (locked.version !== version + 1) return new Refusal('api.precondition_failed');
    const next: Row = {
      ...locked,
      description: input.description ?? locked.description,
      permissions:
        input.permissions === undefined ? locked.permissions : JSON.stringify([...new Set(input.permissions)]),
    };
    // Also what it holds now: whoever may less must not take it from those who have it.
    const refusal = checkPermissions(caller, locked, []) ?? checkPermissions(caller, next, input.permissions ?? []);
    if (refusal !== null) return refusal;
    await queries
      .updateTable('roles')
      .set({ description: next.description, permissions: next.permissions })
      .where('organization_id', '=', caller.organizationId)
      .where('name', '=', name)
      .execute();
    const after = toRole(next);
    await appendAudit(queries, context, caller, {
      action: 'role.update',
      objectKind: 'role',
      objectId: name,
      before: { ...toRole(locked), version },
      after,
    });
    return after;
  });
}

export async function deleteRole(context: Context, caller: Caller, name: Role): Promise<undefined | Refusal> {
  if (isBuiltIn(name)) return builtInStays();
  return await context.store.transaction(async (queries) => {
    // Removing it first locks the row: who is given the role meanwhile comes before this, and is seen, or after, and fails.
    const row = await queries
      .deleteFrom('roles')
      .where('organization_id', '=', caller.organizationId)
      .where('name', '=', name)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    const refusal = checkPermissions(caller, row, []);
    if (refusal !== null) return refusal;
    const uses = await usesOfRole(queries, caller.organizationId, name, context.clock(), 5);
    if (uses.length > 0) {
      const shown = may(caller, 'users:read') ? uses.map((use) => `${use.kind} ${use.name}`).join(', ') : '';
      return new Refusal('role.in_use', shown === '' ? {} : { detail: `used by ${shown}` });
    }
    await appendAudit(queries, context, caller, {
      action: 'role.delete',
      objectKind: 'role',
      objectId: name,
      before: toRole(row),
    });
    return undefined;
  });
}

/** `asked`: what the call names, which is refused by name where only owners have it. */
function checkPermissions(caller: Caller, row: Row, asked: readonly Permission[]): Refusal | null {
  const errors = asked.flatMap((permission, index) =>
    isForOwnersAlone(permission) ? [{ path: `/permissions/${index}`, message: 'only owners have this' }] : [],
  );
  if (errors.length > 0) return new Refusal('api.invalid', { errors });
  const missing = beyond(caller, heldRole(row.name, row.permissions));
  return missing === null ? null : new Refusal('api.forbidden', { detail: `you may less than this role: ${missing}` });
}

function taken(message: string): Refusal {
  return new Refusal('api.name_taken', { errors: [{ path: '/name', message }] });
}

function builtInStays(): Refusal {
  return new Refusal('api.invalid', { errors: [{ path: 'params/name', message: 'a built-in role stays as it is' }] });
}
