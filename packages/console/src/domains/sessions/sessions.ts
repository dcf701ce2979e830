import {
  CONSOLE_ISSUER,
  createId,
  PORTAL_AUDIENCE,
  type Session,
  type SignInPolicy,
  TOKEN_TYPE,
} from '@zeronaut/model';
import { SignJWT } from 'jose';
import type { ExpressionBuilder, Selectable } from 'kysely';
import type { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context, Origin } from '../context.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page } from '../page.ts';
import { createToken, hashToken } from '../random-token.ts';
import { revoke } from '../revoke.ts';
import type { ProvedFactor } from './sign-in-policy.ts';

/**
 * Portal sessions are what gateways go on accepting while the console is away, for days (docs/decisions/0007). A revoked
 * one ends at once all the same: revocations travel in the snapshot.
 */
function lifetimeMs(policy: SignInPolicy, kind: Session['kind']): number {
  const seconds = {
    console: policy.consoleSessionSeconds,
    portal: policy.portalSessionSeconds,
    cli: policy.cliSessionSeconds,
  };
  return seconds[kind] * 1000;
}

/** Gateways, which alone see a portal session, do not tell when it was used last. */
function idleMs(policy: SignInPolicy, kind: Session['kind']): number | null {
  if (kind === 'portal') return null;
  return (kind === 'console' ? policy.consoleIdleSeconds : policy.cliIdleSeconds) * 1000;
}

type Row = Selectable<Schema['sessions']>;

function toSession(row: Row): Session {
  return {
    id: row.id,
    organizationId: row.organization_id,
    userId: row.user_id,
    kind: row.kind,
    address: row.address,
    userAgent: row.user_agent,
    deviceId: row.device_id,
    factors: (JSON.parse(row.factors) as ProvedFactor[]).map(({ kind }) => kind),
    authenticatedAt: isoTime(row.authenticated_at ?? row.created_at),
    createdAt: isoTime(row.created_at),
    expiresAt: isoTime(row.expires_at),
    revokedAt: isoTime(row.revoked_at),
  };
}

export interface IssuedSession {
  readonly sessionId: string;
  readonly token: string;
  readonly expiresAtMs: number;
}

/**
 * Opens a session, within the transaction that writes its audit entry. Console and CLI sessions are opaque random
 * tokens of which only the hash is kept; portal sessions are signed, because gateways check them without us. Only
 * `completeSignIn` calls this.
 */
export async function openSession(
  queries: Queries,
  context: Context,
  wanted: {
    kind: Session['kind'];
    user: { id: string; organizationId: string };
    factors: readonly ProvedFactor[];
    policy: SignInPolicy;
    /** The session at home that this one comes of. */
    homeSessionId: string | null;
  },
  origin: Origin,
): Promise<IssuedSession> {
  const { kind, user, factors, policy, homeSessionId } = wanted;
  const createdAt = context.clock();
  const sessionId = createId('session', createdAt);
  const authenticatedAt = Math.max(0, ...factors.map(({ atMs }) => atMs)) || createdAt;
  // Tokens count whole seconds; the row must not say anything else.
  const expiresAtMs = Math.floor((createdAt + lifetimeMs(policy, kind)) / 1000) * 1000;
  const token =
    kind === 'portal'
      ? await new SignJWT({
          sid: sessionId,
          org: user.organizationId,
          amr: [...new Set(factors.map(({ kind: factor }) => factor))],
          auth_time: Math.floor(authenticatedAt / 1000),
        })
          .setProtectedHeader({ alg: 'EdDSA', kid: context.authority.tokenKey.keyId, typ: TOKEN_TYPE.portalSession })
          .setIssuer(CONSOLE_ISSUER)
          .setAudience(PORTAL_AUDIENCE)
          .setSubject(user.id)
          .setIssuedAt(Math.floor(createdAt / 1000))
          .setExpirationTime(expiresAtMs / 1000)
          .sign(context.authority.tokenKey.privateKey)
      : createToken('session');
  await queries
    .insertInto('sessions')
    .values({
      id: sessionId,
      organization_id: user.organizationId,
      user_id: user.id,
      kind,
      home_session_id: homeSessionId,
      token_hash: kind === 'portal' ? null : hashToken(token),
      address: origin.address,
      user_agent: origin.userAgent.slice(0, 300),
      factors: JSON.stringify(factors),
      authenticated_at: authenticatedAt,
      last_used_at: createdAt,
      idle_ms: idleMs(policy, kind),
      created_at: createdAt,
      expires_at: expiresAtMs,
      revoked_at: null,
    })
    .execute();
  return { sessionId, token, expiresAtMs };
}

export async function listSessions(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof SESSION_SORTS> & {
    readonly userId?: string | undefined;
    readonly kind?: Session['kind'] | undefined;
    readonly open?: boolean | undefined;
  },
): Promise<Page<Session> | Refusal> {
  let select = context.store.db.selectFrom('sessions').selectAll().where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['address', 'user_agent']));
  if (query.userId !== undefined) select = select.where('user_id', '=', query.userId);
  if (query.kind !== undefined) select = select.where('kind', '=', query.kind);
  if (query.open !== undefined) {
    const nowMs = context.clock();
    select = select.where((eb) => (query.open === true ? isOpen(eb, nowMs) : eb.not(isOpen(eb, nowMs))));
  }
  return await listPage(select, query, SESSION_SORTS, toSession);
}

/** Neither revoked nor past its end. Whether it was used lately is asked where it is shown, see `authenticate.ts`. */
export function isOpen(eb: ExpressionBuilder<Schema, 'sessions'>, nowMs: number) {
  return eb.and([eb('revoked_at', 'is', null), eb('expires_at', '>', nowMs)]);
}

const SESSION_SORTS = { created: { column: 'id', type: 'string' } } as const;

/** Revokes one session of the caller's organization, or of `ownerId` alone. Revoking twice is no error. */
export async function revokeSession(
  context: Context,
  caller: Caller,
  id: string,
  ownerId?: string,
): Promise<undefined | Refusal> {
  return await revoke(context, caller, id, {
    table: 'sessions',
    objectKind: 'session',
    action: id === caller.credentialId ? 'session.sign_out' : 'session.revoke',
    view: toSession,
    inSnapshot: true,
    ...(ownerId === undefined ? {} : { ownerId }),
  });
}

/**
 * Ends the sessions in which a user does what the role lets them, but `exceptId`: a token that was stolen from somebody who might do
 * little must not become one that may do more. What a portal lets in is not a matter of roles. Whoever writes another role calls it.
 */
export async function endSessionsOfRole(
  queries: Queries,
  context: Context,
  user: { readonly organizationId: string; readonly userId: string },
  exceptId: string | null,
): Promise<void> {
  await endSessions(queries, context, user, { kinds: ['console', 'cli'], exceptId });
}

/** Ends all sessions of a user but `exceptId`, and sign-ins on their way. Within the transaction of the change that asks for it. */
export async function revokeUserSessions(
  queries: Queries,
  context: Context,
  organizationId: string,
  userId: string,
  exceptId: string,
): Promise<void> {
  await endSessions(queries, context, { organizationId, userId }, { kinds: ['console', 'portal', 'cli'], exceptId });
  // Also those that gateways opened and have not told us of yet.
  await queries
    .updateTable('users')
    .set({ sessions_ended_at: context.clock() })
    .where('organization_id', '=', organizationId)
    .where('id', '=', userId)
    .execute();
  await queries.deleteFrom('magic_links').where('user_id', '=', userId).execute();
  await queries
    .deleteFrom('pending_sign_ins')
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .execute();
}

/**
 * First what such a session has let a command line in for, and was not called for yet: one that is called for at this moment is there then,
 * and ends with them.
 */
async function endSessions(
  queries: Queries,
  context: Context,
  { organizationId, userId }: { readonly organizationId: string; readonly userId: string },
  which: { readonly kinds: readonly Session['kind'][]; readonly exceptId: string | null },
): Promise<void> {
  await queries
    .updateTable('device_authorizations')
    .set({ status: 'denied' })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .where('status', '=', 'approved')
    .execute();
  let ended = queries
    .updateTable('sessions')
    .set({ revoked_at: context.clock() })
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', userId)
    .where('kind', 'in', which.kinds)
    .where('revoked_at', 'is', null);
  if (which.exceptId !== null) ended = ended.where('id', '!=', which.exceptId);
  await ended.execute();
}
