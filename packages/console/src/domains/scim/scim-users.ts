/**
 * People as a company's directory sees and manages them. Only those exist for it that it made, or took over by making
 * them again: others of the organization it can neither see nor touch. It speaks for the mail domains of its provider
 * alone, and never changes an owner.
 */
import type { User } from '@zeronaut/model';
import { sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import { vouchesFor } from '../identity-providers/mail-domains.ts';
import { createMember, findMemberByEmail } from '../identity-providers/members.ts';
import { revokeUserSessions } from '../sessions/sessions.ts';
import { remove } from '../users/remove-user.ts';
import { findUser, toUser } from '../users/users.ts';
import { parseFilter } from './filter.ts';
import { compileFilter, type FilterColumns } from './filter-sql.ts';
import type { Change } from './patch.ts';
import {
  type Directory,
  type ListQuery,
  listResponse,
  type ScimResource,
  type ScimUserRow,
  userResource,
} from './scim-resource.ts';
import { addChange, edited, editOfBody, type UserEdit } from './scim-user-edit.ts';

/** People of one directory. */
const MAX_USERS = 50_000;

const COLUMNS: FilterColumns = {
  id: { kind: 'text', column: sql.ref('users.id'), exact: true },
  externalid: { kind: 'text', column: sql.ref('scim_users.external_id'), exact: true },
  username: { kind: 'text', column: sql.ref('users.email'), exact: false },
  emails: { kind: 'text', column: sql.ref('users.email'), exact: false },
  'emails.value': { kind: 'text', column: sql.ref('users.email'), exact: false },
  'emails.type': { kind: 'constant', value: 'work' },
  'emails.primary': { kind: 'constant', value: 'true' },
  displayname: { kind: 'text', column: sql.ref('users.name'), exact: false },
  'name.formatted': { kind: 'text', column: sql.ref('users.name'), exact: false },
  'name.givenname': { kind: 'text', column: sql.ref('scim_users.given_name'), exact: false },
  'name.familyname': { kind: 'text', column: sql.ref('scim_users.family_name'), exact: false },
  active: { kind: 'boolean', column: sql<boolean>`${sql.ref('users.status')} = 'active'` },
  'meta.created': { kind: 'time', column: sql.ref('scim_users.created_at') },
  'meta.lastmodified': { kind: 'time', column: sql.ref('scim_users.updated_at') },
  'meta.resourcetype': { kind: 'constant', value: 'User' },
};

export async function listScimUsers(directory: Directory, query: ListQuery): Promise<unknown | Refusal> {
  const { context } = directory;
  let select = rowsOf(context.store.db, directory);
  if (query.filter !== null) {
    const filter = parseFilter(query.filter);
    if (filter instanceof Refusal) return filter;
    const condition = compileFilter(filter, COLUMNS);
    if (condition instanceof Refusal) return condition;
    select = select.where(condition);
  }
  const { total } = await select
    .clearSelect()
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const rows = await select.orderBy('users.id').offset(query.offset).limit(query.count).execute();
  const resources = await toResources(context.store.db, directory, rows.map(toRow));
  return listResponse(Number(total), query, resources);
}

export async function getScimUser(directory: Directory, id: string): Promise<ScimResource | Refusal> {
  return await read(directory.context.store.db, directory, id);
}

export async function createScimUser(directory: Directory, body: unknown): Promise<ScimResource | Refusal> {
  const edit = editOfBody(body);
  if (edit instanceof Refusal) return edit;
  const { userName } = edit;
  if (userName === undefined) return new Refusal('scim.value_invalid', { detail: 'userName is missing' });
  const { provider } = directory;
  return await changing(directory, async (queries) => {
    if (!(await vouchesFor(queries, provider, userName))) return new Refusal('idp.email_not_owned');
    const { total } = await rowsOf(queries, directory)
      .clearSelect()
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    if (Number(total) >= MAX_USERS) return new Refusal('scim.too_many', { detail: `${MAX_USERS} people` });
    const known = await findMemberByEmail(queries, provider.organizationId, userName);
    const user = known ?? (await createMember(queries, directory.context, provider, { email: userName, name: '' }));
    if (user instanceof Refusal) return user.reason === 'api.conflict' ? taken() : user;
    if (known !== null && (await isManaged(queries, directory, known.id))) return taken();
    const nowMs = directory.context.clock();
    await queries
      .insertInto('scim_users')
      .values({
        organization_id: provider.organizationId,
        provider_id: provider.id,
        user_id: user.id,
        external_id: null,
        given_name: null,
        family_name: null,
        granted_groups: '[]',
        granted_role: null,
        created_at: nowMs,
        updated_at: nowMs,
      })
      .execute();
    await appendAudit(queries, directory.context, directory.caller, {
      action: known === null ? 'user.create' : 'user.link',
      objectKind: 'user',
      objectId: user.id,
      after: known === null ? user : { identityProviderId: provider.id, externalId: edit.externalId ?? null },
    });
    return await write(queries, directory, user.id, { active: true, ...edit }, null, known === null);
  });
}

export async function replaceScimUser(
  directory: Directory,
  id: string,
  version: number | null,
  body: unknown,
): Promise<ScimResource | Refusal> {
  const edit = editOfBody(body);
  if (edit instanceof Refusal) return edit;
  if (edit.userName === undefined) return new Refusal('scim.value_invalid', { detail: 'userName is missing' });
  return await changing(directory, (queries) => write(queries, directory, id, edit, version, false));
}

export async function patchScimUser(
  directory: Directory,
  id: string,
  version: number | null,
  changes: readonly Change[],
): Promise<ScimResource | Refusal> {
  const edit: UserEdit = {};
  for (const change of changes) {
    const refusal = addChange(edit, change);
    if (refusal !== null) return refusal;
  }
  return await changing(directory, (queries) => write(queries, directory, id, edit, version, false));
}

/** The person is removed, as by `users.delete`; what happened stays in the log, and a new POST makes somebody new. */
export async function deleteScimUser(
  directory: Directory,
  id: string,
  version: number | null,
): Promise<undefined | Refusal> {
  const { provider, context, caller } = directory;
  return await context.store.change(provider.organizationId, async (queries) => {
    if (!(await isManaged(queries, directory, id))) return new Refusal('api.not_found');
    const locked = await queries
      .updateTable('users')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('organization_id', '=', provider.organizationId)
      .where('id', '=', id)
      .$if(version !== null, (update) => update.where('version', '=', version!))
      .returning('id')
      .executeTakeFirst();
    if (locked === undefined) return new Refusal('api.precondition_failed');
    const user = await findUser(queries, provider.organizationId, id);
    if (user instanceof Refusal) return user;
    if (user.role === 'owner') return new Refusal('scim.owner');
    await remove(queries, context, caller, user);
    return undefined;
  });
}

/** Which of these people the directory manages. */
export async function managedAmong(
  queries: Queries,
  { provider }: Pick<Directory, 'provider'>,
  ids: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += 500) {
    const rows = await queries
      .selectFrom('scim_users')
      .select('user_id')
      .where('provider_id', '=', provider.id)
      .where('user_id', 'in', ids.slice(at, at + 500))
      .execute();
    for (const { user_id } of rows) found.add(user_id);
  }
  return found;
}

async function isManaged(queries: Queries, directory: Directory, id: string): Promise<boolean> {
  return (await managedAmong(queries, directory, [id])).has(id);
}

function rowsOf(queries: Queries, { provider }: Directory) {
  return queries
    .selectFrom('scim_users')
    .innerJoin('users', 'users.id', 'scim_users.user_id')
    .selectAll('users')
    .select([
      'scim_users.external_id',
      'scim_users.given_name',
      'scim_users.family_name',
      'scim_users.created_at as managed_at',
      'scim_users.updated_at',
    ])
    .where('scim_users.provider_id', '=', provider.id)
    .where('users.organization_id', '=', provider.organizationId);
}

type Row = Awaited<ReturnType<ReturnType<typeof rowsOf>['execute']>>[number];

function toRow(row: Row): ScimUserRow {
  return {
    user: toUser(row),
    externalId: row.external_id,
    givenName: row.given_name,
    familyName: row.family_name,
    createdAtMs: row.managed_at,
    updatedAtMs: row.updated_at,
  };
}

async function toResources(
  queries: Queries,
  directory: Directory,
  rows: readonly ScimUserRow[],
): Promise<ScimResource[]> {
  const ids = rows.map(({ user }) => user.id);
  const groups =
    ids.length === 0
      ? []
      : await queries
          .selectFrom('scim_group_members')
          .innerJoin('scim_groups', 'scim_groups.id', 'scim_group_members.group_id')
          .select(['scim_group_members.user_id', 'scim_groups.id', 'scim_groups.display_name'])
          .where('scim_groups.provider_id', '=', directory.provider.id)
          .where('scim_group_members.user_id', 'in', ids)
          .orderBy('scim_groups.id')
          .execute();
  return rows.map((row) => {
    const own = groups.filter(({ user_id }) => user_id === row.user.id);
    return userResource(
      directory,
      row,
      own.map(({ id, display_name }) => ({ value: id, display: display_name })),
    );
  });
}

async function read(queries: Queries, directory: Directory, id: string): Promise<ScimResource | Refusal> {
  const row = await rowsOf(queries, directory).where('users.id', '=', id).executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  return (await toResources(queries, directory, [toRow(row)]))[0]!;
}

async function changing(
  { context, provider }: Directory,
  run: (queries: Queries) => Promise<ScimResource | Refusal>,
): Promise<ScimResource | Refusal> {
  try {
    return await context.store.change(provider.organizationId, run);
  } catch (error) {
    if (isUniqueViolation(error)) return taken();
    throw error;
  }
}

function taken(): Refusal {
  return new Refusal('scim.taken', { detail: 'a user with this userName or externalId exists' });
}

/** `isNew`: the audit entry of making it says it all. */
async function write(
  queries: Queries,
  directory: Directory,
  id: string,
  edit: UserEdit,
  version: number | null,
  isNew: boolean,
): Promise<ScimResource | Refusal> {
  const { context, provider, caller } = directory;
  const own = await queries
    .updateTable('scim_users')
    .set({ updated_at: context.clock() })
    .where('provider_id', '=', provider.id)
    .where('user_id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (own === undefined) return new Refusal('api.not_found');
  const user = await findUser(queries, provider.organizationId, id);
  if (user instanceof Refusal) return user;
  if (version !== null && user.version !== version) return new Refusal('api.precondition_failed');
  const after = edited(user, own, edit);
  if (after.email !== user.email) {
    if (!(await vouchesFor(queries, provider, after.email))) return new Refusal('idp.email_not_owned');
    if (await isTaken(queries, directory, after)) return taken();
  }
  const changed = after.email !== user.email || after.name !== user.name || after.status !== user.status;
  if (changed && user.role === 'owner') return new Refusal('scim.owner');
  const { externalId = own.external_id, givenName = own.given_name, familyName = own.family_name } = edit;
  await queries
    .updateTable('scim_users')
    .set({ external_id: externalId, given_name: givenName, family_name: familyName })
    .where('provider_id', '=', provider.id)
    .where('user_id', '=', id)
    .execute();
  if (changed) {
    const { email, name, status } = after;
    const row = await queries
      .updateTable('users')
      .set({ email, name, status, version: isNew ? user.version : user.version + 1 })
      .where('organization_id', '=', provider.organizationId)
      .where('id', '=', id)
      .where('version', '=', user.version)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.precondition_failed');
    if (user.status === 'active' && status === 'disabled') {
      await revokeUserSessions(queries, context, provider.organizationId, id, caller.credentialId);
    }
    await appendAudit(queries, context, caller, {
      action: 'user.update',
      objectKind: 'user',
      objectId: id,
      before: user,
      after: toUser(row),
    });
  }
  return await read(queries, directory, id);
}

async function isTaken(queries: Queries, { provider }: Directory, { id, email }: User): Promise<boolean> {
  const row = await queries
    .selectFrom('users')
    .select('id')
    .where('email', '=', email)
    .where('id', '!=', id)
    .where((eb) => eb.or([eb('kind', '=', 'person'), eb('organization_id', '=', provider.organizationId)]))
    .executeTakeFirst();
  return row !== undefined;
}
