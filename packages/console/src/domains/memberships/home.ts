import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller } from '../context.ts';

/** Where a session of a linked user came from. */
export interface Home {
  readonly userId: string;
  readonly sessionId: string;
}

/** Whether the home session that another one came of is still good: it ends with its home, at the next request. */
export async function checkHomeSession(queries: Queries, home: Home, nowMs: number): Promise<Refusal | null> {
  const row = await queries
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.revoked_at', 'sessions.expires_at', 'users.status'])
    .where('sessions.id', '=', home.sessionId)
    .where('sessions.user_id', '=', home.userId)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.unauthenticated');
  if (row.revoked_at !== null) return new Refusal('access.session_revoked');
  if (row.expires_at <= nowMs) return new Refusal('access.session_expired');
  return row.status === 'active' ? null : new Refusal('access.user_disabled');
}

/** A key, token or device would outlive the home session: linked users have none. */
export function checkNotLinked(caller: Caller): Refusal | null {
  return caller.home === null ? null : new Refusal('membership.home_only');
}
