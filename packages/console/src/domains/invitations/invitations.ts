/** Invitations: a link that makes one person a user of an organization, once. Only its hash is kept. */
import { createId, type Invitation, type Role } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { TEXTS, untilMinute } from '../../mail/texts.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import { isUniqueViolation, type Queries } from '../../store/store.ts';
import { appendAudit, appendAuditEntries } from '../audit/audit.ts';
import type { Caller, Context, Origin } from '../context.ts';
import { contains } from '../list.ts';
import { getOrganization } from '../organizations/organizations.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';
import { createToken, hashToken } from '../random-token.ts';
import { revoke } from '../revoke.ts';
import { checkGrant, findRole, roleOfMaker, roleWithin } from '../roles/held-role.ts';
import { actorOf, completeSignIn, type PendingSignIn, type SignedIn } from '../sessions/complete-sign-in.ts';
import { checkPassword } from '../users/password-policy.ts';
import { insertUser } from '../users/users.ts';

const MAX_OPEN_INVITATIONS = 1_000;

type Row = Selectable<Schema['invitations']>;

function toInvitation(row: Row): Invitation {
  return {
    id: row.id,
    organizationId: row.organization_id,
    email: row.email,
    role: row.role,
    groups: JSON.parse(row.groups),
    createdBy: row.created_by,
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    usedAt: isoTime(row.used_at),
    revokedAt: isoTime(row.revoked_at),
  };
}

export async function createInvitation(
  context: Context,
  caller: Caller,
  input: {
    email: string;
    role: Role;
    groups: string[];
    expiresInSeconds: number;
    mail: boolean;
    replace: boolean;
  },
): Promise<{ invitation: Invitation; url: string; mail: 'sent' | 'failed' | 'off' } | Refusal> {
  const token = createToken('invitation');
  const nowMs = context.clock();
  const row: Row = {
    id: createId('invitation', nowMs),
    organization_id: caller.organizationId,
    token_hash: hashToken(token),
    email: input.email,
    role: input.role,
    groups: JSON.stringify(input.groups),
    created_by: caller.userId,
    created_at: nowMs,
    expires_at: nowMs + input.expiresInSeconds * 1000,
    used_at: null,
    revoked_at: null,
  };
  const created = await context.store.transaction(async (queries) => {
    const tooMuch = await checkGrant(queries, caller, input.role);
    if (tooMuch !== null) return tooMuch;
    const { count } = await queries
      .selectFrom('invitations')
      .select((eb) => eb.fn.countAll<number | string>().as('count'))
      .where('organization_id', '=', caller.organizationId)
      .where('used_at', 'is', null)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', nowMs)
      .executeTakeFirstOrThrow();
    if (Number(count) >= MAX_OPEN_INVITATIONS) {
      return new Refusal('api.conflict', { detail: `at most ${MAX_OPEN_INVITATIONS} invitations may be open` });
    }
    await queries.insertInto('invitations').values(row).execute();
    const invitation = toInvitation(row);
    await appendAudit(queries, context, caller, {
      action: 'invitation.create',
      objectKind: 'invitation',
      objectId: row.id,
      after: invitation,
    });
    // After the audit entry, which locks the organization: of two at once one sees the other.
    const others = await closeOthers(queries, context, caller, row);
    if (others !== null && !input.replace) {
      const open = `${others.id}, ${others.role}, until ${untilMinute(isoTime(others.expires_at))}`;
      return new Refusal('invitation.open', { detail: `${input.email} has an open invitation (${open})` });
    }
    return { invitation, organization: await getOrganization(queries, caller.organizationId) };
  });
  if (created instanceof Refusal) return created;
  const { invitation, organization } = created;
  const url = `${context.settings.publicUrl()}/invitation?token=${token}`;
  if (context.mailer === null || !input.mail) return { invitation, url, mail: 'off' };
  // After the commit: a mail cannot be taken back.
  const { name, language } = organization;
  const until = untilMinute(invitation.expiresAt);
  const sent = await context.mailer.send({
    to: input.email,
    ...TEXTS[language].invitation({ organization: name, url, until }),
  });
  return { invitation, url, mail: sent ? 'sent' : 'failed' };
}

/** An address has one open invitation, so that what the newest gives is what counts. Null: there was no other. */
async function closeOthers(queries: Queries, context: Context, caller: Caller, row: Row): Promise<Row | null> {
  const nowMs = context.clock();
  const closed = await queries
    .updateTable('invitations')
    .set({ revoked_at: nowMs })
    .where('organization_id', '=', row.organization_id)
    .where('email', '=', row.email)
    .where('id', '!=', row.id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .returningAll()
    .execute();
  const deeds = closed.map((other) => ({
    ...{ action: 'invitation.revoke', objectKind: 'invitation', objectId: other.id },
    ...{ before: toInvitation({ ...other, revoked_at: null }), actor: caller.actor, requestId: caller.requestId },
    userId: caller.userId,
  }));
  await appendAuditEntries(queries, context, row.organization_id, deeds);
  return closed[0] ?? null;
}

export async function listInvitations(
  context: Context,
  caller: Caller,
  query: PageQuery & { readonly q?: string | undefined },
): Promise<Page<Invitation> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  let select = context.store.db
    .selectFrom('invitations')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .orderBy('id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('id', '>', String(after[0]));
  if (query.q) select = select.where(contains(query.q, ['email']));
  return toPage(await select.execute(), query.limit, toInvitation, (row) => [row.id]);
}

export async function revokeInvitation(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'invitations',
    objectKind: 'invitation',
    action: 'invitation.revoke',
    view: toInvitation,
    inSnapshot: false,
  });
}

/** Whom the link invites. Refuses what is unknown, revoked, used or over; which of them is for nobody who guesses. */
export async function findInvitation(context: Context, token: string): Promise<Invitation | Refusal> {
  const row = await context.store.db
    .selectFrom('invitations')
    .selectAll()
    .where('token_hash', '=', hashToken(token))
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', context.clock())
    .executeTakeFirst();
  return row === undefined ? new Refusal('invitation.invalid') : await standing(context.store.db, row);
}

/** Whoever made it must still be somebody who could: else a link kept back would outlive the account that was taken away. */
async function standing(queries: Queries, row: Row): Promise<Invitation | Refusal> {
  const maker = await roleOfMaker(queries, row.organization_id, row.created_by, 'users:write');
  const given = await findRole(queries, row.organization_id, row.role);
  return maker !== null && roleWithin(given, maker) ? toInvitation(row) : new Refusal('invitation.invalid');
}

/** Uses it up: looked at again in the statement that does, as it may have been used, revoked or run out meanwhile. */
export async function takeInvitation(queries: Queries, token: string, nowMs: number): Promise<Invitation | Refusal> {
  const row = await queries
    .updateTable('invitations')
    .set({ used_at: nowMs })
    .where('token_hash', '=', hashToken(token))
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? new Refusal('invitation.invalid') : await standing(queries, row);
}

/** Makes the person a user and signs them in. Of two at the same time one comes too late. */
export async function acceptInvitation(
  context: Context,
  token: string,
  input: { name: string; password: string },
  origin: Origin,
): Promise<SignedIn | PendingSignIn | Refusal> {
  const known = await findInvitation(context, token);
  if (known instanceof Refusal) return known;
  const weak = await checkPassword(context, input.password, known.email);
  if (weak !== null) return weak;
  const passwordHash = await context.passwords.hash(input.password);
  const nowMs = context.clock();
  try {
    return await context.store.change(known.organizationId, async (queries) => {
      const row = await takeInvitation(queries, token, nowMs);
      if (row instanceof Refusal) return row;
      const fields = { email: row.email, name: input.name, role: row.role, groups: row.groups };
      const user = await insertUser(queries, row.organizationId, { ...fields, kind: 'person', passwordHash }, nowMs);
      if (user instanceof Refusal) return user;
      await appendAudit(
        queries,
        context,
        { organizationId: user.organizationId, actor: actorOf(user, origin), requestId: origin.requestId },
        { action: 'invitation.accept', objectKind: 'invitation', objectId: row.id, after: user },
      );
      return await completeSignIn(
        queries,
        context,
        {
          userId: user.id,
          organizationId: user.organizationId,
          kind: 'console',
          factors: [{ kind: 'password', atMs: nowMs }],
          canGoOn: true,
        },
        origin,
      );
    });
  } catch (error) {
    if (isUniqueViolation(error)) return new Refusal('api.conflict', { detail: 'a user with this e-mail exists' });
    throw error;
  }
}
