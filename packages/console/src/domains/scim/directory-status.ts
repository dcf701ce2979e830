import type { ProviderDirectory } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { findProviderRow, providerAddresses, toProvider } from '../identity-providers/provider-rows.ts';
import { isoTime } from '../page.ts';
import { mapPushed } from './scim-grants.ts';

/** Groups that are shown. */
const MAX_SHOWN_GROUPS = 200;

export async function directoryStatus(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<ProviderDirectory | Refusal> {
  const row = await findProviderRow(context.store.db, caller.organizationId, idOrName);
  if (row instanceof Refusal) return row;
  const provider = toProvider(row);
  const { db } = context.store;
  const people = await db
    .selectFrom('scim_users')
    .innerJoin('users', 'users.id', 'scim_users.user_id')
    .select((eb) => [
      eb.fn.countAll<number>().as('users'),
      eb.fn.sum<number | null>(eb.case().when('users.status', '=', 'active').then(1).else(0).end()).as('active'),
      eb.fn.max('scim_users.updated_at').as('changed_at'),
    ])
    .where('scim_users.provider_id', '=', provider.id)
    .executeTakeFirstOrThrow();
  const groups = await db
    .selectFrom('scim_groups')
    .select((eb) => [
      'id',
      'display_name',
      'external_id',
      eb
        .selectFrom('scim_group_members')
        .select((inner) => inner.fn.countAll<number>().as('members'))
        .whereRef('scim_group_members.group_id', '=', 'scim_groups.id')
        .as('members'),
    ])
    .where('provider_id', '=', provider.id)
    .orderBy('name_key')
    .limit(MAX_SHOWN_GROUPS)
    .execute();
  return {
    identityProviderId: provider.id,
    url: providerAddresses(context.settings.publicUrl(), provider.id, provider.kind).scim,
    users: Number(people.users),
    activeUsers: Number(people.active ?? 0),
    changedAt: people.changed_at === null ? null : isoTime(Number(people.changed_at)),
    groups: groups.map((group) => {
      const given = mapPushed(provider, [group]);
      return {
        id: group.id,
        displayName: group.display_name,
        externalId: group.external_id,
        members: Number(group.members ?? 0),
        group: given.groups[0] ?? null,
        role: given.role,
      };
    }),
  };
}
