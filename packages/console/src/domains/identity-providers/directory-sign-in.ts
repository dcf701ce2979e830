import type { Session } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Context, Origin } from '../context.ts';
import type { PendingSignIn, SignedIn } from '../sessions/complete-sign-in.ts';
import { auditRefused, signInExternally } from './external-sign-in.ts';
import { askDirectory } from './ldap.ts';
import type { Provider } from './provider-rows.ts';

/** Name and password at a directory, under the same limits as passwords of our own. */
export async function signInWithDirectory(
  context: Context,
  provider: Provider<'ldap'>,
  input: { username: string; password: string; kind: Session['kind']; canGoOn?: boolean },
  origin: Origin,
): Promise<SignedIn | PendingSignIn | Refusal> {
  const account = `${provider.id} ${input.username.toLowerCase()}`;
  const { waitMs } = await context.signInLimits.take(account, origin.address, context.clock(), () =>
    usedBefore(context, provider, input.username.toLowerCase(), origin.address),
  );
  if (waitMs > 0) return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  const identity = await askDirectory(context, provider, input.username, input.password);
  if (identity instanceof Refusal) {
    await auditRefused(context, provider, identity, origin);
    return identity.reason === 'api.credentials_invalid' ? new Refusal('api.credentials_invalid') : identity;
  }
  context.signInLimits.succeeded(account, origin.address);
  return await signInExternally(
    context,
    provider,
    identity,
    { kind: input.kind, canGoOn: input.canGoOn ?? false },
    origin,
  );
}

/** Whether that person's sessions came from this address: then guesses from elsewhere cannot keep them out. */
async function usedBefore(context: Context, provider: Provider, email: string, address: string): Promise<boolean> {
  const row = await context.store.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('sessions.id')
    .where('sessions.organization_id', '=', provider.organizationId)
    .where('users.email', '=', email)
    .where('sessions.address', '=', address)
    .executeTakeFirst();
  return row !== undefined;
}
