import type { Queries } from '../../store/store.ts';
import { hashToken } from '../random-token.ts';

/** Uses an answered challenge up. False: it was before. Last in its transaction's checks, first of its writes. */
export async function useChallenge(queries: Queries, challenge: string, expiresAtMs: number): Promise<boolean> {
  const inserted = await queries
    .insertInto('used_challenges')
    .values({ challenge_hash: hashToken(challenge), expires_at: expiresAtMs })
    .onConflict((conflict) => conflict.doNothing())
    .returning('challenge_hash')
    .executeTakeFirst();
  return inserted !== undefined;
}
