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
