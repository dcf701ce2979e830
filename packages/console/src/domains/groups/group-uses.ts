import type { GroupDetail } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';
import { contains } from '../list.ts';
import { usesOfPrincipal } from '../policies/principal-uses.ts';

export type GroupUse = GroupDetail['usedBy'][number];

/** Everything of the organization, beside its members, that would lose its meaning without the group; at most `limit` of each kind. */
export async function usesOfGroup(
  queries: Queries,
  organizationId: string,
  name: string,
  nowMs: number,
  limit = 20,
): Promise<GroupUse[]> {
  // A group's name is letters, digits and hyphens: nothing in it is special to JSON.
  const word = JSON.stringify(name);
  const named = { principal: `group:${name}`, entities: [['Group', name]] as const };
  const uses: GroupUse[] = await usesOfPrincipal(queries, organizationId, named, limit);
  const providers = await queries
    .selectFrom('identity_providers')
    .select(['name', 'group_mappings'])
    .where('organization_id', '=', organizationId)
    .where(contains(word, ['group_mappings']))
    .orderBy('id')
    .execute();
  for (const provider of providers) {
    const mapped = (JSON.parse(provider.group_mappings) as { group: string | null }[]).some(
      ({ group }) => group === name,
    );
    if (mapped) uses.push({ kind: 'identity_provider', name: provider.name });
  }
  const invitations = await queries
    .selectFrom('invitations')
    .select('email')
    .where('organization_id', '=', organizationId)
    .where(contains(word, ['groups']))
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .orderBy('id')
    .limit(limit)
    .execute();
  for (const { email } of invitations) uses.push({ kind: 'invitation', name: email });
  const parties = await queries
    .selectFrom('relying_parties')
    .select(['name', 'settings'])
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is', null)
    .where(contains(word, ['settings']))
    .orderBy('id')
    .execute();
  for (const { name: party, settings } of parties) {
    const { groups } = JSON.parse(settings) as { groups?: string[] | null };
    if (groups?.includes(name)) uses.push({ kind: 'relying_party', name: party });
  }
  return uses;
}
