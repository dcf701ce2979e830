import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { hashToken } from '../random-token.ts';

/** Remembers which session of ours a grant came from: with the session revoked, the grant gives nothing more. */
export async function bindGrant(context: Context, grantId: string, sessionId: string): Promise<void> {
  await context.store.db
    .updateTable('openid_records')
    .set({ session_id: sessionId })
    .where('model', '=', 'Grant')
    .where('id_hash', '=', hashToken(grantId))
    .execute();
}

/** False: its session was revoked, or the grant is gone. A session that ran out takes nothing back. */
export async function isGrantAlive(context: Context, grantId: string): Promise<boolean> {
  const row = await context.store.db
    .selectFrom('openid_records')
    .leftJoin('sessions', 'sessions.id', 'openid_records.session_id')
    .select(['sessions.revoked_at'])
    .where('openid_records.model', '=', 'Grant')
    .where('openid_records.id_hash', '=', hashToken(grantId))
    .executeTakeFirst();
  return row !== undefined && row.revoked_at === null;
}

/** Ends all that a person's sessions gave to one service: grants, codes and tokens. */
export async function endGrantsOf(queries: Queries, userId: string, relyingPartyId: string): Promise<void> {
  const grants = await queries
    .selectFrom('openid_records')
    .innerJoin('sessions', 'sessions.id', 'openid_records.session_id')
    .select('openid_records.id_hash')
    .where('openid_records.model', '=', 'Grant')
    .where('openid_records.relying_party_id', '=', relyingPartyId)
    .where('sessions.user_id', '=', userId)
    .execute();
  for (const { id_hash } of grants) {
    await queries
      .deleteFrom('openid_records')
      .where((eb) =>
        eb.or([eb('grant_hash', '=', id_hash), eb.and([eb('model', '=', 'Grant'), eb('id_hash', '=', id_hash)])]),
      )
      .execute();
  }
}
