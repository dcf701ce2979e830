/**
 * Groups of users. Who is in which stands on the users, as snapshots have it; here is what a group is beside that. One comes about by
 * putting somebody into it, or ahead of that, and stays when it is empty. What rules and policies name neither goes nor
 * changes its name, as they would then mean something else.
 */
import { createId, type Group, type GroupDetail } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { contains, type ListQuery, listRows } from '../list.ts';
import { isoTime, type Page, toPage } from '../page.ts';
import { checkReach } from '../roles/held-role.ts';
import { usesOfGroup } from './group-uses.ts';

const MAX_GROUPS = 2_000;
/** As the schema of a user bounds it. */
const MAX_GROUPS_PER_USER = 100;

type Row = Selectable<Schema['groups']>;
type Counts = Pick<Group, 'people' | 'programs'>;

const SORTS = { name: { column: 'name', type: 'string' }, created: { column: 'id', type: 'string' } } as const;

function toGroup(row: Row, counts: Counts = { people: 0, programs: 0 }): Group {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    ...counts,
    createdAt: isoTime(row.created_at),
    version: row.version,
  };
}

export async function listGroups(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof SORTS>,
): Promise<Page<Group> | Refusal> {
  const { db } = context.store;
  let select = db.selectFrom('groups').selectAll().where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['name', 'description']));
  const rows = await listRows(select, query, SORTS);
  if (rows instanceof Refusal) return rows;
  const counts = await countMembers(db, caller.organizationId);
  return toPage(rows.items, query.limit, (row) => toGroup(row, counts.get(row.name)), rows.cursorOf);
}

/** Of all groups at once: lists of users, each once with how many have it, as most are those of many. */
async function countMembers(queries: Queries, organizationId: string): Promise<Map<string, Counts>> {
  const lists = await queries
    .selectFrom('users')
    .select((eb) => ['kind', 'groups', eb.fn.countAll<number | string>().as('users')])
    .where('organization_id', '=', organizationId)
    .where('groups', '!=', '[]')
    .groupBy(['kind', 'groups'])
    .execute();
  const counts = new Map<string, Counts>();
  for (const { kind, groups, users } of lists) {
    for (const name of JSON.parse(groups) as string[]) {
      const known = counts.get(name) ?? { people: 0, programs: 0 };
      counts.set(name, known);
      known[kind === 'service_account' ? 'programs' : 'people'] += Number(users);
    }
  }
  return counts;
}

/** `remember` stores the answer for the caller's idempotency key within the same transaction. */
export async function createGroup(
  context: Context,
  caller: Caller,
  input: { name: string; description: string },
  remember: (queries: Queries, response: Group) => Promise<void>,
): Promise<Group | Refusal> {
  const { organizationId } = caller;
  const nowMs = context.clock();
  const row: Row = {
    id: createId('group', nowMs),
    organization_id: organizationId,
    ...input,
    created_at: nowMs,
    version: 1,
  };
  try {
    return await context.store.transaction(async (queries) => {
      const { count } = await queries
        .selectFrom('groups')
        .select((eb) => eb.fn.countAll<number | string>().as('count'))
        .where('organization_id', '=', organizationId)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MAX_GROUPS) return new Refusal('api.conflict', { detail: `at most ${MAX_GROUPS} groups` });
      await queries.insertInto('groups').values(row).execute();
      const group = toGroup(row);
      await appendAudit(queries, context, caller, {
        action: 'group.create',
        objectKind: 'group',
        objectId: row.id,
        after: group,
      });
      await remember(queries, group);
      return group;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return taken();
    throw error;
  }
}

export async function showGroup(context: Context, caller: Caller, name: string): Promise<GroupDetail | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const row = await db
    .selectFrom('groups')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('name', '=', name)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  const members = await membersOf(db, organizationId, name);
  const programs = members.filter(({ kind }) => kind === 'service_account').length;
  return {
    ...toGroup(row, { people: members.length - programs, programs }),
    sources: await sourcesOf(
      db,
      organizationId,
      name,
      members.map(({ id }) => id),
    ),
    usedBy: await usesOfGroup(db, organizationId, name, context.clock()),
  };
}

async function sourcesOf(
  queries: Queries,
  organizationId: string,
  name: string,
  memberIds: readonly string[],
): Promise<GroupDetail['sources']> {
  const isMember = new Set(memberIds);
  const given = new Set<string>();
  const counts = new Map<string, GroupDetail['sources'][number]>();
  for (const [table, kind] of [
    ['external_identities', 'sign_in'],
    ['scim_users', 'scim'],
  ] as const) {
    const rows = await queries
      .selectFrom(table as 'scim_users')
      .innerJoin('identity_providers', 'identity_providers.id', `${table as 'scim_users'}.provider_id`)
      .select([`${table as 'scim_users'}.user_id`, 'identity_providers.name'])
      .where('identity_providers.organization_id', '=', organizationId)
      .where(contains(JSON.stringify(name), [`${table as 'scim_users'}.granted_groups`]))
      .execute();
    for (const row of rows.filter(({ user_id }) => isMember.has(user_id))) {
      given.add(row.user_id);
      const key = `${kind} ${row.name}`;
      const known = counts.get(key) ?? { kind, identityProvider: row.name, members: 0 };
      known.members++;
      counts.set(key, known);
    }
  }
  const byHand = memberIds.length - given.size;
  return [
    ...(byHand === 0 ? [] : [{ kind: 'hand' as const, identityProvider: null, members: byHand }]),
    ...counts.values(),
  ];
}

export async function updateGroup(
  context: Context,
  caller: Caller,
  name: string,
  version: number,
  input: { name?: string; description?: string; add?: string[]; remove?: string[] },
): Promise<Group | Refusal> {
  const { organizationId } = caller;
  try {
    return await context.store.change(organizationId, async (queries) => {
      // Changing it first locks the row: nobody is put into it meanwhile.
      const locked = await lockGroup(queries, organizationId, name, version);
      if (locked instanceof Refusal) return locked;
      const next: Row = {
        ...locked,
        name: input.name ?? name,
        description: input.description ?? locked.description,
      };
      if (next.name !== name) {
        const refusal = await checkUnused(context, queries, caller, name);
        if (refusal !== null) return refusal;
      }
      await queries
        .updateTable('groups')
        .set({ name: next.name, description: next.description })
        .where('id', '=', next.id)
        .execute();
      const removed = new Set(input.remove ?? []);
      const added = [...new Set(input.add ?? [])].filter((id) => !removed.has(id));
      const named = await usersById(queries, organizationId, [...added, ...removed]);
      if (named instanceof Refusal) return named;
      const everybody = next.name === name ? named : [...(await membersOf(queries, organizationId, name)), ...named];
      for (const user of new Map(everybody.map((one) => [one.id, one])).values()) {
        const before = JSON.parse(user.groups) as string[];
        const stays = (before.includes(name) || added.includes(user.id)) && !removed.has(user.id);
        const groups = before.filter((one) => one !== name);
        if (stays) groups.push(next.name);
        const refusal = await regroup(queries, caller, user, groups);
        if (refusal !== null) return refusal;
      }
      if (next.name !== name) await renameGiven(queries, organizationId, name, next.name);
      const members = await membersOf(queries, organizationId, next.name);
      const programs = members.filter(({ kind }) => kind === 'service_account').length;
      const after = toGroup(next, { people: members.length - programs, programs });
      await appendAudit(queries, context, caller, {
        action: 'group.update',
        objectKind: 'group',
        objectId: next.id,
        before: { name, description: locked.description, version },
        after: { ...after, added, removed: [...removed] },
      });
      return after;
    });
  } catch (error) {
    if (isUniqueViolation(error)) return taken();
    throw error;
  }
}

export async function deleteGroup(
  context: Context,
  caller: Caller,
  name: string,
  version: number,
): Promise<undefined | Refusal> {
  const { organizationId } = caller;
  return await context.store.change(organizationId, async (queries) => {
    const locked = await lockGroup(queries, organizationId, name, version);
    if (locked instanceof Refusal) return locked;
    const refusal = await checkUnused(context, queries, caller, name);
    if (refusal !== null) return refusal;
    const members = await membersOf(queries, organizationId, name);
    for (const user of members) {
      const groups = (JSON.parse(user.groups) as string[]).filter((one) => one !== name);
      const refused = await regroup(queries, caller, user, groups);
      if (refused !== null) return refused;
    }
    await queries.deleteFrom('groups').where('id', '=', locked.id).execute();
    await appendAudit(queries, context, caller, {
      action: 'group.delete',
      objectKind: 'group',
      objectId: locked.id,
      before: { name, description: locked.description, members: members.map(({ id }) => id) },
    });
    return undefined;
  });
}

async function lockGroup(
  queries: Queries,
  organizationId: string,
  name: string,
  version: number,
): Promise<Row | Refusal> {
  const row = await queries
    .updateTable('groups')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('organization_id', '=', organizationId)
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.not_found');
  return row.version === version + 1 ? row : new Refusal('api.precondition_failed');
}

async function checkUnused(context: Context, queries: Queries, caller: Caller, name: string): Promise<Refusal | null> {
  const uses = await usesOfGroup(queries, caller.organizationId, name, context.clock(), 5);
  if (uses.length === 0) return null;
  const detail = uses.map((use) => `${use.kind.replaceAll('_', ' ')} ${use.name}`).join(', ');
  return new Refusal('group.in_use', { detail: `named by ${detail}` });
}

type Member = Pick<Selectable<Schema['users']>, 'id' | 'kind' | 'role' | 'groups' | 'version'>;

async function membersOf(queries: Queries, organizationId: string, name: string): Promise<Member[]> {
  return await queries
    .selectFrom('users')
    .select(['id', 'kind', 'role', 'groups', 'version'])
    .where('organization_id', '=', organizationId)
    .where(contains(JSON.stringify(name), ['groups']))
    .orderBy('id')
    .execute();
}

async function usersById(
  queries: Queries,
  organizationId: string,
  ids: readonly string[],
): Promise<Member[] | Refusal> {
  if (ids.length === 0) return [];
  const users = await queries
    .selectFrom('users')
    .select(['id', 'kind', 'role', 'groups', 'version'])
    .where('organization_id', '=', organizationId)
    .where('id', 'in', ids)
    .where('status', '!=', 'removed')
    .execute();
  if (users.length === new Set(ids).size) return users;
  return new Refusal('api.not_found', { detail: 'one of these users does not exist' });
}

/** Writes the list of one user, who must not be somebody who may more than the caller. */
async function regroup(
  queries: Queries,
  caller: Caller,
  user: Member,
  groups: readonly string[],
): Promise<Refusal | null> {
  const sorted = [...new Set(groups)].sort();
  if (sorted.join() === (JSON.parse(user.groups) as string[]).toSorted().join()) return null;
  if (sorted.length > MAX_GROUPS_PER_USER) {
    return new Refusal('api.conflict', { detail: `${user.id} is in ${MAX_GROUPS_PER_USER} groups already` });
  }
  const refusal = await checkReach(queries, caller, user.role);
  if (refusal !== null) return refusal;
  const changed = await queries
    .updateTable('users')
    .set({ groups: JSON.stringify(sorted), version: user.version + 1 })
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', user.id)
    .where('version', '=', user.version)
    .returning('id')
    .executeTakeFirst();
  // Somebody changed this user in between.
  return changed === undefined ? new Refusal('api.precondition_failed') : null;
}

/** What providers gave under the old name, so that they can take it back. */
async function renameGiven(queries: Queries, organizationId: string, from: string, to: string): Promise<void> {
  for (const table of ['external_identities', 'scim_users'] as const) {
    const rows = await queries
      .selectFrom(table as 'scim_users')
      .select(['provider_id', 'user_id', 'granted_groups'])
      .where('organization_id', '=', organizationId)
      .where(contains(JSON.stringify(from), ['granted_groups']))
      .execute();
    for (const { provider_id, user_id, granted_groups } of rows) {
      const names = (JSON.parse(granted_groups) as string[]).map((name) => (name === from ? to : name));
      await queries
        .updateTable(table as 'scim_users')
        .set({ granted_groups: JSON.stringify(names) })
        .where('provider_id', '=', provider_id)
        .where('user_id', '=', user_id)
        .where('granted_groups', '=', granted_groups)
        .execute();
    }
  }
}

function taken(): Refusal {
  return new Refusal('api.name_taken', { errors: [{ path: '/name', message: 'a group has this name' }] });
}
