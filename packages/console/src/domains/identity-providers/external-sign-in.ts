/**
 * What a provider says about a person, once every signature was checked, to a session here. Whom it may speak for:
 * the person that the same subject was before, or a member whose mail domain the provider vouches for. The session acts
 * in the provider's organization and nowhere else.
 */
import type { Session, User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Actor, Context, Origin } from '../context.ts';
import { completeSignIn, type PendingSignIn, type SignedIn } from '../sessions/complete-sign-in.ts';
import { applyGrants } from './grants.ts';
import { vouchesFor } from './mail-domains.ts';
import { createMember, findMember, findMemberByEmail } from './members.ts';
import type { Provider } from './provider-rows.ts';

export interface AssertedIdentity {
  /** Stable at the provider: `sub`, GitHub's numeric id, NameID, entryUUID. */
  readonly subject: string;
  /** In lower case; null when there is none that is verified. */
  readonly email: string | null;
  readonly name: string | null;
  readonly groups: readonly string[];
  /** `sid` of OIDC, `SessionIndex` of SAML. */
  readonly providerSessionId: string | null;
}

/** Signs the person in, creating or linking as the provider's settings say, and audits it; also every refusal. */
export async function signInExternally(
  context: Context,
  provider: Provider,
  identity: AssertedIdentity,
  wanted: { kind: Session['kind']; canGoOn: boolean },
  origin: Origin,
): Promise<SignedIn | PendingSignIn | Refusal> {
  const attempt = () =>
    context.store.change(provider.organizationId, async (queries) => {
      const found = await findOrCreate(queries, context, provider, identity, origin);
      if (found instanceof Refusal) return found;
      const user = await applyGrants(queries, context, provider, identity, found, origin);
      const { subject, providerSessionId } = identity;
      return await completeSignIn(
        queries,
        context,
        {
          userId: user.id,
          organizationId: provider.organizationId,
          kind: wanted.kind,
          factors: [{ kind: 'provider', atMs: context.clock() }],
          provider: { id: provider.id, subject, providerSessionId },
          canGoOn: wanted.canGoOn,
        },
        origin,
      );
    });
  let result: SignedIn | PendingSignIn | Refusal;
  try {
    result = await attempt();
  } catch (error) {
    // The same person for the first time in two tabs at once: the other one made it.
    if (!isUniqueViolation(error)) throw error;
    result = await attempt();
  }
  if (result instanceof Refusal) await auditRefused(context, provider, result, origin, identity);
  return result;
}

async function findOrCreate(
  queries: Queries,
  context: Context,
  provider: Provider,
  identity: AssertedIdentity,
  origin: Origin,
): Promise<User | Refusal> {
  const nowMs = context.clock();
  const known = await queries
    .updateTable('external_identities')
    .set({ last_used_at: nowMs })
    .where('provider_id', '=', provider.id)
    .where('subject', '=', identity.subject)
    .returning('user_id')
    .executeTakeFirst();
  if (known !== undefined) {
    const user = await findMember(queries, provider.organizationId, known.user_id);
    if (user instanceof Refusal) return user;
    return user.status === 'active' ? user : new Refusal('access.user_disabled');
  }
  if (identity.email === null) return new Refusal('idp.email_missing');
  if (!(await vouchesFor(queries, provider, identity.email))) return new Refusal('idp.email_not_owned');
  let user = await findMemberByEmail(queries, provider.organizationId, identity.email);
  const linked = user !== null;
  if (user === null) {
    if (!provider.createUsers) return new Refusal('idp.user_unknown');
    const created = await createMember(queries, context, provider, {
      email: identity.email,
      name: identity.name ?? identity.email.slice(0, identity.email.lastIndexOf('@')),
    });
    if (created instanceof Refusal) return created;
    user = created;
  }
  if (user.status !== 'active') return new Refusal('access.user_disabled');
  await queries
    .insertInto('external_identities')
    .values({
      organization_id: provider.organizationId,
      provider_id: provider.id,
      subject: identity.subject,
      user_id: user.id,
      granted_groups: '[]',
      granted_role: null,
      created_at: nowMs,
      last_used_at: nowMs,
    })
    .execute();
  await appendAudit(queries, context, who(provider, providerActor(provider, origin), origin), {
    action: linked ? 'user.link' : 'user.create',
    objectKind: 'user',
    objectId: user.id,
    after: linked ? { identityProviderId: provider.id, subject: identity.subject } : user,
  });
  return user;
}

/** A sign-in that came to nothing, in the organization's chain: with the reason and what the provider said. */
export async function auditRefused(
  context: Context,
  provider: Provider,
  refusal: Refusal,
  origin: Origin,
  identity?: AssertedIdentity,
): Promise<void> {
  await context.store.transaction((queries) =>
    appendAudit(queries, context, who(provider, providerActor(provider, origin), origin), {
      action: 'session.denied',
      objectKind: 'identity_provider',
      objectId: provider.id,
      after: {
        reason: refusal.reason,
        ...(refusal.detail === undefined ? {} : { detail: refusal.detail.slice(0, 500) }),
        ...(identity === undefined ? {} : { subject: identity.subject.slice(0, 200), email: identity.email }),
      },
    }),
  );
}

export function providerActor(provider: Provider, origin: Origin): Actor {
  return { kind: 'system', id: provider.id, name: provider.name, address: origin.address };
}

export function who(provider: Provider, actor: Actor, origin: Origin) {
  return { organizationId: provider.organizationId, actor, requestId: origin.requestId };
}
