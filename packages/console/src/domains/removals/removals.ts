/** What the removal of a thing would end: nothing is changed here. For users, who end more, see `users/remove-user.ts`. */
import type { Removal } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { throughDevices } from '../devices/through-devices.ts';
import { findProviderRow } from '../identity-providers/provider-rows.ts';
import { getAssertions, mayReadAssertions } from '../policies/assertions.ts';
import { policiesNaming } from '../policies/principal-uses.ts';
import { findResource } from '../resources/resources.ts';
import { isOpen } from '../sessions/sessions.ts';
import { NOTHING, newestAccesses, SHOWN_USES } from './what-ends.ts';

export async function previewResourceRemoval(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const resource = await findResource(db, organizationId, idOrName);
  if (resource instanceof Refusal) return resource;
  const nowMs = context.clock();
  const used = await db
    .selectFrom(newestAccesses(db, organizationId, resource.id, nowMs).as('newest'))
    .select((eb) => [
      eb.fn.countAll<number | string>().as('accesses'),
      // Nobody knows how many those are who need not sign in.
      eb.fn
        .count<number | string>(eb.fn('nullif', ['subject', eb.val('')]))
        .distinct()
        .as('visitors'),
    ])
    .executeTakeFirstOrThrow();
  const shares = await db
    .selectFrom('shares')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('resource_id', '=', resource.id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .executeTakeFirstOrThrow();
  return {
    ends: {
      ...NOTHING,
      visitors: Number(used.visitors),
      accesses: Number(used.accesses),
      shares: Number(shares.count),
      accessRequests: await openRequests(db, organizationId, resource.id, nowMs),
    },
    lastUsedAt: null,
    unreachable: [],
    namedBy: await usesOf(db, caller, { type: 'Resource', id: resource.id, name: resource.name }),
  };
}

export async function previewSiteRemoval(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const site = await db
    .selectFrom('sites')
    .select(['id', 'name', 'device_id'])
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (site === undefined) return new Refusal('api.not_found');
  return {
    ends: { ...NOTHING, accessRequests: await openRequests(db, organizationId, id, context.clock()) },
    lastUsedAt: null,
    unreachable: [],
    namedBy: await usesOf(db, caller, { type: 'Site', id, name: site.name }),
  };
}

export async function previewDeviceRemoval(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const device = await db
    .selectFrom('devices')
    .select('name')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (device === undefined) return new Refusal('api.not_found');
  const sessions = await db
    .selectFrom('sessions')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('device_id', '=', id)
    .where((eb) => isOpen(eb, context.clock()))
    .executeTakeFirstOrThrow();
  return {
    ends: {
      ...NOTHING,
      sessions: Number(sessions.count),
      tunnels: context.presence(organizationId).devices.has(id) ? 1 : 0,
    },
    lastUsedAt: null,
    unreachable: await throughDevices(db, organizationId, [id], SHOWN_USES),
    namedBy: await usesOf(db, caller, { type: 'Device', id, name: device.name }),
  };
}

export async function previewProviderRemoval(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const provider = await findProviderRow(db, organizationId, idOrName);
  if (provider instanceof Refusal) return provider;
  const people = await db
    .selectFrom('external_identities')
    .innerJoin('users', 'users.id', 'external_identities.user_id')
    .select((eb) => eb.fn.count<number | string>('users.id').distinct().as('count'))
    .where('external_identities.organization_id', '=', organizationId)
    .where('external_identities.provider_id', '=', provider.id)
    .where('users.status', '=', 'active')
    .where('users.id', 'not in', (eb) =>
      eb.selectFrom('password_hashes').select('user_id').where('organization_id', '=', organizationId),
    )
    .where('users.id', 'not in', (eb) =>
      eb.selectFrom('passkeys').select('user_id').where('organization_id', '=', organizationId),
    )
    .where('users.id', 'not in', (eb) =>
      eb
        .selectFrom('external_identities')
        .select('user_id')
        .where('organization_id', '=', organizationId)
        .where('provider_id', '<>', provider.id),
    )
    .executeTakeFirstOrThrow();
  return { ends: { ...NOTHING, people: Number(people.count) }, lastUsedAt: null, unreachable: [], namedBy: [] };
}

async function openRequests(queries: Queries, organizationId: string, objectId: string, nowMs: number) {
  const { count } = await queries
    .selectFrom('access_requests')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('object_id', '=', objectId)
    .where((eb) =>
      eb.or([
        eb.and([eb('status', '=', 'pending'), eb('closes_at', '>', nowMs)]),
        eb.and([eb('status', '=', 'approved'), eb('ends_at', '>', nowMs)]),
      ]),
    )
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Rules, policies and assertions that would say nothing without it. */
async function usesOf(
  queries: Queries,
  caller: Caller,
  { type, id, name }: { readonly type: string; readonly id: string; readonly name: string },
): Promise<Removal['namedBy']> {
  // Who may not read policies is told of none that names it.
  if (!mayReadAssertions(caller)) return [];
  const { organizationId } = caller;
  const rule = await queries
    .selectFrom('approval_rules')
    .select('object_id')
    .where('organization_id', '=', organizationId)
    .where('object_id', '=', id)
    .executeTakeFirst();
  const policies = await policiesNaming(queries, organizationId, [[type, id]], SHOWN_USES);
  const { assertions } = await getAssertions(queries, organizationId);
  return [
    ...(rule === undefined ? [] : [{ kind: 'approval_rule' as const, name }]),
    ...policies.map((policy) => ({ kind: 'policy' as const, name: policy })),
    ...assertions
      // Devices are no object of a question, and may be called as a resource is.
      .filter(({ object }) => type !== 'Device' && (object === id || object === name))
      .slice(0, SHOWN_USES)
      .map((assertion) => ({ kind: 'assertion' as const, name: assertion.name })),
  ];
}
