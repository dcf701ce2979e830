import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { personOf } from '../factors/factors.ts';
import { auditDenied, isKnownAddress } from '../sessions/complete-sign-in.ts';
import { revokeUserSessions } from '../sessions/sessions.ts';
import { checkPassword } from './password-policy.ts';

/**
 * A person gives themselves another password, and shows the one that they have: whoever found the browser open does not. All their
 * other sessions end, since the old one may have opened them.
 */
export async function changePassword(
  context: Context,
  caller: Caller,
  input: { currentPassword: string; newPassword: string },
): Promise<undefined | Refusal> {
  const user = await personOf(context, caller);
  if (user instanceof Refusal) return user;
  const { organizationId } = caller;
  // The nets of signing in: this door is no second one for guesses.
  const { waitMs, precedence } = await context.signInLimits.take(user.email, caller.address, context.clock(), () =>
    isKnownAddress(context, user.id, caller.address),
  );
  if (waitMs > 0) return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  const row = await context.store.db
    .selectFrom('password_hashes')
    .select('hash')
    .where('user_id', '=', user.id)
    .executeTakeFirst();
  if (!(await context.passwords.verify(input.currentPassword, row?.hash ?? null, precedence))) {
    await auditDenied(context, user, caller, 'api.password_wrong');
    return new Refusal('api.password_wrong');
  }
  context.signInLimits.succeeded(user.email, caller.address);
  const weak = await checkPassword(context, input.newPassword, user.email, '/newPassword');
  if (weak !== null) return weak;
  const hash = await context.passwords.hash(input.newPassword);

  return await context.store.change(organizationId, async (queries) => {
    // Of two at the same time one comes too late: it showed a password that counts no more.
    const changed = await queries
      .updateTable('password_hashes')
      .set({ hash, changed_at: context.clock() })
      .where('user_id', '=', user.id)
      .where('hash', '=', row!.hash)
      .returning('user_id')
      .executeTakeFirst();
    if (changed === undefined) return new Refusal('api.password_wrong');
    await revokeUserSessions(queries, context, organizationId, user.id, caller.credentialId);
    await appendAudit(queries, context, caller, {
      action: 'user.change_password',
      objectKind: 'user',
      objectId: user.id,
    });
    return undefined;
  });
}
