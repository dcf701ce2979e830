import { randomInt } from 'node:crypto';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context, Origin } from '../context.ts';
import { checkNotLinked } from '../memberships/home.ts';
import { createToken, hashToken } from '../random-token.ts';
import { completeSignIn } from '../sessions/complete-sign-in.ts';
import { RateLimit } from '../sessions/rate-limit.ts';
import { type IssuedSession, isOpen } from '../sessions/sessions.ts';
import type { ProvedFactor } from '../sessions/sign-in-policy.ts';

/** RFC 8628, 6.1: no vowels, so that no words come out, and nothing that looks like something else. 20^8 codes. */
const USER_CODE_ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
const USER_CODE_LENGTH = 8;
const TTL_MS = 600_000;
const INTERVAL_SECONDS = 5;
/** RFC 8628, 3.5: what `slow_down` adds to the interval, for good. */
const SLOW_DOWN_SECONDS = 5;

type Row = Selectable<Schema['device_authorizations']>;

export interface DeviceAuthorization {
  readonly deviceCode: string;
  /** With a hyphen in the middle, as it is shown. */
  readonly userCode: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

export async function startDeviceAuthorization(context: Context, origin: Origin): Promise<DeviceAuthorization> {
  const createdAt = context.clock();
  const deviceCode = createToken('deviceCode');
  let userCode = '';
  for (let i = 0; i < USER_CODE_LENGTH; i++) userCode += USER_CODE_ALPHABET[randomInt(USER_CODE_ALPHABET.length)];
  await context.store.transaction(async (queries) => {
    await queries.deleteFrom('device_authorizations').where('expires_at', '<=', createdAt).execute();
    await queries
      .insertInto('device_authorizations')
      .values({
        device_code_hash: hashToken(deviceCode),
        user_code_hash: hashToken(userCode),
        status: 'pending',
        organization_id: null,
        user_id: null,
        address: origin.address,
        user_agent: origin.userAgent.slice(0, 300),
        created_at: createdAt,
        expires_at: createdAt + TTL_MS,
        interval_seconds: INTERVAL_SECONDS,
        last_polled_at: null,
        factors: '[]',
        approved_by_session: null,
      })
      .execute();
  });
  return {
    deviceCode,
    userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`,
    expiresInSeconds: TTL_MS / 1000,
    intervalSeconds: INTERVAL_SECONDS,
  };
}

/** How often one user may look for a code. */
export function createUserCodeLimit(): RateLimit {
  return new RateLimit({ burst: 10, intervalMs: 15_000 });
}

/** What a person typed, as it was hashed: RFC 8628, 6.1 asks to ignore case and what is not in the alphabet. */
export function normalizeUserCode(text: string): string {
  return [...text.toUpperCase()].filter((letter) => USER_CODE_ALPHABET.includes(letter)).join('');
}

/** The request that waits under this code, for the approval page to describe. */
export async function findPendingAuthorization(
  context: Context,
  caller: Caller,
  userCode: string,
): Promise<{ address: string; userAgent: string; createdAtMs: number } | Refusal> {
  const limited = limitGuesses(context, caller);
  if (limited !== null) return limited;
  const row = await context.store.db
    .selectFrom('device_authorizations')
    .selectAll()
    .where('user_code_hash', '=', hashToken(normalizeUserCode(userCode)))
    .where('status', '=', 'pending')
    .where('expires_at', '>', context.clock())
    .executeTakeFirst();
  if (row === undefined) return unknownCode();
  return { address: row.address, userAgent: row.user_agent, createdAtMs: row.created_at };
}

/** RFC 8628, 5.1: codes are short, so that nobody may try many. */
function limitGuesses(context: Context, caller: Caller): Refusal | null {
  const waitMs = context.userCodeLimit.take(caller.userId, context.clock());
  return waitMs === 0 ? null : new Refusal('api.rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
}

function unknownCode(): Refusal {
  return new Refusal('api.not_found', { detail: 'no device waits with this code, or it has expired' });
}

/** A signed-in user lets the device in as that user, or refuses it. Once only. */
export async function decideDeviceAuthorization(
  context: Context,
  caller: Caller,
  input: { userCode: string; approve: boolean },
): Promise<undefined | Refusal> {
  // A key must not mint a session: it would outlive the key.
  if (caller.credential === 'api_key' || caller.credential === 'workload') {
    return new Refusal('api.forbidden', { detail: 'only a signed-in person can approve a device' });
  }
  const linked = checkNotLinked(caller);
  if (linked !== null) return linked;
  const limited = limitGuesses(context, caller);
  if (limited !== null) return limited;
  return await context.store.transaction(async (queries) => {
    const session = await queries
      .selectFrom('sessions')
      .select(['id', 'factors'])
      .where('id', '=', caller.credentialId)
      .where('organization_id', '=', caller.organizationId)
      .executeTakeFirst();
    const row = await queries
      .updateTable('device_authorizations')
      .set({
        // What the approving session had shown, the new one has too.
        factors: session?.factors ?? '[]',
        approved_by_session: session?.id ?? null,
        status: input.approve ? 'approved' : 'denied',
        organization_id: caller.organizationId,
        user_id: caller.userId,
      })
      .where('user_code_hash', '=', hashToken(normalizeUserCode(input.userCode)))
      .where('status', '=', 'pending')
      .where('expires_at', '>', context.clock())
      .returning(['address', 'user_agent'])
      .executeTakeFirst();
    if (row === undefined) return unknownCode();
    await appendAudit(queries, context, caller, {
      action: input.approve ? 'device_authorization.approve' : 'device_authorization.deny',
      objectKind: 'device_authorization',
      objectId: '',
      after: { address: row.address, userAgent: row.user_agent },
    });
    return undefined;
  });
}

/** One poll of the waiting device. A granted session is handed out once. */
export async function pollDeviceAuthorization(
  context: Context,
  deviceCode: string,
  origin: Origin,
): Promise<IssuedSession | Refusal> {
  const nowMs = context.clock();
  const codeHash = hashToken(deviceCode);
  const row = await context.store.db
    .selectFrom('device_authorizations')
    .selectAll()
    .where('device_code_hash', '=', codeHash)
    .executeTakeFirst();
  if (row === undefined || row.status === 'used') return new Refusal('api.token_used');
  if (row.expires_at <= nowMs) return new Refusal('api.token_expired');
  if (row.status === 'denied') return new Refusal('api.access_denied');
  if (row.status === 'pending') return await stillPending(context, row, nowMs);

  return await context.store.transaction(async (queries) => {
    const used = await queries
      .updateTable('device_authorizations')
      .set({ status: 'used' })
      .where('device_code_hash', '=', codeHash)
      .where('status', '=', 'approved')
      .returning(['user_id', 'organization_id', 'factors', 'approved_by_session'])
      .executeTakeFirst();
    if (used?.user_id == null || used.organization_id === null) return new Refusal('api.token_used');
    if (used.approved_by_session !== null && !(await isOpenSession(queries, used.approved_by_session, nowMs))) {
      return new Refusal('api.access_denied');
    }
    const factors = JSON.parse(used.factors) as ProvedFactor[];
    const result = await completeSignIn(
      queries,
      context,
      {
        userId: used.user_id,
        organizationId: used.organization_id,
        kind: 'cli',
        factors,
        canGoOn: false,
        // They were enough for the session that approved; how fresh they must be for that, the route table says.
        measuredAtMs: Math.max(0, ...factors.map(({ atMs }) => atMs)),
      },
      origin,
    );
    return result instanceof Refusal || 'pendingToken' in result ? new Refusal('api.access_denied') : result;
  });
}

async function isOpenSession(queries: Queries, sessionId: string, nowMs: number): Promise<boolean> {
  const row = await queries
    .selectFrom('sessions')
    .select('id')
    .where('id', '=', sessionId)
    .where((eb) => isOpen(eb, nowMs))
    .executeTakeFirst();
  return row !== undefined;
}

async function stillPending(context: Context, row: Row, nowMs: number): Promise<Refusal> {
  const tooSoon = row.last_polled_at !== null && nowMs - row.last_polled_at < row.interval_seconds * 1000;
  await context.store.db
    .updateTable('device_authorizations')
    .set({
      last_polled_at: nowMs,
      interval_seconds: row.interval_seconds + (tooSoon ? SLOW_DOWN_SECONDS : 0),
    })
    .where('device_code_hash', '=', row.device_code_hash)
    .execute();
  return new Refusal(tooSoon ? 'api.slow_down' : 'api.authorization_pending');
}
