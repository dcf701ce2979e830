import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import { hashToken } from '../random-token.ts';
import { actorOf, type SignedIn } from './complete-sign-in.ts';
import { isOpen } from './sessions.ts';

/**
 * Whoever shows who they are anew, in a browser that is signed in, has another session from then on: the old token, which somebody may have copied before,
 * opens nothing that takes a fresh sign-in, and nothing else either. What hangs on the session (services that it signed in to, the
 * browser's alarms) goes over to the new one where it is the same person's.
 */
export async function replaceSession(context: Context, token: string, by: SignedIn, origin: Origin): Promise<void> {
  await context.store.transaction(async (queries) => {
    const nowMs = context.clock();
    const old = await queries
      .updateTable('sessions')
      .set({ revoked_at: nowMs })
      .where('token_hash', '=', hashToken(token))
      .where('id', '!=', by.sessionId)
      .where((eb) => isOpen(eb, nowMs))
      .returning(['id', 'user_id', 'organization_id'])
      .executeTakeFirst();
    if (old === undefined) return;
    if (old.user_id === by.user.id) {
      const moved = { session_id: by.sessionId };
      await queries.updateTable('openid_records').set(moved).where('session_id', '=', old.id).execute();
      await queries.updateTable('push_subscriptions').set(moved).where('session_id', '=', old.id).execute();
    }
    await appendAudit(
      queries,
      context,
      {
        organizationId: old.organization_id,
        // Who signed in elsewhere is not named here.
        actor:
          old.organization_id === by.user.organizationId
            ? actorOf(by.user, origin)
            : { kind: 'system', id: '', name: 'console', address: origin.address },
        requestId: origin.requestId,
      },
      { action: 'session.replace', objectKind: 'session', objectId: old.id, after: { by: by.sessionId } },
    );
  });
}
