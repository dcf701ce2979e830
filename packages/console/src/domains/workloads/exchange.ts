/**
 * Workload identity federation: a token that CI or a cluster signed is exchanged for a short access token of a service
 * account (RFC 8693). The request names the trust, so that a token never counts for an organization that its bearer did
 * not mean. Nothing of the token is believed, and no reason tells of it, before its signature holds.
 */
import { createId, scopesWithin, type WorkloadTrust } from '@zeronaut/model';
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { Refusal } from '../../store/refusal.ts';
import { parseScopes } from '../api-keys/stored-scopes.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context, Origin } from '../context.ts';
import { createToken, hashToken } from '../random-token.ts';
import { findRole } from '../roles/held-role.ts';
import { RateLimit } from '../sessions/rate-limit.ts';
import { issuerKeys } from './issuer-keys.ts';
import { matchPattern } from './pattern.ts';
import { toTrust } from './workload-trusts.ts';

/** Asymmetric ones only: with HMAC a public key would be the secret. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const LEEWAY_SECONDS = 60;
/** Longer ones would have to be remembered too long. */
const MAX_LIFE_SECONDS = 86_400;
/** Refused exchanges that are worth an audit entry, of one trust. */
const NEWS_INTERVAL_MS = 60_000;

export interface ExchangeRequest {
  readonly subject_token: string;
  readonly client_id: string;
  readonly scope?: string | undefined;
}

export interface ExchangedToken {
  readonly token: string;
  readonly expiresInSeconds: number;
  readonly scopes: readonly string[] | null;
}

const news = new WeakMap<Context, RateLimit>();

export async function exchangeToken(
  context: Context,
  request: ExchangeRequest,
  origin: Origin,
): Promise<ExchangedToken | Refusal> {
  const row = await context.store.db
    .selectFrom('workload_trusts')
    .selectAll()
    .where('id', '=', request.client_id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return new Refusal('workload.untrusted');
  const trust = toTrust(row);
  const claims = await verify(context, trust, request.subject_token);
  const result = claims instanceof Refusal ? claims : await grant(context, trust, claims, request, origin);
  if (result instanceof Refusal) await auditRefusal(context, trust, result, origin);
  return result;
}

async function verify(context: Context, trust: WorkloadTrust, token: string): Promise<JWTPayload | Refusal> {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    return new Refusal('workload.malformed');
  }
  if (typeof header.alg !== 'string' || !ALGORITHMS.includes(header.alg)) return new Refusal('workload.algorithm');
  const keys = await issuerKeys(context, trust, header.kid);
  if (keys instanceof Refusal) return keys;
  let payload: JWTPayload;
  try {
    ({ payload } = await jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      issuer: trust.issuer,
      audience: trust.audience,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(context.clock()),
    }));
  } catch (error) {
    return refusalOf(error);
  }
  const nowSeconds = context.clock() / 1000;
  const issuedAt = payload.iat ?? nowSeconds;
  if (issuedAt > nowSeconds + LEEWAY_SECONDS) return new Refusal('workload.not_yet_valid');
  if (payload.exp! - Math.min(issuedAt, nowSeconds) > MAX_LIFE_SECONDS) return new Refusal('workload.lifetime');
  if (!matchPattern(trust.subject, payload.sub!)) return new Refusal('workload.subject');
  for (const [name, pattern] of Object.entries(trust.claims)) {
    if (!valuesOf(payload, name).some((value) => matchPattern(pattern, value))) {
      return new Refusal('workload.claim', { detail: `the claim ${name}` });
    }
  }
  return payload;
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof errors.JWTExpired) return new Refusal('workload.expired');
  if (error instanceof errors.JWTClaimValidationFailed) {
    switch (error.claim) {
      case 'iss':
        return new Refusal('workload.issuer');
      case 'aud':
        return new Refusal('workload.audience');
      case 'nbf':
      case 'iat':
        return new Refusal('workload.not_yet_valid');
      default:
        return new Refusal('workload.claim', { detail: `the claim ${error.claim}` });
    }
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return new Refusal('workload.signature');
  }
  if (error instanceof errors.JWKSMultipleMatchingKeys) {
    return new Refusal('workload.signature', { detail: 'several keys fit: the token must name one' });
  }
  if (error instanceof errors.JOSEError || error instanceof TypeError) return new Refusal('workload.malformed');
  throw error;
}

/** Texts of a claim, by its name or by JSON pointer (RFC 6901). Objects have none. */
function valuesOf(payload: JWTPayload, name: string): string[] {
  const path = name.startsWith('/')
    ? name
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [name];
  let value: unknown = payload;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return [];
    value = (value as Record<string, unknown>)[step];
  }
  return [value]
    .flat()
    .filter((one) => ['string', 'number', 'boolean'].includes(typeof one))
    .map(String);
}

async function grant(
  context: Context,
  trust: WorkloadTrust,
  claims: JWTPayload,
  request: ExchangeRequest,
  origin: Origin,
): Promise<ExchangedToken | Refusal> {
  const asked = request.scope === undefined ? null : request.scope.split(' ').filter((text) => text !== '');
  if (asked !== null && !scopesWithin(asked, trust.scopes)) return new Refusal('workload.scope');
  const scopes = asked ?? trust.scopes;
  const nowMs = context.clock();
  const organizationId = trust.organizationId;
  return await context.store.transaction(async (queries) => {
    const account = await queries
      .selectFrom('users')
      .select(['id', 'status', 'email'])
      .where('organization_id', '=', organizationId)
      .where('id', '=', trust.serviceAccountId)
      .executeTakeFirst();
    if (account?.status !== 'active') return new Refusal('workload.account_disabled');
    // A token without an id of its own is known by its text. One statement, so that of two at once one is the first.
    const assertionId = hashToken(claims.jti === undefined ? request.subject_token : `jti ${claims.jti}`);
    const counted = await queries
      .insertInto('workload_assertions')
      .values({
        organization_id: organizationId,
        trust_id: trust.id,
        assertion_id: assertionId,
        uses: 1,
        expires_at: (claims.exp! + LEEWAY_SECONDS) * 1000,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['trust_id', 'assertion_id'])
          .doUpdateSet((eb) => ({ uses: eb('workload_assertions.uses', '+', 1) }))
          .where('workload_assertions.uses', '<', trust.maxUses),
      )
      .returning('uses')
      .executeTakeFirst();
    if (counted === undefined) return new Refusal('workload.replayed');
    const token = createToken('workload');
    const id = createId('workloadToken', nowMs);
    await queries
      .insertInto('workload_tokens')
      .values({
        id,
        organization_id: organizationId,
        trust_id: trust.id,
        user_id: account.id,
        token_hash: hashToken(token),
        subject: claims.sub!.slice(0, 500),
        scopes: scopes === null ? null : JSON.stringify(scopes),
        created_at: nowMs,
        expires_at: nowMs + trust.tokenSeconds * 1000,
      })
      .execute();
    await queries
      .updateTable('workload_trusts')
      .set({ last_used_at: nowMs })
      .where('organization_id', '=', organizationId)
      .where('id', '=', trust.id)
      .execute();
    const actor = { kind: 'workload' as const, id: trust.id, name: claims.sub!.slice(0, 254), address: origin.address };
    await appendAudit(
      queries,
      context,
      { organizationId, actor, requestId: origin.requestId },
      {
        action: 'workload.exchange',
        objectKind: 'user',
        objectId: account.id,
        after: { tokenId: id, subject: claims.sub, issuer: claims.iss, jti: claims.jti ?? null, scopes },
      },
    );
    return { token, expiresInSeconds: trust.tokenSeconds, scopes };
  });
}

/** One entry a minute for each trust: whoever guesses must not fill the log. */
async function auditRefusal(context: Context, trust: WorkloadTrust, refusal: Refusal, origin: Origin): Promise<void> {
  const limit = news.get(context) ?? new RateLimit({ burst: 1, intervalMs: NEWS_INTERVAL_MS, maxKeys: 10_000 });
  news.set(context, limit);
  if (limit.take(trust.id, context.clock()) > 0) return;
  const actor = { kind: 'workload' as const, id: trust.id, name: trust.name, address: origin.address };
  await context.store.transaction((queries) =>
    appendAudit(
      queries,
      context,
      { organizationId: trust.organizationId, actor, requestId: origin.requestId },
      {
        action: 'workload.denied',
        objectKind: 'workload_trust',
        objectId: trust.id,
        after: { reason: refusal.reason },
      },
    ),
  );
}

/** An access token that came of an exchange, to the one who calls. */
export async function authenticateWorkload(context: Context, token: string, origin: Origin): Promise<Caller | Refusal> {
  const row = await context.store.db
    .selectFrom('workload_tokens')
    .innerJoin('workload_trusts', 'workload_trusts.id', 'workload_tokens.trust_id')
    .innerJoin('users', 'users.id', 'workload_tokens.user_id')
    .select([
      'workload_tokens.id as token_id',
      'workload_tokens.subject',
      'workload_tokens.scopes',
      'workload_tokens.expires_at',
      'workload_trusts.revoked_at',
      'users.id',
      'users.organization_id',
      'users.role',
      'users.status',
    ])
    .where('workload_tokens.token_hash', '=', hashToken(token))
    .executeTakeFirst();
  if (row === undefined || row.revoked_at !== null) return new Refusal('api.unauthenticated');
  if (row.expires_at <= context.clock()) return new Refusal('api.token_expired');
  if (row.status !== 'active') return new Refusal('access.user_disabled');
  return {
    ...origin,
    organizationId: row.organization_id,
    userId: row.id,
    role: row.role,
    permissions: (await findRole(context.store.db, row.organization_id, row.role)).permissions,
    scopes: parseScopes(row.scopes),
    home: null,
    credential: 'workload',
    credentialId: row.token_id,
    actor: { kind: 'workload', id: row.token_id, name: row.subject.slice(0, 254), address: origin.address },
  };
}
