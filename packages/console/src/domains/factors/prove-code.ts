import type { User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context, Origin } from '../context.ts';
import { auditDenied } from '../sessions/complete-sign-in.ts';
import type { ProvedFactor } from '../sessions/sign-in-policy.ts';
import { codeAttempts } from './code-attempts.ts';
import { useRecoveryCode } from './recovery-codes.ts';
import { useTotpCode } from './totp.ts';

/** A code of the user's app, or a recovery code: uses it up. Wrong ones are counted and audited. */
export async function proveCode(
  context: Context,
  user: User,
  code: string,
  origin: Origin,
): Promise<ProvedFactor | Refusal> {
  const attempt = await codeAttempts(context, user.id, origin);
  if (attempt instanceof Refusal) return attempt;
  const kind = await context.store.transaction(async (queries) =>
    (await useTotpCode(queries, context, user, code))
      ? 'totp'
      : (await useRecoveryCode(queries, context, user.id, code))
        ? 'recovery_code'
        : null,
  );
  if (kind === null) {
    await auditDenied(context, user, origin, 'factor.invalid');
    return new Refusal('factor.invalid');
  }
  attempt.succeeded();
  return { kind, atMs: context.clock() };
}
