/** A passkey signs its owner in: it says who it is and asked for finger or PIN, so that it is enough by itself. */
import type { PasskeyAssertion, Session, User } from '@zeronaut/model';
import { createChallenge, openChallenge, readClientData, requestOptions, verifyAssertion } from '@zeronaut/passkeys';
import { Refusal } from '../../store/refusal.ts';
import type { Context, Origin } from '../context.ts';
import { codeAttempts } from '../factors/code-attempts.ts';
import { auditDenied, completeSignIn, type SignedIn } from '../sessions/complete-sign-in.ts';
import { findUser } from '../users/users.ts';
import { useChallenge } from './challenges.ts';
import { consoleSite } from './passkeys.ts';

/** `browser`: a secret of the browser that asks, which it must still have when it answers; null: it has no cookies. */
export function startPasskeySignIn(context: Context, browser: string | null): Record<string, unknown> {
  const challenge = createChallenge(context.authority.challengeKey, bindingOf(browser), context.clock());
  return requestOptions(consoleSite(context).rpId, challenge);
}

function bindingOf(browser: string | null): string {
  return browser === null ? 'sign in by api' : `sign in\n${browser}`;
}

export async function signInWithPasskey(
  context: Context,
  assertion: PasskeyAssertion,
  browser: string | null,
  kind: Session['kind'],
  origin: Origin,
): Promise<SignedIn | Refusal> {
  const site = consoleSite(context);
  const client = readClientData(assertion.response.clientDataJSON, { type: 'webauthn.get', origin: site.origin });
  if (typeof client === 'string') return new Refusal(client);
  const { challenge } = client;
  const open = openChallenge(context.authority.challengeKey, bindingOf(browser), challenge, context.clock());
  if (open === null) return new Refusal('passkey.challenge');
  const row = await context.store.db
    .selectFrom('passkeys')
    .select(['id', 'organization_id', 'user_id', 'credential_id', 'public_key', 'sign_count'])
    .where('credential_id', '=', assertion.id)
    .where('rp_id', '=', site.rpId)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('passkey.unknown');
  const user = await findUser(context.store.db, row.organization_id, row.user_id);
  if (user instanceof Refusal) return new Refusal('passkey.unknown');
  const attempt = await codeAttempts(context, user.id, origin);
  if (attempt instanceof Refusal) return attempt;
  const known = {
    credentialId: row.credential_id,
    userId: row.user_id,
    publicKey: row.public_key,
    signCount: row.sign_count,
  };
  const proved = await verifyAssertion(assertion, known, { ...site, challenge });
  if (typeof proved === 'string') return await refuse(context, user, origin, new Refusal(proved));
  const nowMs = context.clock();
  const result = await context.store.transaction(async (queries) => {
    if (!(await useChallenge(queries, challenge, open.expiresAtMs))) return new Refusal('passkey.replayed');
    // One statement, so that of two with the same count one comes too late.
    const counted = await queries
      .updateTable('passkeys')
      .set({ sign_count: proved.signCount, last_used_at: nowMs })
      .where('id', '=', row.id)
      .where((eb) => (proved.signCount === 0 ? eb('sign_count', '=', 0) : eb('sign_count', '<', proved.signCount)))
      .returning('id')
      .executeTakeFirst();
    if (counted === undefined) return new Refusal('passkey.count');
    const factors = [{ kind: 'passkey' as const, atMs: nowMs }];
    const proof = { userId: user.id, organizationId: user.organizationId, kind, factors, canGoOn: false };
    const completed = await completeSignIn(queries, context, proof, origin);
    return 'pendingToken' in completed ? new Refusal('factor.missing') : completed;
  });
  if (result instanceof Refusal) return await refuse(context, user, origin, result);
  attempt.succeeded();
  return result;
}

async function refuse(context: Context, user: User, origin: Origin, refusal: Refusal): Promise<Refusal> {
  await auditDenied(context, user, origin, refusal.reason);
  return refusal;
}
