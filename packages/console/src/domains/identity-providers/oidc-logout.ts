/**
 * OpenID Connect Back-Channel Logout 1.0: the provider posts a signed logout token, and the sessions that it opened here
 * for that subject or session end, with the connections that gateways hold for them. An ID token cannot stand in for a
 * logout token: `events` must be there and `nonce` must not.
 */
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Context, Origin } from '../context.ts';
import { providerActor, who } from './external-sign-in.ts';
import { CLOCK_TOLERANCE_SECONDS, discover } from './oidc.ts';
import { fetchThrough, refusalIn } from './provider-fetch.ts';
import type { Provider } from './provider-rows.ts';
import { useOnce } from './used-assertions.ts';

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** Longest age of a logout token, whatever its `exp` says. */
const MAX_AGE_SECONDS = 300;
const MAX_TOKEN_LENGTH = 16_384;

const keySets = new WeakMap<Context, Map<string, ReturnType<typeof createRemoteJWKSet>>>();

/** Ends what the token asks for and resolves with how many sessions that were. */
export async function logOutFromProvider(
  context: Context,
  provider: Provider<'oidc'>,
  token: string,
  origin: Origin,
): Promise<number | Refusal> {
  const claims = await verifyLogoutToken(context, provider, token);
  if (claims instanceof Refusal) return claims;
  const subject = typeof claims.sub === 'string' ? claims.sub : null;
  const sessionId = typeof claims.sid === 'string' ? claims.sid : null;
  if (subject === null && sessionId === null) return new Refusal('idp.malformed', { detail: 'neither sub nor sid' });
  if (!(await useOnce(context, provider, `logout:${claims.jti}`, context.clock() + 2 * MAX_AGE_SECONDS * 1000))) {
    return new Refusal('idp.replayed');
  }
  return await endSessions(context, provider, { subject, sessionId }, origin);
}

async function verifyLogoutToken(
  context: Context,
  provider: Provider<'oidc'>,
  token: string,
): Promise<(JWTPayload & { sid?: unknown }) | Refusal> {
  if (token.length > MAX_TOKEN_LENGTH) return new Refusal('idp.malformed');
  const { settings } = provider;
  try {
    const { typ, alg } = decodeProtectedHeader(token);
    if (typ !== undefined && !/^(?:application\/)?(?:logout\+jwt|jwt)$/i.test(typ)) {
      return new Refusal('idp.malformed', { detail: `typ ${typ}` });
    }
    if (!(settings.idTokenAlgorithms as readonly string[]).includes(alg ?? '')) {
      return new Refusal('idp.algorithm_refused', { detail: String(alg) });
    }
    const metadata = await discover(context, provider);
    if (metadata instanceof Refusal) return metadata;
    const { payload } = await jwtVerify(token, keySetOf(context, metadata.jwks_uri!), {
      issuer: metadata.issuer,
      audience: settings.clientId,
      algorithms: settings.idTokenAlgorithms,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(context.clock()),
      maxTokenAge: MAX_AGE_SECONDS,
      requiredClaims: ['iat', 'jti', 'events'],
    });
    const event = (payload.events as Record<string, unknown> | null)?.[LOGOUT_EVENT];
    if (typeof event !== 'object' || event === null) return new Refusal('idp.malformed', { detail: 'no logout event' });
    // 2.4: a nonce is prohibited, so that nobody can take an ID token for it.
    if (payload.nonce !== undefined) return new Refusal('idp.malformed', { detail: 'a logout token has no nonce' });
    if (typeof payload.jti !== 'string' || payload.jti === '')
      return new Refusal('idp.malformed', { detail: 'no jti' });
    return payload;
  } catch (error) {
    return joseRefusal(error);
  }
}

function keySetOf(context: Context, url: string): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(context) ?? new Map();
  keySets.set(context, known);
  const keys = known.get(url) ?? createRemoteJWKSet(new URL(url), { [customFetch]: fetchThrough(context.outbound) });
  known.set(url, keys);
  return keys;
}

/** What jose refused, by our names. */
export function joseRefusal(error: unknown): Refusal {
  const refused = refusalIn(error);
  if (refused !== null) return refused;
  const detail = error instanceof Error ? error.message.slice(0, 300) : '';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const reasons = {
      iss: 'idp.issuer_mismatch',
      aud: 'idp.audience_mismatch',
      iat: 'idp.time_invalid',
      nbf: 'idp.time_invalid',
    } as const;
    return new Refusal(reasons[error.claim as keyof typeof reasons] ?? 'idp.malformed', { detail });
  }
  if (error instanceof errors.JWTExpired) return new Refusal('idp.time_invalid', { detail });
  if (error instanceof errors.JWSSignatureVerificationFailed) return new Refusal('idp.signature_invalid', { detail });
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return new Refusal('idp.key_unknown', { detail });
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return new Refusal('idp.algorithm_refused', { detail });
  if (error instanceof errors.JOSEError || error instanceof TypeError) return new Refusal('idp.malformed', { detail });
  throw error;
}

/** Sessions of that provider session; without one, or where the provider never told us any, all of the subject. */
export async function endSessions(
  context: Context,
  provider: Provider,
  which: { subject: string | null; sessionId: string | null },
  origin: Origin,
): Promise<number> {
  return await context.store.change(provider.organizationId, async (queries) => {
    let select = queries
      .selectFrom('federated_sessions')
      .innerJoin('sessions', 'sessions.id', 'federated_sessions.session_id')
      .select('sessions.id')
      .where('federated_sessions.provider_id', '=', provider.id)
      .where('federated_sessions.organization_id', '=', provider.organizationId)
      .where('sessions.revoked_at', 'is', null);
    const { subject, sessionId } = which;
    if (subject !== null) select = select.where('federated_sessions.subject', '=', subject);
    if (sessionId !== null) {
      select = select.where((eb) => {
        const same = eb('federated_sessions.provider_session_id', '=', sessionId);
        return subject === null ? same : eb.or([same, eb('federated_sessions.provider_session_id', 'is', null)]);
      });
    }
    const ids = (await select.execute()).map(({ id }) => id);
    if (ids.length > 0) {
      await queries.updateTable('sessions').set({ revoked_at: context.clock() }).where('id', 'in', ids).execute();
    }
    await appendAudit(queries, context, who(provider, providerActor(provider, origin), origin), {
      action: 'session.provider_logout',
      objectKind: 'identity_provider',
      objectId: provider.id,
      after: { subject, sessions: ids },
    });
    return ids.length;
  });
}
