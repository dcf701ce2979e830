import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';

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
