/**
 * The one door to a session. Every way of signing in (password, directory, identity provider, passkey, approved device,
 * set-up) proves factors by itself and ends here: the organization's policy decides whether they are enough.
 */
import type { MissingFactor, Session, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Actor, Context, Origin } from '../context.ts';
import { enrolledFactors } from '../factors/factors.ts';
import type { Home } from '../memberships/home.ts';
import { createToken, hashToken } from '../random-token.ts';
import { toUser } from '../users/users.ts';
import { type IssuedSession, openSession } from './sessions.ts';
import { getSignInPolicy, missingFactors, type ProvedFactor } from './sign-in-policy.ts';

/** How long somebody may take for the next factor. */
export const PENDING_TTL_MS = 600_000;

export interface SignedIn extends IssuedSession {
  readonly user: User;
}

/** The first factor was good and another one is missing. Single use; only a hash of the token is kept. */
export interface PendingSignIn {
  readonly pendingToken: string;
  /** Any one of these completes it. */
  readonly missing: readonly MissingFactor[];
}

/** Which identity provider vouched, and as whom. The session then acts in that provider's organization only. */
export interface ProviderProof {
  readonly id: string;
  readonly subject: string;
  readonly providerSessionId: string | null;
}

export interface SignInProof {
  readonly userId: string;
  readonly organizationId: string;
  readonly kind: Session['kind'];
  readonly factors: readonly ProvedFactor[];
  readonly provider?: ProviderProof | null;
  /** For a linked user: whose factors these are, and in which session they were shown. */
  readonly home?: Home | null;
  /** Whoever signs in has a page that can ask for the next factor. Without, a missing one is a refusal. */
  readonly canGoOn: boolean;
  /** When the factors are looked at, ms. Default: now. An approved device: when it was approved. */
  readonly measuredAtMs?: number;
}

/** Within the caller's transaction, which a `Refusal` must roll back. Writes the audit entry of what it opens. */
export async function completeSignIn(
  queries: Queries,
  context: Context,
  proof: SignInProof,
  origin: Origin,
): Promise<SignedIn | PendingSignIn | Refusal> {
  const { organizationId, kind, provider = null, home = null } = proof;
  const row = await queries
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('id', '=', proof.userId)
    .executeTakeFirst();
  // Read again, since it may have changed while the factors were shown.
  if (row === undefined || row.status !== 'active') return new Refusal('access.user_disabled');
  // Nobody signs in as a linked user: only a session of the very user that it is linked to leads there.
  if (row.home_user_id !== (home?.userId ?? null)) return new Refusal('access.user_disabled');
  const user = toUser(row);
  const policy = await getSignInPolicy(queries, organizationId);
  // The providers of another organization are not those that this one trusts.
  const asked = home === null ? policy : { ...policy, trustProviders: false };
  // For the OS user beside the console the operating system vouches; there is nothing to show.
  if (user.kind !== 'local') {
    const enrolled = await enrolledFactors(queries, home?.userId ?? user.id);
    const missing = missingFactors(asked, proof.factors, enrolled, proof.measuredAtMs ?? context.clock());
    if (missing instanceof Refusal) return missing;
    if (missing.length > 0) {
      if (proof.canGoOn) return await openPending(queries, context, proof, user, missing, origin);
      return new Refusal(missing[0] === 'enrolment' ? 'factor.enrolment_missing' : 'factor.missing');
    }
  }
  const session = await openSession(
    queries,
    context,
    { kind, user, factors: proof.factors, policy, homeSessionId: home?.sessionId ?? null },
    origin,
  );
  if (provider !== null) {
    await queries
      .insertInto('federated_sessions')
      .values({
        session_id: session.sessionId,
        organization_id: organizationId,
        provider_id: provider.id,
        subject: provider.subject,
        provider_session_id: provider.providerSessionId,
      })
      .execute();
  }
  await appendAudit(
    queries,
    context,
    { organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
    {
      action: 'session.create',
      objectKind: 'session',
      objectId: session.sessionId,
      after: {
        kind,
        userId: user.id,
        factors: proof.factors.map((factor) => factor.kind),
        ...(provider === null ? {} : { identityProviderId: provider.id }),
        ...(home === null ? {} : { homeUserId: home.userId }),
      },
    },
  );
  return { ...session, user };
}

async function openPending(
  queries: Queries,
  context: Context,
  proof: SignInProof,
  user: User,
  missing: readonly MissingFactor[],
  origin: Origin,
): Promise<PendingSignIn> {
  const pendingToken = createToken('pendingSignIn');
  const nowMs = context.clock();
  await queries
    .insertInto('pending_sign_ins')
    .values({
      token_hash: hashToken(pendingToken),
      organization_id: proof.organizationId,
      user_id: proof.userId,
      kind: proof.kind,
      factors: JSON.stringify(proof.factors),
      missing: JSON.stringify(missing),
      provider: proof.provider ? JSON.stringify(proof.provider) : null,
      attempts: 0,
      created_at: nowMs,
      expires_at: nowMs + PENDING_TTL_MS,
      used_at: null,
    })
    .execute();
  await appendAudit(
    queries,
    context,
    { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
    { action: 'session.pending', objectKind: 'user', objectId: user.id, after: { kind: proof.kind, missing } },
  );
  return { pendingToken, missing };
}

export function actorOf(user: Pick<User, 'id' | 'kind' | 'email'>, origin: Origin): Actor {
  return { kind: user.kind === 'local' ? 'local' : 'user', id: user.id, name: user.email, address: origin.address };
}

/** A sign-in that came to nothing, in the organization's chain. */
export async function auditDenied(
  context: Context,
  user: Pick<User, 'id' | 'kind' | 'email' | 'organizationId'>,
  origin: Origin,
  reason: string,
): Promise<void> {
  await context.store.transaction((queries) =>
    appendAudit(
      queries,
      context,
      { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
      { action: 'session.denied', objectKind: 'user', objectId: user.id, after: { reason } },
    ),
  );
}

/** An address from which a user signed in within this time is a known one. */
const KNOWN_ADDRESS_MS = 30 * 86_400_000;

/** Then guesses from elsewhere cannot keep the user out. */
export async function isKnownAddress(context: Context, userId: string, address: string): Promise<boolean> {
  const row = await context.store.db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('address', '=', address)
    .where('created_at', '>', context.clock() - KNOWN_ADDRESS_MS)
    .executeTakeFirst();
  return row !== undefined;
}
