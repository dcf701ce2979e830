/**
 * What the groups that a directory pushes give its people here: groups and a role, by the mappings of the provider, kept
 * level with each change of a membership, a name or a mapping. What people were given by hand, or by a sign-in, stays.
 * Nobody becomes an owner this way, whatever a mapping says, and no owner stops being one.
 */
import type { Role, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context } from '../context.ts';
import { ensureGroups } from '../groups/ensure-groups.ts';
import { mapGroups } from '../identity-providers/grants.ts';
import type { Provider } from '../identity-providers/provider-rows.ts';
import { endSessionsOfRole } from '../sessions/sessions.ts';
import { findUser } from '../users/users.ts';

/** How often a change that somebody else made meanwhile is looked at again. */
const MAX_ATTEMPTS = 5;

type Who = Parameters<typeof appendAudit>[2];

export interface PushedGrants {
  readonly groups: readonly string[];
  readonly role: Role | null;
}

/** What somebody's pushed groups lead to. */
async function mapped(queries: Queries, provider: Provider, userId: string): Promise<PushedGrants> {
  const groups = await queries
    .selectFrom('scim_group_members')
    .innerJoin('scim_groups', 'scim_groups.id', 'scim_group_members.group_id')
    .select(['scim_groups.display_name', 'scim_groups.external_id'])
    .where('scim_group_members.user_id', '=', userId)
    .where('scim_groups.provider_id', '=', provider.id)
    .execute();
  return mapPushed(provider, groups);
}

/** A mapping names a group as the directory shows it, or by the id that it has over there. */
export function mapPushed(
  provider: Provider,
  groups: readonly { readonly display_name: string; readonly external_id: string | null }[],
): PushedGrants {
  const names = groups.flatMap((group) =>
    group.external_id === null ? [group.display_name] : [group.display_name, group.external_id],
  );
  const mappings = provider.groupMappings.map((mapping) =>
    mapping.role === 'owner' ? { ...mapping, role: null } : mapping,
  );
  return mapGroups(mappings, names);
}

/** For a sign-in: what counts in place of its own groups. Null: nobody pushes groups of this person. */
export async function pushedGrants(queries: Queries, provider: Provider, userId: string): Promise<PushedGrants | null> {
  const managed = await queries
    .selectFrom('scim_users')
    .select('granted_groups')
    .where('provider_id', '=', provider.id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  if (managed === undefined) return null;
  const any = await queries
    .selectFrom('scim_groups')
    .select('id')
    .where('provider_id', '=', provider.id)
    .limit(1)
    .executeTakeFirst();
  return any === undefined ? null : await mapped(queries, provider, userId);
}

/** Brings one person level. Within the transaction of the change; does nothing for whom the directory does not manage. */
export async function regrant(
  queries: Queries,
  context: Context,
  provider: Provider,
  userId: string,
  who: Who,
): Promise<void> {
  // Taking the row first makes the second of two changes at once see what the first one gave.
  const managed = await queries
    .updateTable('scim_users')
    .set((eb) => ({ updated_at: eb.ref('updated_at') }))
    .where('provider_id', '=', provider.id)
    .where('user_id', '=', userId)
    .returning(['granted_groups', 'granted_role'])
    .executeTakeFirst();
  if (managed === undefined) return;
  const granted = await mapped(queries, provider, userId);
  await queries
    .updateTable('scim_users')
    .set({ granted_groups: JSON.stringify(granted.groups), granted_role: granted.role })
    .where('provider_id', '=', provider.id)
    .where('user_id', '=', userId)
    .execute();
  const before: readonly string[] = JSON.parse(managed.granted_groups);
  const bySignIn = await queries
    .selectFrom('external_identities')
    .select('granted_groups')
    .where('user_id', '=', userId)
    .where('provider_id', '!=', provider.id)
    .execute();
  const kept = new Set(bySignIn.flatMap((row): string[] => JSON.parse(row.granted_groups)));
  const taken = new Set(before.filter((name) => !kept.has(name)));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const user = await findUser(queries, provider.organizationId, userId);
    if (user instanceof Refusal) return;
    const groups = [...new Set([...user.groups.filter((name) => !taken.has(name)), ...granted.groups])].sort();
    const fallback = managed.granted_role === null ? user.role : provider.defaultRole;
    const role = user.role === 'owner' ? 'owner' : (granted.role ?? fallback);
    if (role === user.role && groups.join() === [...user.groups].sort().join()) return;
    await ensureGroups(queries, provider.organizationId, groups, context.clock());
    const after: User = { ...user, role, groups, version: user.version + 1 };
    const changed = await queries
      .updateTable('users')
      .set({ role, groups: JSON.stringify(groups), version: after.version })
      .where('organization_id', '=', provider.organizationId)
      .where('id', '=', userId)
      .where('version', '=', user.version)
      .returning('id')
      .executeTakeFirst();
    if (changed === undefined) continue;
    if (role !== user.role) await endSessionsOfRole(queries, context, { ...user, userId }, null);
    await appendAudit(queries, context, who, {
      action: 'user.update',
      objectKind: 'user',
      objectId: userId,
      before: user,
      after,
    });
    return;
  }
  throw new Error(`the groups of ${userId} were changed by others ${MAX_ATTEMPTS} times`);
}

/** Brings everybody level who is in a pushed group, or was given something by one: a mapping has changed. */
export async function regrantAll(queries: Queries, context: Context, provider: Provider, who: Who): Promise<void> {
  const people = await queries
    .selectFrom('scim_users')
    .select('user_id')
    .where('provider_id', '=', provider.id)
    .where((eb) =>
      eb.or([
        eb('granted_groups', '!=', '[]'),
        eb('granted_role', 'is not', null),
        eb('user_id', 'in', eb.selectFrom('scim_group_members').select('user_id')),
      ]),
    )
    .execute();
  for (const { user_id } of people) await regrant(queries, context, provider, user_id, who);
}
