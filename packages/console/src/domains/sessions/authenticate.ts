import { Refusal } from '../../store/refusal.ts';
import { parseScopes } from '../api-keys/stored-scopes.ts';
import type { Caller, Context, Origin } from '../context.ts';
import { provedKey } from '../devices/device-proof.ts';
import { checkHomeSession } from '../memberships/home.ts';
import { withholdAdministration } from '../policies/administration.ts';
import { hashToken, TOKEN_PREFIX } from '../random-token.ts';
import { findRole, type HeldRole, heldRole, roleWithin } from '../roles/held-role.ts';
import { authenticateWorkload } from '../workloads/exchange.ts';
import { actorOf } from './complete-sign-in.ts';

/** `last_used_at` of sessions and API keys is exact to this. */
const LAST_USED_STEP_MS = 60_000;

/**
 * A bearer token or cookie to the one who calls. Refuses unknown, expired and revoked ones, and disabled users. `isUse`: false
 * only looks whether it still counts, so that a page that is merely open does not keep a session from going idle.
 */
export async function authenticate(
  context: Context,
  token: string,
  origin: Origin,
  isUse = true,
): Promise<Caller | Refusal> {
  const caller = await byToken(context, token, origin, isUse);
  return caller instanceof Refusal ? caller : await withholdAdministration(context, caller);
}

async function byToken(context: Context, token: string, origin: Origin, isUse: boolean): Promise<Caller | Refusal> {
  if (token.startsWith(TOKEN_PREFIX.session)) return await bySession(context, token, origin, isUse);
  if (token.startsWith(TOKEN_PREFIX.apiKey)) return await byApiKey(context, token, origin, isUse);
  if (token.startsWith(TOKEN_PREFIX.workload)) return await authenticateWorkload(context, token, origin);
  return new Refusal('api.unauthenticated');
}

async function bySession(context: Context, token: string, origin: Origin, isUse: boolean): Promise<Caller | Refusal> {
  const row = await context.store.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    // A session that came of another one, to act in another organization, is of the same machine.
    .leftJoin('sessions as homes', 'homes.id', 'sessions.home_session_id')
    .leftJoin('devices', (join) =>
      join.on((eb) => eb('devices.id', '=', eb.fn.coalesce('sessions.device_id', 'homes.device_id'))),
    )
    .select((eb) => [
      'sessions.id as session_id',
      'sessions.kind as session_kind',
      eb.fn.coalesce('sessions.device_id', 'homes.device_id').as('device_id'),
      'devices.key_fingerprint',
      'devices.revoked_at as device_revoked_at',
      'sessions.expires_at',
      'sessions.revoked_at',
      'sessions.created_at',
      'sessions.last_used_at',
      'sessions.idle_ms',
      'sessions.home_session_id',
      'users.id',
      'users.home_user_id',
      'users.organization_id',
      'users.kind',
      'users.email',
      'users.role',
      'users.status',
    ])
    .where('sessions.token_hash', '=', hashToken(token))
    .executeTakeFirst();
  if (row === undefined) return new Refusal('api.unauthenticated');
  if (row.revoked_at !== null) return new Refusal('access.session_revoked');
  const nowMs = context.clock();
  const lastUsedAt = row.last_used_at ?? row.created_at;
  if (row.expires_at <= nowMs || (row.idle_ms !== null && lastUsedAt + row.idle_ms <= nowMs)) {
    return new Refusal('access.session_expired');
  }
  if (row.status !== 'active') return new Refusal('access.user_disabled');
  const proved = row.session_kind === 'cli' ? await provedKey(context, origin.deviceProof, token) : null;
  if (row.device_id !== null) {
    if (row.device_revoked_at !== null) return new Refusal('access.session_revoked');
    if (proved === null || proved !== row.key_fingerprint) return new Refusal('api.device_proof');
  } else if (proved !== null && row.home_user_id === null) {
    await bindToOwnDevice(context, row, proved);
  }
  const home =
    row.home_user_id === null ? null : { userId: row.home_user_id, sessionId: row.home_session_id ?? 'none' };
  const ended = home === null ? null : await checkHomeSession(context.store.db, home, nowMs);
  if (ended !== null) return ended;
  if (isUse && lastUsedAt < nowMs - LAST_USED_STEP_MS) {
    await context.store.db
      .updateTable('sessions')
      .set({ last_used_at: nowMs })
      .where('id', '=', row.session_id)
      .where('organization_id', '=', row.organization_id)
      .execute();
  }
  return {
    ...origin,
    organizationId: row.organization_id,
    userId: row.id,
    role: row.role,
    permissions: (await findRole(context.store.db, row.organization_id, row.role)).permissions,
    scopes: null,
    home,
    credential: 'session',
    credentialId: row.session_id,
    provedKey: proved,
    actor: actorOf(row, origin),
  };
}

/** The machine was enrolled before this sign-in: what it proves with a call counts from that call on. */
async function bindToOwnDevice(
  context: Context,
  session: { readonly session_id: string; readonly id: string; readonly organization_id: string },
  fingerprint: string,
): Promise<void> {
  const device = await context.store.db
    .selectFrom('devices')
    .select('id')
    .where('organization_id', '=', session.organization_id)
    .where('user_id', '=', session.id)
    .where('key_fingerprint', '=', fingerprint)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (device === undefined) return;
  await context.store.db
    .updateTable('sessions')
    .set({ device_id: device.id })
    .where('organization_id', '=', session.organization_id)
    .where('id', '=', session.session_id)
    .where('device_id', 'is', null)
    .execute();
}

async function byApiKey(context: Context, token: string, origin: Origin, isUse: boolean): Promise<Caller | Refusal> {
  const nowMs = context.clock();
  const row = await context.store.db
    .selectFrom('api_keys')
    .innerJoin('users', 'users.id', 'api_keys.user_id')
    .leftJoin('roles as key_roles', (join) =>
      join
        .onRef('key_roles.organization_id', '=', 'users.organization_id')
        .onRef('key_roles.name', '=', 'api_keys.role'),
    )
    .select([
      'api_keys.id as key_id',
      'api_keys.name as key_name',
      'api_keys.role as key_role',
      'api_keys.expires_at',
      'api_keys.revoked_at',
      'api_keys.last_used_at',
      'api_keys.scopes',
      'users.id',
      'users.home_user_id',
      'users.organization_id',
      'users.kind',
      'users.email',
      'users.role',
      'users.status',
    ])
    .where('api_keys.key_hash', '=', hashToken(token))
    .executeTakeFirst();
  // Linked users have no keys; should there be one, it opens nothing.
  if (row === undefined || row.revoked_at !== null || row.home_user_id !== null)
    return new Refusal('api.unauthenticated');
  if (row.expires_at !== null && row.expires_at <= nowMs) return new Refusal('api.token_expired');
  if (row.status !== 'active') return new Refusal('access.user_disabled');
  if (isUse && (row.last_used_at === null || row.last_used_at < nowMs - LAST_USED_STEP_MS)) {
    await context.store.db
      .updateTable('api_keys')
      .set({ last_used_at: nowMs, last_used_address: origin.address })
      .where('id', '=', row.key_id)
      .where('organization_id', '=', row.organization_id)
      .execute();
  }
  const { db } = context.store;
  const [ofKey, ofUser] = [
    await findRole(db, row.organization_id, row.key_role),
    await findRole(db, row.organization_id, row.role),
  ];
  const role = narrowerRole(ofKey, ofUser);
  return {
    ...origin,
    organizationId: row.organization_id,
    userId: row.id,
    role: role.name,
    permissions: role.permissions,
    scopes: parseScopes(row.scopes),
    home: null,
    credential: row.kind === 'local' ? 'local' : 'api_key',
    credentialId: row.key_id,
    actor:
      row.kind === 'local'
        ? actorOf(row, origin)
        : { kind: 'api_key', id: row.key_id, name: row.key_name, address: origin.address },
  };
}

/** A key never does more than its user may do today; where neither role contains the other, only what everybody may. */
function narrowerRole(key: HeldRole, user: HeldRole): HeldRole {
  return roleWithin(key, user) ? key : roleWithin(user, key) ? user : heldRole('member', null);
}
