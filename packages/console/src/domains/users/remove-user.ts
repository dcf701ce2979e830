/**
 * Removes a user for ever. Of the row there stays the id, with a name that says nothing, since sessions that ended, revoked devices and
 * the audit log go on naming it (docs/decisions/0017). Everything that opens something ends in the same transaction, and gateways
 * cut what is open as they do for a disabled account.
 */
import type { User, UserRemoval } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import { erase } from '../audit/erasure.ts';
import type { Caller, Context } from '../context.ts';
import { throughDevices } from '../devices/through-devices.ts';
import { usesOfPrincipal } from '../policies/principal-uses.ts';
import { checkReach, may } from '../roles/held-role.ts';
import { revokeUserSessions } from '../sessions/sessions.ts';
import { findUser, hasOtherOwner, OWNING } from './users.ts';

const SHOWN_USES = 20;

export async function previewRemoval(context: Context, caller: Caller, id: string): Promise<UserRemoval | Refusal> {
  const { db } = context.store;
  const user = await findUser(db, caller.organizationId, id);
  if (user instanceof Refusal) return user;
  return await removalOf(db, user, context.clock());
}

export async function removeUser(
  context: Context,
  caller: Caller,
  id: string,
  version: number,
  eraseAudit: boolean,
): Promise<UserRemoval | Refusal> {
  if (eraseAudit && !may(caller, 'audit_erasures:write')) {
    return new Refusal('api.forbidden', { detail: 'eraseAudit needs audit_erasures:write' });
  }
  const removed = await context.store.change(caller.organizationId, async (queries) => {
    // Changing it first locks the row, so that nobody becomes owner, or gets a session, meanwhile.
    const locked = await queries
      .updateTable('users')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('version', '=', version)
      .where('status', '!=', 'removed')
      .returning('id')
      .executeTakeFirst();
    const user = await findUser(queries, caller.organizationId, id);
    if (user instanceof Refusal) return user;
    if (locked === undefined) return new Refusal('api.precondition_failed');
    if (user.kind === 'local') return new Refusal('user.local');
    const refusal = await checkReach(queries, caller, user.role);
    if (refusal !== null) return refusal;
    const owns = OWNING.includes(user.kind) && user.role === 'owner' && user.status === 'active';
    if (owns && !(await hasOtherOwner(queries, caller.organizationId, id))) return new Refusal('api.last_owner');
    return { user, removal: await remove(queries, context, caller, { ...user, version }) };
  });
  if (removed instanceof Refusal) return removed;
  if (!eraseAudit) return removed.removal;
  const erasure = await erase(context, caller, id, removed.user.email);
  return erasure instanceof Refusal ? erasure : { ...removed.removal, erasure };
}

/** Within a transaction that locked the row and found that it may go. */
export async function remove(
  queries: Queries,
  context: Context,
  by: Pick<Caller, 'actor' | 'organizationId' | 'requestId'>,
  user: User,
): Promise<UserRemoval> {
  const { id, organizationId } = user;
  const nowMs = context.clock();
  const removal = await removalOf(queries, user, nowMs);
  await appendAudit(queries, context, by, {
    action: 'user.delete',
    objectKind: 'user',
    objectId: id,
    before: user,
    after: removal.ends,
  });
  await revokeUserSessions(queries, context, organizationId, id, '');
  for (const table of ['devices', 'api_keys', 'personal_access_tokens', 'workload_trusts', 'address_grants'] as const) {
    await queries
      .updateTable(table)
      .set({ revoked_at: nowMs })
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', id)
      .where('revoked_at', 'is', null)
      .execute();
  }
  // Where a person's machine is says where they are.
  await queries
    .updateTable('devices')
    .set({ place: null })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id)
    .execute();
  // What they handed out, and what was sent to their address: a link kept back would let them in again.
  await queries
    .updateTable('shares')
    .set({ revoked_at: nowMs })
    .where('organization_id', '=', organizationId)
    .where('created_by', '=', id)
    .where('revoked_at', 'is', null)
    .execute();
  await queries
    .updateTable('invitations')
    .set({ revoked_at: nowMs })
    .where('organization_id', '=', organizationId)
    .where((eb) => eb.or([eb('created_by', '=', id), eb('email', '=', user.email)]))
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute();
  await queries
    .deleteFrom('enrolment_tokens')
    .where('organization_id', '=', organizationId)
    .where('created_by', '=', id)
    .where('used_at', 'is', null)
    .execute();
  await queries
    .updateTable('access_requests')
    .set({ status: 'ended', ends_at: nowMs })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id)
    .where('status', 'in', ['pending', 'approved'])
    .execute();
  const devices = queries
    .selectFrom('devices')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id);
  await queries
    .deleteFrom('risks')
    .where('organization_id', '=', organizationId)
    .where((eb) => eb.or([eb('subject_id', '=', id), eb('subject_id', 'in', devices)]))
    .execute();
  await queries.deleteFrom('device_postures').where('device_id', 'in', devices).execute();
  for (const table of ['activity', 'activity_parts'] as const) {
    await queries
      // Both have these columns, which Kysely does not see through the union.
      .deleteFrom(table as 'activity')
      .where('organization_id', '=', organizationId)
      .where((eb) => eb.or([eb('scope', '=', id), eb('scope', 'in', devices)]))
      .execute();
  }
  await queries
    .updateTable('incidents')
    .set({ object_name: 'removed' })
    .where('organization_id', '=', organizationId)
    .where((eb) => eb.or([eb('object_id', '=', id), eb('object_id', 'in', devices)]))
    .execute();
  for (const table of [
    'password_hashes',
    'passkeys',
    'totp_factors',
    'recovery_codes',
    'external_identities',
    'scim_users',
    'scim_group_members',
    'relying_party_consents',
    'device_authorizations',
    'workload_tokens',
    'push_subscriptions',
  ] as const) {
    // All have this column, which Kysely does not see through the union.
    await queries
      .deleteFrom(table as 'passkeys')
      .where('user_id', '=', id)
      .execute();
  }
  // From where and with what they came is theirs, too.
  await queries.updateTable('sessions').set({ address: '', user_agent: '' }).where('user_id', '=', id).execute();
  await queries
    .updateTable('users')
    .set({
      email: `${id.replaceAll('_', '-').toLowerCase()}@removed.invalid`,
      name: 'removed',
      role: 'member',
      groups: '[]',
      status: 'removed',
      home_user_id: null,
    })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute();
  return removal;
}

async function removalOf(queries: Queries, user: User, nowMs: number): Promise<UserRemoval> {
  const { id, organizationId } = user;
  const count = async (table: 'devices' | 'api_keys' | 'personal_access_tokens' | 'workload_trusts' | 'sessions') => {
    let select = queries
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .where('organization_id', '=', organizationId)
      .where('user_id', '=', id)
      .where('revoked_at', 'is', null);
    const expires = table === 'devices' || table === 'workload_trusts' ? null : ('expires_at' as const);
    if (expires !== null) {
      select = select.where((eb) => {
        const column = expires as 'revoked_at';
        return eb.or([eb(column, 'is', null), eb(column, '>', nowMs)]);
      });
    }
    return Number((await select.executeTakeFirstOrThrow()).count);
  };
  const countOf = async (table: 'passkeys' | 'totp_factors' | 'relying_party_consents') => {
    const select = queries.selectFrom(table).select((eb) => eb.fn.countAll<number | string>().as('count'));
    return Number((await select.where('user_id', '=', id).executeTakeFirstOrThrow()).count);
  };
  const shares = await queries
    .selectFrom('shares')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('created_by', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .executeTakeFirstOrThrow();
  const invitations = await queries
    .selectFrom('invitations')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where((eb) => eb.or([eb('created_by', '=', id), eb('email', '=', user.email)]))
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .executeTakeFirstOrThrow();
  const enrolments = await queries
    .selectFrom('enrolment_tokens')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('created_by', '=', id)
    .where('used_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .executeTakeFirstOrThrow();
  const requests = await queries
    .selectFrom('access_requests')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id)
    .where((eb) =>
      eb.or([
        eb.and([eb('status', '=', 'pending'), eb('closes_at', '>', nowMs)]),
        eb.and([eb('status', '=', 'approved'), eb('ends_at', '>', nowMs)]),
      ]),
    )
    .executeTakeFirstOrThrow();
  const named = {
    principal: user.email,
    entities: [
      [user.kind === 'service_account' ? 'ServiceAccount' : 'User', id],
      ['', user.email],
    ] as const,
  };
  const devices = queries
    .selectFrom('devices')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id)
    .where('revoked_at', 'is', null);
  return {
    userId: id,
    ends: {
      sessions: await count('sessions'),
      devices: await count('devices'),
      apiKeys: await count('api_keys'),
      personalAccessTokens: await count('personal_access_tokens'),
      factors: (await countOf('passkeys')) + (await countOf('totp_factors')),
      accessRequests: Number(requests.count),
      consents: await countOf('relying_party_consents'),
      workloadTrusts: await count('workload_trusts'),
      shares: Number(shares.count),
      invitations: Number(invitations.count),
      enrolments: Number(enrolments.count),
    },
    unreachable: await throughDevices(queries, organizationId, devices, SHOWN_USES),
    namedBy: await usesOfPrincipal(queries, organizationId, named, SHOWN_USES),
    erasure: null,
  };
}
