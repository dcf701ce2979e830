import type { GroupMapping, Role, User } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import { ensureGroups } from '../groups/ensure-groups.ts';
import { isBuiltIn } from '../roles/held-role.ts';
import { pushedGrants } from '../scim/scim-grants.ts';
import { endSessionsOfRole } from '../sessions/sessions.ts';
import { hasOtherOwner } from '../users/users.ts';
import type { AssertedIdentity } from './external-sign-in.ts';
import type { Provider } from './provider-rows.ts';

/**
 * Of several roles that a person's groups lead to, the first counts: these, then those of the organization's own in the order
 * of the mappings, then the others.
 */
const FIRST: readonly Role[] = ['owner', 'admin'];
const LAST: readonly Role[] = ['operator', 'auditor', 'member'];

/** The groups and the role that a provider's groups lead to. Role null: no mapping says anything about it. */
export function mapGroups(
  mappings: readonly GroupMapping[],
  groups: readonly string[],
): { groups: string[]; role: Role | null } {
  const asserted = new Set(groups.map((group) => group.toLowerCase()));
  const matching = mappings.filter(({ from }) => asserted.has(from.toLowerCase()));
  const names = matching.flatMap(({ group }) => (group === null ? [] : [group]));
  const roles = new Set(matching.map(({ role }) => role));
  const own = [...roles].filter((role) => role !== null && !isBuiltIn(role));
  return {
    groups: [...new Set(names)].sort(),
    role: [...FIRST, ...own, ...LAST].find((role) => roles.has(role)) ?? null,
  };
}

/**
 * Gives what the mappings say and takes back what this provider gave before and no longer does. What people were given
 * by hand stays. The last owner is not demoted.
 */
export async function applyGrants(
  queries: Queries,
  context: Context,
  provider: Provider,
  identity: AssertedIdentity,
  user: User,
  origin: Origin,
): Promise<User> {
  // Where the directory pushes groups, those count, and a sign-in says nothing about them.
  const pushed = await pushedGrants(queries, provider, user.id);
  const granted = pushed === null ? mapGroups(provider.groupMappings, identity.groups) : { groups: [], role: null };
  const before = await queries
    .selectFrom('external_identities')
    .select(['granted_groups', 'granted_role'])
    .where('provider_id', '=', provider.id)
    .where('subject', '=', identity.subject)
    .executeTakeFirstOrThrow();
  const taken = new Set<string>(JSON.parse(before.granted_groups));
  const staying = user.groups.filter((name) => !taken.has(name));
  const groups = [...new Set([...staying, ...granted.groups, ...(pushed?.groups ?? [])])].sort();
  const fallback = before.granted_role === null ? user.role : (pushed?.role ?? provider.defaultRole);
  let role = granted.role ?? fallback;
  if (user.role === 'owner' && role !== 'owner' && !(await hasOtherOwner(queries, provider.organizationId, user.id))) {
    role = 'owner';
  }
  await queries
    .updateTable('external_identities')
    .set({ granted_groups: JSON.stringify(granted.groups), granted_role: granted.role })
    .where('provider_id', '=', provider.id)
    .where('subject', '=', identity.subject)
    .execute();
  if (role === user.role && groups.join() === [...user.groups].sort().join()) return user;
  await ensureGroups(queries, provider.organizationId, groups, context.clock());
  const after: User = { ...user, role, groups, version: user.version + 1 };
  await queries
    .updateTable('users')
    .set((eb) => ({ role, groups: JSON.stringify(groups), version: eb('version', '+', 1) }))
    .where('organization_id', '=', provider.organizationId)
    .where('id', '=', user.id)
    .execute();
  if (role !== user.role) {
    await endSessionsOfRole(queries, context, { ...user, userId: user.id }, null);
  }
  await appendAudit(
    queries,
    context,
    {
      organizationId: provider.organizationId,
      actor: { kind: 'system', id: provider.id, name: provider.name, address: origin.address },
      requestId: origin.requestId,
    },
    { action: 'user.update', objectKind: 'user', objectId: user.id, before: user, after },
  );
  return after;
}
