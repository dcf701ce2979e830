import { Refusal } from '../../store/refusal.ts';
import type { Context, Origin } from '../context.ts';
import { isKnownAddress } from '../sessions/complete-sign-in.ts';

/** The same nets as for passwords: guesses at codes from elsewhere never keep a user out of a known address. */
export async function codeAttempts(
  context: Context,
  userId: string,
  origin: Origin,
): Promise<{ succeeded(): void } | Refusal> {
  const account = `code ${userId}`;
  const nowMs = context.clock();
  const { waitMs } = await context.signInLimits.take(account, origin.address, nowMs, () =>
    isKnownAddress(context, userId, origin.address),
  );
  if (waitMs > 0) return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  return { succeeded: () => context.signInLimits.succeeded(account, origin.address) };
}
