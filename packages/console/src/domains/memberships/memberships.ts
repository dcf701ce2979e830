/**
 * People in several organizations (docs/decisions/0016). Credentials belong to the user at home; elsewhere the person is a
 * linked user. A session acts in one organization. Only a session of the home leads to others: one of those leads nowhere.
 */
import { CHAIN_START } from '@zeronaut/audit';
import { createId, type Organization, type Role, type User } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { findInvitation, takeInvitation } from '../invitations/invitations.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { actorOf, completeSignIn } from '../sessions/complete-sign-in.ts';
import type { ProvedFactor } from '../sessions/sign-in-policy.ts';
import { findUser, insertUser } from '../users/users.ts';

const MAX_MEMBERSHIPS = 50;

export interface Membership {
  organization: Organization;
  role: Role;
  home: boolean;
  current: boolean;
}

/** The home first. Of the person whose own session calls. Every other credential is of one organization, and hears of no other. */
export async function listMemberships(context: Context, caller: Caller): Promise<Membership[]> {
  const { db } = context.store;
  const person = await personAtHome(context, caller);
  const whole = !(person instanceof Refusal);
  const rows = await db
    .selectFrom('users')
    .select(['id', 'organization_id', 'role'])
    .where((eb) => {
      const self = eb('id', '=', caller.userId);
      return whole ? eb.or([self, eb('home_user_id', '=', caller.userId)]) : self;
    })
    .where('status', '=', 'active')
    .orderBy('id')
    .execute();
  const ordered = rows.sort((a, b) => Number(b.id === caller.userId) - Number(a.id === caller.userId));
  return await Promise.all(
    ordered.map(async (row) => ({
      organization: await getOrganization(db, row.organization_id),
      role: row.role,
      home: row.id === caller.userId && caller.home === null,
      current: row.organization_id === caller.organizationId,
    })),
  );
}

/** The caller owns it as a linked user, and goes on being at home where they were. */
export async function createOrganization(
  context: Context,
  caller: Caller,
  name: string,
): Promise<Organization | Refusal> {
  const person = await personAtHome(context, caller);
  if (person instanceof Refusal) return person;
  const nowMs = context.clock();
  const id = createId('organization', nowMs);
  const word = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40);
  return await context.store.change(id, async (queries) => {
    const tooMany = await countMemberships(queries, person.id);
    if (tooMany !== null) return tooMany;
    await queries
      .insertInto('organizations')
      .values({
        id,
        name,
        // Unique and in small letters; a name alone may be taken, and says of whom.
        slug: `${word === '' ? 'organization' : word}-${id.slice(-8)}`,
        created_at: nowMs,
        audit_seq: 0,
        audit_head: CHAIN_START,
        time_zone: 'UTC',
      })
      .execute();
    const organization = await getOrganization(queries, id);
    const user = await insertLinked(queries, context, person, id, { role: 'owner', groups: [] });
    if (user instanceof Refusal) return user;
    await appendAudit(
      queries,
      context,
      { organizationId: id, actor: actorOf(user, caller), requestId: caller.requestId },
      {
        action: 'organization.create',
        objectKind: 'organization',
        objectId: id,
        after: { ...organization, owner: user },
      },
    );
    return organization;
  });
}

/** Uses an invitation up that is for the caller's own address. */
export async function joinOrganization(
  context: Context,
  caller: Caller,
  token: string,
): Promise<Organization | Refusal> {
  const person = await personAtHome(context, caller);
  if (person instanceof Refusal) return person;
  const known = await findInvitation(context, token);
  if (known instanceof Refusal) return known;
  try {
    return await context.store.change(known.organizationId, async (queries) => {
      const invitation = await takeInvitation(queries, token, context.clock());
      // One answer, whatever is wrong: the token says nothing to whom it is not for.
      if (invitation instanceof Refusal || invitation.email !== person.email) return new Refusal('invitation.invalid');
      const tooMany = await countMemberships(queries, person.id);
      if (tooMany !== null) return tooMany;
      const { organizationId, role, groups } = invitation;
      const user = await insertLinked(queries, context, person, organizationId, { role, groups });
      if (user instanceof Refusal) return user;
      const home = await getOrganization(queries, person.organizationId);
      await appendAudit(
        queries,
        context,
        { organizationId, actor: actorOf(user, caller), requestId: caller.requestId },
        {
          action: 'invitation.accept',
          objectKind: 'invitation',
          objectId: invitation.id,
          after: { ...user, home: { organizationId: home.id, name: home.name, userId: person.id } },
        },
      );
      return await getOrganization(queries, organizationId);
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.conflict', { detail: 'you belong to it already' });
    throw error;
  }
}

/** Another session, of that organization alone. Its policy decides whether what was shown at home is enough. */
export async function switchOrganization(
  context: Context,
  caller: Caller,
  organizationId: string,
): Promise<{ organization: Organization; token: string; expiresAtMs: number } | Refusal> {
  const person = await personAtHome(context, caller);
  if (person instanceof Refusal) return person;
  return await context.store.transaction(async (queries) => {
    const linked = await queries
      .selectFrom('users')
      .select('id')
      .where('organization_id', '=', organizationId)
      .where('home_user_id', '=', person.id)
      .where('status', '=', 'active')
      .executeTakeFirst();
    if (linked === undefined) return new Refusal('api.not_found');
    const home = await queries
      .selectFrom('sessions')
      .select(['kind', 'factors'])
      .where('id', '=', caller.credentialId)
      .where('organization_id', '=', caller.organizationId)
      .executeTakeFirstOrThrow();
    const opened = await completeSignIn(
      queries,
      context,
      {
        userId: linked.id,
        organizationId,
        kind: home.kind,
        factors: JSON.parse(home.factors) as ProvedFactor[],
        canGoOn: false,
        home: { userId: person.id, sessionId: caller.credentialId },
      },
      caller,
    );
    if (opened instanceof Refusal) return opened;
    if ('pendingToken' in opened) return new Refusal('factor.missing');
    const organization = await getOrganization(queries, organizationId);
    return { organization, token: opened.token, expiresAtMs: opened.expiresAtMs };
  });
}

/** The person whose own session calls: neither a key, which stands for less, nor a session that came of switching. */
async function personAtHome(context: Context, caller: Caller): Promise<User | Refusal> {
  if (caller.credential !== 'session') return new Refusal('factor.session_needed');
  if (caller.home !== null) return new Refusal('membership.home_only');
  const user = await findUser(context.store.db, caller.organizationId, caller.userId);
  return user instanceof Refusal || user.kind !== 'person' ? new Refusal('factor.session_needed') : user;
}

async function insertLinked(
  queries: Queries,
  context: Context,
  person: User,
  organizationId: string,
  given: { role: Role; groups: readonly string[] },
): Promise<User | Refusal> {
  const { email, name } = person;
  const fields = { email, name, ...given, kind: 'linked' as const, passwordHash: null, homeUserId: person.id };
  return await insertUser(queries, organizationId, fields, context.clock());
}

async function countMemberships(queries: Queries, homeUserId: string): Promise<Refusal | null> {
  const { count } = await queries
    .selectFrom('users')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('home_user_id', '=', homeUserId)
    .executeTakeFirstOrThrow();
  return Number(count) < MAX_MEMBERSHIPS
    ? null
    : new Refusal('api.conflict', { detail: `at most ${MAX_MEMBERSHIPS} organizations beside the home` });
}
