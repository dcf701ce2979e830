import type { Consent } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { endGrantsOf } from './grants.ts';

/** As many as there can be relying parties. */
export async function listConsents(context: Context, caller: Caller): Promise<Consent[]> {
  const rows = await context.store.db
    .selectFrom('relying_party_consents')
    .innerJoin('relying_parties', 'relying_parties.id', 'relying_party_consents.relying_party_id')
    .select(['relying_parties.id', 'relying_parties.name', 'scopes', 'given_at'])
    .where('relying_parties.organization_id', '=', caller.organizationId)
    .where('relying_parties.revoked_at', 'is', null)
    .where('relying_party_consents.user_id', '=', caller.userId)
    .orderBy('relying_parties.name')
    .execute();
  return rows.map(({ id, name, scopes, given_at }) => ({
    relyingPartyId: id,
    name,
    scopes: scopes.split(' '),
    givenAt: isoTime(given_at),
  }));
}

/** The service is given nothing more; what it was told, and a session of its own, is with the service. */
export async function withdrawConsent(
  context: Context,
  caller: Caller,
  relyingPartyId: string,
): Promise<undefined | Refusal> {
  return await context.store.transaction(async (queries) => {
    const withdrawn = await queries
      .deleteFrom('relying_party_consents')
      .where('relying_party_id', '=', relyingPartyId)
      .where('user_id', '=', caller.userId)
      .returning('scopes')
      .executeTakeFirst();
    if (withdrawn === undefined) return new Refusal('api.not_found');
    await endGrantsOf(queries, caller.userId, relyingPartyId);
    await appendAudit(queries, context, caller, {
      action: 'consent.withdraw',
      objectKind: 'relying_party',
      objectId: relyingPartyId,
      before: { userId: caller.userId, scopes: withdrawn.scopes.split(' ') },
    });
    return undefined;
  });
}

/** Whether the person allowed this service all of `scopes` before. */
export async function hasConsented(
  queries: Queries,
  userId: string,
  relyingPartyId: string,
  scopes: readonly string[],
): Promise<boolean> {
  const given = await consentOf(queries, userId, relyingPartyId);
  return given !== null && scopes.every((scope) => given.includes(scope));
}

export async function giveConsent(
  context: Context,
  userId: string,
  relyingPartyId: string,
  scopes: readonly string[],
): Promise<void> {
  await context.store.transaction(async (queries) => {
    const all = new Set([...((await consentOf(queries, userId, relyingPartyId)) ?? []), ...scopes]);
    const values = { scopes: [...all].join(' '), given_at: context.clock() };
    await queries
      .insertInto('relying_party_consents')
      .values({ relying_party_id: relyingPartyId, user_id: userId, ...values })
      .onConflict((conflict) => conflict.columns(['relying_party_id', 'user_id']).doUpdateSet(values))
      .execute();
  });
}

async function consentOf(queries: Queries, userId: string, relyingPartyId: string): Promise<string[] | null> {
  const row = await queries
    .selectFrom('relying_party_consents')
    .select('scopes')
    .where('relying_party_id', '=', relyingPartyId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row?.scopes.split(' ') ?? null;
}
