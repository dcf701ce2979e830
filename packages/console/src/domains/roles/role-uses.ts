import type { Role } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';
import { type PrincipalUse, usesOfPrincipal } from '../policies/principal-uses.ts';

/** Something that names a role, in words such as `user ann@example.com`. */
export interface RoleUse {
  readonly kind: 'user' | 'service_account' | 'api_key' | 'invitation' | 'identity_provider' | PrincipalUse['kind'];
  readonly name: string;
}

/** Everything of the organization that would lose its meaning without the role, at most `limit` of each kind. */
export async function usesOfRole(
  queries: Queries,
  organizationId: string,
  role: Role,
  nowMs: number,
  limit = 20,
): Promise<RoleUse[]> {
  const uses: RoleUse[] = [];
  const users = await queries
    .selectFrom('users')
    .select(['kind', 'email'])
    .where('organization_id', '=', organizationId)
    .where('role', '=', role)
    .where('status', '!=', 'removed')
    .orderBy('id')
    .limit(limit)
    .execute();
  for (const { kind, email } of users) {
    uses.push({ kind: kind === 'service_account' ? 'service_account' : 'user', name: email });
  }
  const keys = await queries
    .selectFrom('api_keys')
    .select(['id'])
    .where('organization_id', '=', organizationId)
    .where('role', '=', role)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', nowMs)]))
    .orderBy('id')
    .limit(limit)
    .execute();
  for (const { id } of keys) uses.push({ kind: 'api_key', name: id });
  const invitations = await queries
    .selectFrom('invitations')
    .select('email')
    .where('organization_id', '=', organizationId)
    .where('role', '=', role)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .orderBy('id')
    .limit(limit)
    .execute();
  for (const { email } of invitations) uses.push({ kind: 'invitation', name: email });
  const providers = await queries
    .selectFrom('identity_providers')
    .select(['name', 'default_role', 'group_mappings'])
    .where('organization_id', '=', organizationId)
    .orderBy('id')
    .execute();
  for (const { name, default_role, group_mappings } of providers) {
    const mapped = (JSON.parse(group_mappings) as { role: Role | null }[]).some((mapping) => mapping.role === role);
    if (mapped || default_role === role) uses.push({ kind: 'identity_provider', name });
  }
  // A role's name is letters, digits and hyphens: nothing in it is special to JSON or to a pattern.
  const named = { principal: `role:${role}`, entities: [['Role', role]] as const };
  uses.push(...(await usesOfPrincipal(queries, organizationId, named, limit)));
  return uses;
}
