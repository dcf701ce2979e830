/** What would end with something that machines and services show, or with an approval: nothing is changed here. */
import type { Removal } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { getRequest } from '../access-requests/access-requests.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { mayReadAssertions } from '../policies/assertions.ts';
import { usesOfPrincipal } from '../policies/principal-uses.ts';
import { may } from '../roles/held-role.ts';
import { findServiceAccount } from '../service-accounts/service-accounts.ts';
import { DAY_MS, MAX_ACCESSES, NOTHING, newestAccesses, SHOWN_USES } from './what-ends.ts';

/** Disabling one: its keys, trusts and tokens open nothing until it is enabled again. */
export async function previewServiceAccount(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const account = await findServiceAccount(db, organizationId, id);
  if (account instanceof Refusal) return account;
  const nowMs = context.clock();
  const keys = await db
    .selectFrom('api_keys')
    .select((eb) => [eb.fn.countAll<number | string>().as('count'), eb.fn.max('last_used_at').as('last')])
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', nowMs)]))
    .executeTakeFirstOrThrow();
  const trusts = await db
    .selectFrom('workload_trusts')
    .select((eb) => [eb.fn.countAll<number | string>().as('count'), eb.fn.max('last_used_at').as('last')])
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  const used = Math.max(Number(keys.last ?? 0), Number(trusts.last ?? 0));
  const named = {
    principal: account.email,
    entities: [
      ['ServiceAccount', id],
      ['', account.email],
    ] as const,
  };
  return {
    ends: {
      ...NOTHING,
      apiKeys: Number(keys.count),
      workloadTrusts: Number(trusts.count),
      tokens: await liveTokens(db, organizationId, { column: 'user_id', id }, nowMs),
    },
    lastUsedAt: used === 0 ? null : isoTime(used),
    unreachable: [],
    // Who may not read policies is told of none that names it.
    namedBy: mayReadAssertions(caller) ? await usesOfPrincipal(db, organizationId, named, SHOWN_USES) : [],
  };
}

export async function previewApiKey(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const key = await db
    .selectFrom('api_keys')
    .select('last_used_at')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (key === undefined) return new Refusal('api.not_found');
  return {
    ends: { ...NOTHING, changes: await changesBy(db, organizationId, id, context.clock()) },
    lastUsedAt: isoTime(key.last_used_at),
    unreachable: [],
    namedBy: [],
  };
}

export async function previewWorkloadTrust(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const nowMs = context.clock();
  const trust = await db
    .selectFrom('workload_trusts')
    .select('last_used_at')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (trust === undefined) return new Refusal('api.not_found');
  return {
    ends: { ...NOTHING, tokens: await liveTokens(db, organizationId, { column: 'trust_id', id }, nowMs) },
    lastUsedAt: isoTime(trust.last_used_at),
    unreachable: [],
    namedBy: [],
  };
}

/** Whom a service has signed in lives on with the service; what we gave it for them ends. */
export async function previewRelyingParty(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  const nowMs = context.clock();
  const party = await db
    .selectFrom('relying_parties')
    .select('last_used_at')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  if (party === undefined) return new Refusal('api.not_found');
  const signedIn = await db
    .selectFrom('openid_records')
    .innerJoin('sessions', 'sessions.id', 'openid_records.session_id')
    .select((eb) => eb.fn.count<number | string>('sessions.user_id').distinct().as('count'))
    .where('openid_records.model', '=', 'Grant')
    .where('openid_records.relying_party_id', '=', id)
    .where('openid_records.expires_at', '>', nowMs)
    .where('sessions.organization_id', '=', organizationId)
    .where('sessions.revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  const consents = await db
    .selectFrom('relying_party_consents')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('relying_party_id', '=', id)
    .executeTakeFirstOrThrow();
  return {
    ends: { ...NOTHING, signedIn: Number(signedIn.count), consents: Number(consents.count) },
    lastUsedAt: isoTime(party.last_used_at),
    unreachable: [],
    namedBy: [],
  };
}

/** What the person who asked did with it lately, whether or not something else lets them in, too. */
export async function previewRequestEnd(context: Context, caller: Caller, id: string): Promise<Removal | Refusal> {
  const { db } = context.store;
  const request = await getRequest(context, caller, id);
  if (request instanceof Refusal) return request;
  // Whoever approves is not told thereby what somebody else opens, and when.
  if (request.userId !== caller.userId && !may(caller, 'events:read')) {
    return { ends: NOTHING, lastUsedAt: null, unreachable: [], namedBy: [] };
  }
  const used = await db
    .selectFrom(newestAccesses(db, caller.organizationId, request.objectId, context.clock()).as('newest'))
    .select((eb) => [eb.fn.countAll<number | string>().as('count'), eb.fn.max('at').as('last')])
    .where('subject', '=', request.userId)
    .executeTakeFirstOrThrow();
  return {
    ends: { ...NOTHING, accesses: Number(used.count) },
    lastUsedAt: used.last === null ? null : isoTime(Number(used.last)),
    unreachable: [],
    namedBy: [],
  };
}

/** Access tokens of workloads that have not run out. */
async function liveTokens(
  queries: Queries,
  organizationId: string,
  { column, id }: { readonly column: 'user_id' | 'trust_id'; readonly id: string },
  nowMs: number,
): Promise<number> {
  const { count } = await queries
    .selectFrom('workload_tokens')
    .innerJoin('workload_trusts', 'workload_trusts.id', 'workload_tokens.trust_id')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('workload_tokens.organization_id', '=', organizationId)
    .where(`workload_tokens.${column}`, '=', id)
    .where('workload_tokens.expires_at', '>', nowMs)
    // Each is checked against its trust.
    .where('workload_trusts.revoked_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** What a key did within the last day that the audit log has. */
async function changesBy(queries: Queries, organizationId: string, actorId: string, nowMs: number): Promise<number> {
  const newest = queries
    .selectFrom('audit_entries')
    .select('at')
    .where('organization_id', '=', organizationId)
    .where('actor_id', '=', actorId)
    .orderBy('seq', 'desc')
    .limit(MAX_ACCESSES);
  const { count } = await queries
    .selectFrom(newest.as('newest'))
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('at', '>', nowMs - DAY_MS)
    .executeTakeFirstOrThrow();
  return Number(count);
}
