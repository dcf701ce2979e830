/**
 * What a gateway did with passkeys: sign-ins that it looked at by itself, maybe while we were away, and passkeys that people
 * made on its portal. The gateway is believed in what only it can know, and in nothing that we know ourselves.
 */
import type { EdgeSignIn, PasskeyAttestation } from '@zeronaut/model';
import { CHALLENGE_TTL_MS } from '@zeronaut/passkeys';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import type { GatewayRow } from '../gateways/gateways.ts';
import { portalHost } from '../resources/names.ts';
import { actorOf } from '../sessions/complete-sign-in.ts';
import { getSignInPolicy } from '../sessions/sign-in-policy.ts';
import { findUser } from '../users/users.ts';
import { attestationDemand, insertPasskey, type RelyingSite, verifyAttestation } from './passkeys.ts';

/** Clocks of console and gateway may differ by this much. */
const CLOCK_TOLERANCE_MS = 300_000;
/** As the schema of `portalSessionSeconds` bounds it. */
const MAX_LIFETIME_MS = 2_592_000_000;

type Gateway = Pick<GatewayRow, 'id' | 'organization_id' | 'base_domain'>;

/** Passkeys of active people that work on the portals of an organization, for snapshots. `userId`: of this user alone. */
export async function portalPasskeysOf(queries: Queries, organizationId: string, userId?: string) {
  return await queries
    .selectFrom('passkeys')
    .innerJoin('users', 'users.id', 'passkeys.user_id')
    .select([
      'passkeys.rp_id',
      'passkeys.user_id',
      'passkeys.credential_id',
      'passkeys.public_key',
      'passkeys.sign_count',
    ])
    .where('passkeys.organization_id', '=', organizationId)
    .where('users.status', '=', 'active')
    .$if(userId !== undefined, (select) => select.where('passkeys.user_id', '=', userId!))
    .orderBy('passkeys.id')
    .execute();
}

/**
 * Stores the session and its audit entry, once. A sign-in that we would have refused (the passkey was removed, the user
 * disabled, all sessions ended after it) becomes a session that is revoked, so that gateways end it. Resolves when nothing more
 * can come of the report.
 */
export async function recordEdgeSignIn(
  context: Context,
  gateway: Gateway,
  report: EdgeSignIn,
  origin: Origin,
): Promise<void> {
  const organizationId = gateway.organization_id;
  const revoked = await context.store.transaction((queries) => store(queries, context, gateway, report, origin));
  // Only what ends something has to reach the gateways.
  if (revoked) await context.store.change(organizationId, async () => undefined);
}

async function store(
  queries: Queries,
  context: Context,
  gateway: Gateway,
  report: EdgeSignIn,
  origin: Origin,
): Promise<boolean> {
  const organizationId = gateway.organization_id;
  const nowMs = context.clock();
  const [atMs, expiresAtMs] = [Date.parse(report.at), Date.parse(report.expiresAt)];
  if (atMs > nowMs + CLOCK_TOLERANCE_MS || expiresAtMs > atMs + MAX_LIFETIME_MS) return false;
  const row = await queries
    .selectFrom('users')
    .select(['id', 'kind', 'email', 'status', 'sessions_ended_at'])
    .where('organization_id', '=', organizationId)
    .where('id', '=', report.userId)
    .executeTakeFirst();
  // Nobody of this organization, or somebody who was deleted: no gateway has them in its tables.
  if (row === undefined) return false;
  const passkey = await queries
    .updateTable('passkeys')
    .set((eb) => ({
      // Gateways report in any order: the highest of each counts.
      sign_count: eb
        .case()
        .when('sign_count', '<', report.signCount)
        .then(report.signCount)
        .else(eb.ref('sign_count'))
        .end(),
      last_used_at: eb
        .case()
        .when(eb.fn.coalesce('last_used_at', eb.lit(0)), '<', atMs)
        .then(atMs)
        .else(eb.ref('last_used_at'))
        .end(),
    }))
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', row.id)
    .where('credential_id', '=', report.credentialId)
    .where('rp_id', '=', portalHost(gateway))
    .returning('id')
    .executeTakeFirst();
  const refused =
    passkey === undefined
      ? 'passkey.unknown'
      : row.status !== 'active'
        ? 'access.user_disabled'
        : (row.sessions_ended_at ?? 0) >= atMs
          ? 'access.session_revoked'
          : null;
  const inserted = await queries
    .insertInto('sessions')
    .values({
      id: report.sessionId,
      organization_id: organizationId,
      user_id: row.id,
      kind: 'portal',
      token_hash: null,
      address: origin.address,
      user_agent: origin.userAgent.slice(0, 300),
      factors: JSON.stringify([{ kind: 'passkey', atMs }]),
      authenticated_at: atMs,
      last_used_at: atMs,
      idle_ms: null,
      created_at: atMs,
      expires_at: expiresAtMs,
      revoked_at: refused !== null || report.ended ? nowMs : null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  const by = { organizationId, actor: actorOf(row, origin), requestId: origin.requestId };
  if (inserted === undefined) return report.ended ? await end(queries, context, report, row.id, by) : false;
  await appendAudit(queries, context, by, {
    action: refused === null ? 'session.create' : 'session.denied',
    objectKind: refused === null ? 'session' : 'user',
    objectId: refused === null ? report.sessionId : row.id,
    after: {
      kind: 'portal',
      userId: row.id,
      factors: ['passkey'],
      gatewayId: gateway.id,
      signedInAt: report.at,
      ...(refused === null ? {} : { reason: refused, sessionId: report.sessionId }),
    },
  });
  return refused !== null || report.ended;
}

/** Known before, and signed out while the first report was on its way. */
async function end(
  queries: Queries,
  context: Context,
  report: EdgeSignIn,
  userId: string,
  by: Parameters<typeof appendAudit>[2],
): Promise<boolean> {
  const ended = await queries
    .updateTable('sessions')
    .set({ revoked_at: context.clock() })
    .where('id', '=', report.sessionId)
    .where('organization_id', '=', by.organizationId)
    .where('user_id', '=', userId)
    .where('kind', '=', 'portal')
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (ended === undefined) return false;
  await appendAudit(queries, context, by, {
    action: 'session.sign_out',
    objectKind: 'session',
    objectId: report.sessionId,
  });
  return true;
}

/** A passkey that a person made on the portal, in a session that this person opened there not long ago. */
export async function createPortalPasskey(
  context: Context,
  gateway: Gateway,
  request: {
    readonly sessionId: string;
    readonly userId: string;
    readonly name: string;
    readonly credential: PasskeyAttestation;
    readonly challenge: string;
    readonly origin: string;
  },
  origin: Origin,
): Promise<{ recoveryCodes: string[] } | Refusal> {
  const organizationId = gateway.organization_id;
  const { db } = context.store;
  const nowMs = context.clock();
  const site = siteOf(gateway, request.origin);
  if (site === null) return new Refusal('passkey.origin');
  const session = await db
    .selectFrom('sessions')
    .select(['authenticated_at', 'created_at'])
    .where('id', '=', request.sessionId)
    .where('organization_id', '=', organizationId)
    .where('user_id', '=', request.userId)
    .where('kind', '=', 'portal')
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .executeTakeFirst();
  const user = await findUser(db, organizationId, request.userId);
  if (session === undefined || user instanceof Refusal) return new Refusal('access.session_invalid');
  if (user.status !== 'active') return new Refusal('access.user_disabled');
  const { factorMaxAgeSeconds } = await getSignInPolicy(db, organizationId);
  if ((session.authenticated_at ?? session.created_at) <= nowMs - factorMaxAgeSeconds * 1000) {
    return new Refusal('factor.expired');
  }
  const open = (challenge: string) =>
    challenge === request.challenge ? { expiresAtMs: nowMs + CHALLENGE_TTL_MS } : null;
  const demand = await attestationDemand(context, organizationId);
  const made = await verifyAttestation(request.credential, site, demand, open);
  if (made instanceof Refusal) return made;
  const by = { organizationId, actor: actorOf(user, origin), requestId: origin.requestId };
  const created = await insertPasskey(context, by, user, request.name, site, made);
  return created instanceof Refusal ? created : { recoveryCodes: created.recoveryCodes };
}

/** The portal of that gateway, under whatever port people reach it; null: it is something else. */
function siteOf(gateway: Gateway, origin: string): RelyingSite | null {
  const rpId = portalHost(gateway);
  if (!URL.canParse(origin)) return null;
  const url = new URL(origin);
  return url.protocol === 'https:' && url.hostname === rpId && url.origin === origin ? { rpId, origin } : null;
}
