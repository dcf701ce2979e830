/**
 * Groups of a company's directory, under its own names. By themselves they give nothing: the mappings of the provider say
 * which group or role of ours comes from them. Each change brings everybody level whom it touches, in its transaction.
 */
import { createId } from '@zeronaut/model';
import { sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import { type Filter, parseFilter } from './filter.ts';
import { compileFilter, type FilterColumns } from './filter-sql.ts';
import { type Change, membersOf } from './patch.ts';
import { regrant } from './scim-grants.ts';
import {
  type Directory,
  groupResource,
  type ListQuery,
  listResponse,
  type ScimGroupRow,
  type ScimResource,
  textIn,
} from './scim-resource.ts';
import { managedAmong } from './scim-users.ts';

/** Groups of one directory. */
const MAX_GROUPS = 2_000;
/** Members that one request names. */
const MAX_NAMED_MEMBERS = 1_000;
/** Members of one group. */
const MAX_MEMBERS = 10_000;
const MAX_DISPLAY_NAME = 256;
const MAX_EXTERNAL_ID = 256;

const COLUMNS: FilterColumns = {
  id: { kind: 'text', column: sql.ref('scim_groups.id'), exact: true },
  externalid: { kind: 'text', column: sql.ref('scim_groups.external_id'), exact: true },
  displayname: { kind: 'text', column: sql.ref('scim_groups.display_name'), exact: false },
  members: { kind: 'member', some: hasMember },
  'members.value': { kind: 'member', some: hasMember },
  'meta.created': { kind: 'time', column: sql.ref('scim_groups.created_at') },
  'meta.lastmodified': { kind: 'time', column: sql.ref('scim_groups.updated_at') },
  'meta.resourcetype': { kind: 'constant', value: 'Group' },
};

function hasMember(userId: string | null) {
  const who = userId === null ? sql`` : sql` and scim_group_members.user_id = ${userId}`;
  return sql<boolean>`exists (select 1 from scim_group_members where scim_group_members.group_id = scim_groups.id${who})`;
}

export async function listScimGroups(
  directory: Directory,
  query: ListQuery,
  withMembers: boolean,
): Promise<unknown | Refusal> {
  const { db } = directory.context.store;
  let select = rowsOf(db, directory);
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
  const rows = await select.orderBy('scim_groups.id').offset(query.offset).limit(query.count).execute();
  return listResponse(Number(total), query, await toResources(db, directory, rows, withMembers));
}

export async function getScimGroup(
  directory: Directory,
  id: string,
  withMembers: boolean,
): Promise<ScimResource | Refusal> {
  return await read(directory.context.store.db, directory, id, withMembers);
}

export async function createScimGroup(directory: Directory, body: unknown): Promise<ScimResource | Refusal> {
  const input = parseBody(body);
  if (input instanceof Refusal) return input;
  const { provider, context, caller } = directory;
  return await changing(directory, async (queries) => {
    const nowMs = context.clock();
    const { total } = await rowsOf(queries, directory)
      .clearSelect()
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    if (Number(total) >= MAX_GROUPS) return new Refusal('scim.too_many', { detail: `${MAX_GROUPS} groups` });
    const row = {
      id: createId('scimGroup', nowMs),
      organization_id: provider.organizationId,
      provider_id: provider.id,
      display_name: input.displayName,
      name_key: input.displayName.toLowerCase(),
      external_id: input.externalId ?? null,
      created_at: nowMs,
      updated_at: nowMs,
      version: 1,
    };
    await queries.insertInto('scim_groups').values(row).execute();
    await appendAudit(queries, context, caller, {
      action: 'scim_group.create',
      objectKind: 'scim_group',
      objectId: row.id,
      after: { identityProviderId: provider.id, displayName: row.display_name, externalId: row.external_id },
    });
    const refusal = await setMembers(queries, directory, row.id, new Set(), new Set(input.members));
    return refusal ?? (await read(queries, directory, row.id, true));
  });
}

export async function replaceScimGroup(
  directory: Directory,
  id: string,
  version: number | null,
  body: unknown,
): Promise<ScimResource | Refusal> {
  const input = parseBody(body);
  if (input instanceof Refusal) return input;
  return await changing(directory, (queries) =>
    write(queries, directory, id, version, (group) => ({
      displayName: input.displayName,
      externalId: input.externalId === undefined ? group.externalId : input.externalId,
      members: new Set(input.members),
    })),
  );
}

export async function patchScimGroup(
  directory: Directory,
  id: string,
  version: number | null,
  changes: readonly Change[],
): Promise<ScimResource | Refusal> {
  return await changing(directory, (queries) =>
    write(queries, directory, id, version, (group) => {
      let state: State | Refusal = group;
      let named = 0;
      for (const change of changes) {
        if (Array.isArray(change.value)) named += change.value.length;
        if (named > MAX_NAMED_MEMBERS) return new Refusal('scim.too_many', { detail: `${MAX_NAMED_MEMBERS} members` });
        state = changed(state, change);
        if (state instanceof Refusal) return state;
      }
      return state;
    }),
  );
}

export async function deleteScimGroup(
  directory: Directory,
  id: string,
  version: number | null,
): Promise<undefined | Refusal> {
  const { provider, context, caller } = directory;
  const result = await changing(directory, async (queries) => {
    const before = await read(queries, directory, id, false);
    if (before instanceof Refusal) return before;
    const empty = await write(queries, directory, id, version, (group) => ({ ...group, members: new Set<string>() }));
    if (empty instanceof Refusal) return empty;
    await queries.deleteFrom('scim_groups').where('provider_id', '=', provider.id).where('id', '=', id).execute();
    await appendAudit(queries, context, caller, {
      action: 'scim_group.delete',
      objectKind: 'scim_group',
      objectId: id,
      before: { identityProviderId: provider.id, displayName: before.displayName },
    });
    return before;
  });
  return result instanceof Refusal ? result : undefined;
}

interface State {
  readonly displayName: string;
  readonly externalId: string | null;
  readonly members: ReadonlySet<string>;
}

/** One change of a PATCH to what the group is then. */
function changed(state: State, { operation, attribute, filter, value }: Change): State | Refusal {
  switch (attribute) {
    case 'displayname': {
      const name = operation === 'remove' ? null : parseDisplayName(value);
      return name === null || name instanceof Refusal
        ? (name ?? new Refusal('scim.read_only'))
        : { ...state, displayName: name };
    }
    case 'externalid': {
      const externalId = textIn(operation === 'remove' ? null : value, 'externalId', MAX_EXTERNAL_ID);
      return externalId instanceof Refusal ? externalId : { ...state, externalId: externalId ?? null };
    }
    case 'members': {
      if (filter !== null) return withoutFiltered(state, operation, filter);
      // Without a value, a removal is of all of them.
      if (operation === 'remove' && (value === undefined || value === null)) return { ...state, members: new Set() };
      const named = parseMembers(value);
      if (named instanceof Refusal) return named;
      if (operation === 'replace') return { ...state, members: new Set(named) };
      const members = new Set(state.members);
      for (const one of named) {
        if (operation === 'add') members.add(one);
        else members.delete(one);
      }
      return { ...state, members };
    }
    default:
      return state;
  }
}

/** `members[value eq "…"]`, alone or with `or`. */
function withoutFiltered(state: State, operation: Change['operation'], filter: Filter): State | Refusal {
  const invalid = new Refusal('scim.path_invalid', { detail: 'members are removed by members[value eq "…"]' });
  if (operation !== 'remove') return invalid;
  const parts = filter.kind === 'or' ? filter.parts : [filter];
  const members = new Set(state.members);
  for (const part of parts) {
    if (part.kind !== 'compare' || part.path !== 'value' || part.operator !== 'eq') return invalid;
    members.delete(String(part.value));
  }
  return { ...state, members };
}

function parseBody(body: unknown): { displayName: string; externalId?: string | null; members: string[] } | Refusal {
  const fields = new Map(Object.entries(membersOf(body)).map(([name, value]) => [name.toLowerCase(), value]));
  if (!Array.isArray(fields.get('schemas')))
    return new Refusal('scim.syntax_invalid', { detail: 'schemas are missing' });
  const displayName = parseDisplayName(fields.get('displayname'));
  if (displayName instanceof Refusal) return displayName;
  const externalId = textIn(fields.get('externalid'), 'externalId', MAX_EXTERNAL_ID);
  if (externalId instanceof Refusal) return externalId;
  const members = fields.get('members') == null ? [] : parseMembers(fields.get('members'));
  if (members instanceof Refusal) return members;
  return { displayName, members, ...(externalId === undefined ? {} : { externalId }) };
}

function parseDisplayName(value: unknown): string | Refusal {
  const name = textIn(value, 'displayName', MAX_DISPLAY_NAME);
  if (name instanceof Refusal) return name;
  return name ?? new Refusal('scim.value_invalid', { detail: 'displayName is missing' });
}

/** One reference or a list of them. */
function parseMembers(value: unknown): string[] | Refusal {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MAX_NAMED_MEMBERS) return new Refusal('scim.too_many', { detail: `${MAX_NAMED_MEMBERS} members` });
  const ids = list.map((one) => (typeof one === 'string' ? one : membersOf(one).value));
  return ids.every((one): one is string => typeof one === 'string' && one.length <= 100)
    ? ids
    : new Refusal('scim.value_invalid', { detail: 'a member is an object with a value' });
}

function rowsOf(queries: Queries, { provider }: Directory) {
  return queries
    .selectFrom('scim_groups')
    .select(['id', 'display_name', 'external_id', 'created_at', 'updated_at', 'version'])
    .where('provider_id', '=', provider.id)
    .where('organization_id', '=', provider.organizationId);
}

async function toResources(
  queries: Queries,
  directory: Directory,
  rows: readonly ScimGroupRow[],
  withMembers: boolean,
): Promise<ScimResource[]> {
  const members =
    rows.length === 0 || !withMembers
      ? []
      : await queries
          .selectFrom('scim_group_members')
          .innerJoin('users', 'users.id', 'scim_group_members.user_id')
          .select(['scim_group_members.group_id', 'users.id', 'users.email'])
          .where(
            'scim_group_members.group_id',
            'in',
            rows.map(({ id }) => id),
          )
          .orderBy('users.id')
          .execute();
  return rows.map((row) => {
    const own = members.filter(({ group_id }) => group_id === row.id);
    const resource = groupResource(
      directory,
      row,
      own.map(({ id, email }) => ({ value: id, display: email })),
    );
    if (withMembers) return resource;
    const { members: _, ...rest } = resource;
    return { ...rest, id: row.id };
  });
}

async function read(
  queries: Queries,
  directory: Directory,
  id: string,
  withMembers: boolean,
): Promise<ScimResource | Refusal> {
  const row = await rowsOf(queries, directory).where('id', '=', id).executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  return (await toResources(queries, directory, [row], withMembers))[0]!;
}

async function changing(
  { context, provider }: Directory,
  run: (queries: Queries) => Promise<ScimResource | Refusal>,
): Promise<ScimResource | Refusal> {
  try {
    return await context.store.change(provider.organizationId, run);
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('scim.taken', { detail: 'a group of this name exists' });
    throw error;
  }
}

async function write(
  queries: Queries,
  directory: Directory,
  id: string,
  version: number | null,
  change: (state: State) => State | Refusal,
): Promise<ScimResource | Refusal> {
  const { provider, context, caller } = directory;
  // Taking the row first makes the second of two changes at once see what the first one did.
  const row = await queries
    .updateTable('scim_groups')
    .set((eb) => ({ version: eb('version', '+', 1), updated_at: context.clock() }))
    .where('provider_id', '=', provider.id)
    .where('organization_id', '=', provider.organizationId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  if (version !== null && row.version !== version + 1) return new Refusal('api.precondition_failed');
  const members = new Set(
    (await queries.selectFrom('scim_group_members').select('user_id').where('group_id', '=', id).execute()).map(
      ({ user_id }) => user_id,
    ),
  );
  const before: State = { displayName: row.display_name, externalId: row.external_id, members };
  const after = change(before);
  if (after instanceof Refusal) return after;
  const renamed = after.displayName !== before.displayName || after.externalId !== before.externalId;
  if (renamed) {
    await queries
      .updateTable('scim_groups')
      .set({
        display_name: after.displayName,
        name_key: after.displayName.toLowerCase(),
        external_id: after.externalId,
      })
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'scim_group.update',
      objectKind: 'scim_group',
      objectId: id,
      before: { displayName: before.displayName, externalId: before.externalId },
      after: { displayName: after.displayName, externalId: after.externalId },
    });
  }
  const refusal = await setMembers(queries, directory, id, before.members, after.members);
  if (refusal !== null) return refusal;
  if (renamed) {
    const staying = [...after.members].filter((one) => before.members.has(one));
    for (const userId of staying) await regrant(queries, context, provider, userId, caller);
  }
  return await read(queries, directory, id, true);
}

async function setMembers(
  queries: Queries,
  directory: Directory,
  id: string,
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): Promise<Refusal | null> {
  const { provider, context, caller } = directory;
  const added = [...after].filter((one) => !before.has(one));
  const removed = [...before].filter((one) => !after.has(one));
  if (after.size > MAX_MEMBERS) return new Refusal('scim.too_many', { detail: `${MAX_MEMBERS} members` });
  const known = await managedAmong(queries, directory, added);
  const unknown = added.find((one) => !known.has(one));
  if (unknown !== undefined)
    return new Refusal('scim.value_invalid', { detail: `there is no member ${unknown}`.slice(0, 150) });
  for (const userId of removed) {
    await queries.deleteFrom('scim_group_members').where('group_id', '=', id).where('user_id', '=', userId).execute();
  }
  for (const userId of added) {
    await queries
      .insertInto('scim_group_members')
      .values({ organization_id: provider.organizationId, group_id: id, user_id: userId })
      .execute();
  }
  if (added.length + removed.length === 0) return null;
  await appendAudit(queries, context, caller, {
    action: 'scim_group.members',
    objectKind: 'scim_group',
    objectId: id,
    after: { added, removed },
  });
  for (const userId of [...removed, ...added]) await regrant(queries, context, provider, userId, caller);
  return null;
}
