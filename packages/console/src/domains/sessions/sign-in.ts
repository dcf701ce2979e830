import type { Session } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context, Origin } from '../context.ts';
import { proveCode } from '../factors/prove-code.ts';
import { signInWithDirectory } from '../identity-providers/directory-sign-in.ts';
import { discoverProvider } from '../identity-providers/mail-domains.ts';
import { toUser } from '../users/users.ts';
import { auditDenied, completeSignIn, isKnownAddress, type PendingSignIn, type SignedIn } from './complete-sign-in.ts';
import type { ProvedFactor } from './sign-in-policy.ts';

export interface SignInInput {
  readonly email: string;
  readonly password: string;
  /** Second factor, for callers that have no second page. */
  readonly code?: string | undefined;
  readonly kind: Session['kind'];
  readonly organizationId?: string;
  /** The caller can ask for the next factor: then a missing one is a pending sign-in. Default: false. */
  readonly canGoOn?: boolean;
}

/**
 * E-mail and password to session. Every outcome of a known account is audited. Unknown, disabled and wrong all take one
 * password hash and get the same answer. With `organizationId` only its users can sign in (a gateway's portal).
 */
export async function signIn(
  context: Context,
  input: SignInInput,
  origin: Origin,
): Promise<SignedIn | PendingSignIn | Refusal> {
  const { db } = context.store;
  let select = db
    .selectFrom('users')
    .leftJoin('password_hashes', 'password_hashes.user_id', 'users.id')
    .selectAll('users')
    .select('password_hashes.hash')
    .where('users.email', '=', input.email)
    .where('users.kind', '=', 'person');
  if (input.organizationId !== undefined) select = select.where('users.organization_id', '=', input.organizationId);
  const row = await select.executeTakeFirst();

  // Who has a password here uses it; everybody else may have one in the directory that the address leads to.
  if ((row?.hash ?? null) === null) {
    const provider = await discoverProvider(db, input.email, input.organizationId ?? null);
    if (provider?.kind === 'ldap') {
      return await signInWithDirectory(context, provider, { ...input, username: input.email }, origin);
    }
  }

  // Asked of users that do not exist, too: the answer takes as long.
  const { waitMs, precedence } = await context.signInLimits.take(input.email, origin.address, context.clock(), () =>
    isKnownAddress(context, row?.id ?? '', origin.address),
  );
  if (waitMs > 0) {
    if (row !== undefined && context.signInLimits.isNews(input.email, context.clock())) {
      await auditDenied(context, toUser(row), origin, 'access.rate_limited');
    }
    return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
  const matches = await context.passwords.verify(input.password, row?.hash ?? null, precedence);
  if (row === undefined) return new Refusal('api.credentials_invalid');
  const user = toUser(row);
  if (!matches || user.status !== 'active') {
    await auditDenied(context, user, origin, matches ? 'access.user_disabled' : 'api.credentials_invalid');
    return new Refusal('api.credentials_invalid');
  }
  context.signInLimits.succeeded(input.email, origin.address);

  const factors: ProvedFactor[] = [{ kind: 'password', atMs: context.clock() }];
  if (input.code !== undefined) {
    const second = await proveCode(context, user, input.code, origin);
    if (second instanceof Refusal) return second;
    factors.push(second);
  }
  const { kind, canGoOn = false } = input;
  const result = await context.store.transaction((queries) =>
    completeSignIn(
      queries,
      context,
      { userId: user.id, organizationId: user.organizationId, kind, factors, canGoOn },
      origin,
    ),
  );
  if (result instanceof Refusal) await auditDenied(context, user, origin, result.reason);
  return result;
}
