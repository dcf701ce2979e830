import type { Session, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Actor, Context, Origin } from '../context.ts';
import { signInWithDirectory } from '../identity-providers/directory-sign-in.ts';
import { discoverProvider } from '../identity-providers/mail-domains.ts';
import { toUser } from '../users/users.ts';
import { type IssuedSession, openSession } from './sessions.ts';

/** An address from which a user signed in within this time is a known one. */
const KNOWN_ADDRESS_MS = 30 * 86_400_000;

export interface SignedIn extends IssuedSession {
  readonly user: User;
}

/**
 * E-mail and password to session. Every outcome of a known account is audited. Unknown, disabled and wrong all take one
 * password hash and get the same answer. With `organizationId` only its users can sign in (a gateway's portal).
 */
export async function signIn(
  context: Context,
  input: { email: string; password: string; kind: Session['kind']; organizationId?: string },
  origin: Origin,
): Promise<SignedIn | Refusal> {
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

  const waitMs = await context.signInLimits.take(input.email, origin.address, context.clock(), async () =>
    row === undefined ? false : await isKnownAddress(context, row.id, origin.address),
  );
  if (waitMs > 0) {
    if (row !== undefined && context.signInLimits.isNews(input.email, context.clock())) {
      await auditDenied(context, row, origin, 'access.rate_limited');
    }
    return new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
  const matches = await context.passwords.verify(input.password, row?.hash ?? null);
  if (row === undefined) return new Refusal('api.credentials_invalid');
  if (!matches || row.status !== 'active') {
    await auditDenied(context, row, origin, matches ? 'access.user_disabled' : 'api.credentials_invalid');
    return new Refusal('api.credentials_invalid');
  }
  context.signInLimits.succeeded(input.email, origin.address);

  const user = toUser(row);
  const issued = await context.store.transaction(async (queries) => {
    const session = await openSession(queries, context, input.kind, user, origin);
    await appendAudit(
      queries,
      context,
      { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
      {
        action: 'session.create',
        objectKind: 'session',
        objectId: session.sessionId,
        after: { kind: input.kind, userId: user.id },
      },
    );
    return session;
  });
  return { ...issued, user };
}

export function actorOf(user: Pick<User, 'id' | 'kind' | 'email'>, origin: Origin): Actor {
  return { kind: user.kind === 'local' ? 'local' : 'user', id: user.id, name: user.email, address: origin.address };
}

async function auditDenied(
  context: Context,
  user: { id: string; kind: 'person' | 'local'; email: string; organization_id: string },
  origin: Origin,
  reason: string,
): Promise<void> {
  await context.store.transaction((queries) =>
    appendAudit(
      queries,
      context,
      { organizationId: user.organization_id, actor: actorOf(user, origin), requestId: origin.requestId },
      { action: 'session.denied', objectKind: 'user', objectId: user.id, after: { reason } },
    ),
  );
}

async function isKnownAddress(context: Context, userId: string, address: string): Promise<boolean> {
  const row = await context.store.db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('address', '=', address)
    .where('created_at', '>', context.clock() - KNOWN_ADDRESS_MS)
    .executeTakeFirst();
  return row !== undefined;
}
