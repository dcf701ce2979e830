import { createId, type Role, type User } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { ensureGroups } from '../groups/ensure-groups.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page } from '../page.ts';
import { checkGrant, checkReach } from '../roles/held-role.ts';
import { endSessionsOfRole, revokeUserSessions } from '../sessions/sessions.ts';
import { checkPassword } from './password-policy.ts';

type Row = Selectable<Schema['users']>;

export function toUser(row: Row): User {
  return {
    id: row.id,
    organizationId: row.organization_id,
    kind: row.kind,
    email: row.email,
    name: row.name,
    role: row.role,
    groups: JSON.parse(row.groups),
    status: row.status === 'active' ? 'active' : 'disabled',
    createdAt: isoTime(row.created_at),
    version: row.version,
  };
}

export interface NewUser {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly groups: readonly string[];
  readonly kind: User['kind'];
  /** Null: can never sign in with a password. */
  readonly passwordHash: string | null;
  /** Exactly for `linked` users. */
  readonly homeUserId?: string;
}

/** Within a transaction; the caller writes the audit entry. */
export async function insertUser(
  queries: Queries,
  organizationId: string,
  input: NewUser,
  nowMs: number,
): Promise<User | Refusal> {
  const taken = await queries
    .selectFrom('users')
    .select('id')
    .where('email', '=', input.email)
    .where((eb) => {
      const here = eb('organization_id', '=', organizationId);
      return input.kind === 'linked' ? here : eb.or([eb('kind', '=', 'person'), here]);
    })
    .executeTakeFirst();
  if (taken !== undefined) return emailTaken();
  const row: Row = {
    id: createId('user', nowMs),
    organization_id: organizationId,
    kind: input.kind,
    email: input.email,
    name: input.name,
    role: input.role,
    groups: JSON.stringify(input.groups),
    status: 'active',
    created_at: nowMs,
    version: 1,
    sessions_ended_at: null,
    home_user_id: input.homeUserId ?? null,
  };
  await ensureGroups(queries, organizationId, input.groups, nowMs);
  await queries.insertInto('users').values(row).execute();
  if (input.passwordHash !== null) {
    await queries
      .insertInto('password_hashes')
      .values({ user_id: row.id, organization_id: organizationId, hash: input.passwordHash, changed_at: nowMs })
      .execute();
  }
  return toUser(row);
}

function emailTaken(): Refusal {
  return new Refusal('api.conflict', { errors: [{ path: '/email', message: 'a user with this e-mail exists' }] });
}

export interface UserFilter {
  readonly role?: Role | undefined;
  readonly status?: User['status'] | undefined;
  readonly kind?: User['kind'] | undefined;
  readonly group?: string | undefined;
}

const USER_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
  email: { column: 'email', type: 'string' },
} as const;

export async function listUsers(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof USER_SORTS> & UserFilter,
): Promise<Page<User> | Refusal> {
  let select = context.store.db
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('status', '!=', 'removed');
  if (query.q) select = select.where(contains(query.q, ['email', 'name']));
  if (query.role !== undefined) select = select.where('role', '=', query.role);
  if (query.status !== undefined) select = select.where('status', '=', query.status);
  if (query.kind !== undefined) select = select.where('kind', '=', query.kind);
  // Groups are a JSON list of names that hold no quotation marks.
  if (query.group !== undefined) select = select.where(contains(JSON.stringify(query.group), ['groups']));
  return await listPage(select, query, USER_SORTS, toUser);
}

export async function findUser(queries: Queries, organizationId: string, id: string): Promise<User | Refusal> {
  const row = await queries
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('status', '!=', 'removed')
    .executeTakeFirst();
  return row === undefined ? new Refusal('api.not_found') : toUser(row);
}

/** `remember` stores the answer for the caller's idempotency key within the same transaction. */
export async function createUser(
  context: Context,
  caller: Caller,
  input: { email: string; name: string; password: string; role: Role; groups: string[] },
  remember: (queries: Queries, response: User) => Promise<void>,
): Promise<User | Refusal> {
  const weak = await checkPassword(context, input.password, input.email);
  if (weak !== null) return weak;
  const passwordHash = await context.passwords.hash(input.password);
  try {
    return await context.store.change(caller.organizationId, async (queries) => {
      const tooMuch = await checkGrant(queries, caller, input.role);
      if (tooMuch !== null) return tooMuch;
      const user = await insertUser(
        queries,
        caller.organizationId,
        { ...input, kind: 'person', passwordHash },
        context.clock(),
      );
      if (user instanceof Refusal) return user;
      await appendAudit(queries, context, caller, {
        action: 'user.create',
        objectKind: 'user',
        objectId: user.id,
        after: user,
      });
      await remember(queries, user);
      return user;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return emailTaken();
    throw error;
  }
}

export async function updateUser(
  context: Context,
  caller: Caller,
  id: string,
  version: number,
  input: { name?: string; role?: Role; groups?: string[]; status?: 'active' | 'disabled'; password?: string },
): Promise<User | Refusal> {
  const { password, ...fields } = input;
  const known = await findUser(context.store.db, caller.organizationId, id);
  if (known instanceof Refusal) return known;
  if (password !== undefined) {
    const weak =
      known.kind !== 'person' ? onlyPeopleHavePasswords() : await checkPassword(context, password, known.email);
    if (weak !== null) return weak;
  }
  const hash = password === undefined ? null : await context.passwords.hash(password);

  return await context.store.change(caller.organizationId, async (queries) => {
    // Before the row of the user, as everywhere: two that lock both wait for one another in one order.
    await ensureGroups(queries, caller.organizationId, fields.groups ?? [], context.clock());
    // Changing it first locks the row, so that two changes cannot both read the old one.
    const locked = await queries
      .updateTable('users')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('version', '=', version)
      .where('status', '!=', 'removed')
      .returningAll()
      .executeTakeFirst();
    if (locked === undefined) return new Refusal('api.precondition_failed');
    const before = { ...toUser(locked), version };
    const after: User = { ...before, ...definedOf(fields), version: version + 1 };

    // Whoever may manage users must not become, or take over, somebody who may more.
    const refusal =
      (await checkReach(queries, caller, before.role)) ??
      (after.role === before.role ? null : await checkGrant(queries, caller, after.role));
    if (refusal !== null) return refusal;
    const losesOwner =
      OWNING.includes(before.kind) &&
      before.role === 'owner' &&
      before.status === 'active' &&
      (after.role !== 'owner' || after.status !== 'active');
    if (losesOwner && !(await hasOtherOwner(queries, caller.organizationId, id))) return new Refusal('api.last_owner');

    await queries
      .updateTable('users')
      .set({ name: after.name, role: after.role, groups: JSON.stringify(after.groups), status: after.status })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .execute();
    if (hash !== null) {
      const changed = { hash, changed_at: context.clock() };
      await queries
        .insertInto('password_hashes')
        .values({ user_id: id, organization_id: caller.organizationId, ...changed })
        .onConflict((conflict) => conflict.column('user_id').doUpdateSet(changed))
        .execute();
    }
    // A new password or a closed account ends what was open, except for the session that asks for it.
    if (hash !== null || (before.status === 'active' && after.status === 'disabled')) {
      await revokeUserSessions(queries, context, caller.organizationId, id, caller.credentialId);
    } else if (after.role !== before.role) {
      await endSessionsOfRole(queries, context, { ...before, userId: id }, caller.credentialId);
    }
    await appendAudit(queries, context, caller, {
      action: 'user.update',
      objectKind: 'user',
      objectId: id,
      before,
      after: { ...after, ...(hash === null ? {} : { passwordChanged: true }) },
    });
    return after;
  });
}

/** Who can sign in and own an organization: the OS user beside the console and programs do not count. */
export const OWNING: readonly User['kind'][] = ['person', 'linked'];

export async function hasOtherOwner(queries: Queries, organizationId: string, exceptId: string): Promise<boolean> {
  const other = await queries
    .selectFrom('users')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('kind', 'in', OWNING)
    .where('role', '=', 'owner')
    .where('status', '=', 'active')
    .where('id', '!=', exceptId)
    .executeTakeFirst();
  return other !== undefined;
}

function onlyPeopleHavePasswords(): Refusal {
  return new Refusal('api.invalid', {
    errors: [{ path: '/password', message: 'only people sign in with a password' }],
  });
}

function definedOf<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
