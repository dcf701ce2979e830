/** The second step of a sign-in: a pending one and another factor become a session. */
import type { MissingFactor, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context, Origin } from '../context.ts';
import { proveCode } from '../factors/prove-code.ts';
import { confirmTotp, startTotp } from '../factors/totp.ts';
import { hashToken } from '../random-token.ts';
import { findUser } from '../users/users.ts';
import { completeSignIn, type ProviderProof, type SignedIn } from './complete-sign-in.ts';
import type { ProvedFactor } from './sign-in-policy.ts';

/** Wrong codes before the first factor has to be shown again. */
const MAX_ATTEMPTS = 5;

export interface OpenPending {
  readonly user: User;
  readonly missing: readonly MissingFactor[];
}

/** Who is about to sign in with this token. Refuses what is unknown, used, expired, or was tried too often. */
export async function findPending(context: Context, token: string | null): Promise<OpenPending | Refusal> {
  if (token === null) return new Refusal('factor.pending_invalid');
  const row = await context.store.db
    .selectFrom('pending_sign_ins')
    .select(['organization_id', 'user_id', 'missing'])
    .where('token_hash', '=', hashToken(token))
    .where('used_at', 'is', null)
    .where('expires_at', '>', context.clock())
    .where('attempts', '<', MAX_ATTEMPTS)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('factor.pending_invalid');
  const user = await findUser(context.store.db, row.organization_id, row.user_id);
  if (user instanceof Refusal || user.status !== 'active') return new Refusal('factor.pending_invalid');
  return { user, missing: JSON.parse(row.missing) };
}

/** Code of an app, or a recovery code. Every try counts, before it is looked at. */
export async function finishWithCode(
  context: Context,
  token: string | null,
  code: string,
  origin: Origin,
): Promise<SignedIn | Refusal> {
  const pending = await tryOnce(context, token);
  if (pending instanceof Refusal) return pending;
  const proved = await proveCode(context, pending.user, code, origin);
  return proved instanceof Refusal ? proved : await finishPending(context, token!, proved, origin);
}

/** A fresh secret for somebody who must have a second factor and has none. */
export async function startPendingTotp(
  context: Context,
  token: string | null,
  origin: Origin,
): Promise<{ secret: string; uri: string } | Refusal> {
  const pending = await findPending(context, token);
  if (pending instanceof Refusal) return pending;
  if (pending.missing[0] !== 'enrolment') return new Refusal('factor.pending_invalid');
  return await startTotp(context, pending.user, origin);
}

/** The first code of the new app turns it on and completes the sign-in. */
export async function finishWithEnrolment(
  context: Context,
  token: string | null,
  code: string,
  origin: Origin,
): Promise<(SignedIn & { recoveryCodes: string[] }) | Refusal> {
  const pending = await tryOnce(context, token);
  if (pending instanceof Refusal) return pending;
  if (pending.missing[0] !== 'enrolment') return new Refusal('factor.pending_invalid');
  const confirmed = await confirmTotp(context, pending.user, code, origin);
  if (confirmed instanceof Refusal) return confirmed;
  const result = await finishPending(context, token!, { kind: 'totp', atMs: context.clock() }, origin);
  return result instanceof Refusal ? result : { ...result, recoveryCodes: confirmed };
}

/** Once: of two at the same time one finds it used. */
export async function finishPending(
  context: Context,
  token: string,
  proved: ProvedFactor,
  origin: Origin,
): Promise<SignedIn | Refusal> {
  return await context.store.transaction(async (queries) => {
    const row = await queries
      .updateTable('pending_sign_ins')
      .set({ used_at: context.clock() })
      .where('token_hash', '=', hashToken(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', context.clock())
      .returning(['organization_id', 'user_id', 'kind', 'factors', 'provider', 'created_at'])
      .executeTakeFirst();
    if (row === undefined) return new Refusal('factor.pending_invalid');
    const result = await completeSignIn(
      queries,
      context,
      {
        userId: row.user_id,
        organizationId: row.organization_id,
        kind: row.kind,
        factors: [...(JSON.parse(row.factors) as ProvedFactor[]), proved],
        provider: row.provider === null ? null : (JSON.parse(row.provider) as ProviderProof),
        canGoOn: false,
        // The first factor counted when it was shown; how long the second may take is bounded by the pending sign-in.
        measuredAtMs: row.created_at,
      },
      origin,
    );
    return 'pendingToken' in result ? new Refusal('factor.missing') : result;
  });
}

async function tryOnce(context: Context, token: string | null): Promise<OpenPending | Refusal> {
  const pending = await findPending(context, token);
  if (pending instanceof Refusal) return pending;
  const counted = await context.store.db
    .updateTable('pending_sign_ins')
    .set((eb) => ({ attempts: eb('attempts', '+', 1) }))
    .where('token_hash', '=', hashToken(token!))
    .where('used_at', 'is', null)
    .where('attempts', '<', MAX_ATTEMPTS)
    .returning('attempts')
    .executeTakeFirst();
  return counted === undefined ? new Refusal('factor.pending_invalid') : pending;
}
