/**
 * OpenID Connect relying party: code flow with PKCE, state and nonce, one redirect URI per provider, `iss` of RFC 9207
 * checked when it comes and demanded when the provider says that it sends it. The signature of the ID token is checked
 * although it comes over TLS, with the algorithms of the settings, and with keys that are fetched for each sign-in: a
 * rotated or withdrawn key counts at once.
 */
import { email as emailSchema } from '@zeronaut/model';
import * as openid from 'openid-client';
import { Refusal } from '../../store/refusal.ts';
import type { Context } from '../context.ts';
import { claimAt, groupsClaim, textClaim } from './claims.ts';
import type { AssertedIdentity } from './external-sign-in.ts';
import { fetchThrough, refusalIn } from './provider-fetch.ts';
import { openSecret, type Provider, providerAddresses } from './provider-rows.ts';
import type { FlowSecrets } from './sign-in-flows.ts';

/** How long a discovery document is believed. */
const METADATA_TTL_MS = 600_000;
/** How far the clocks of provider and console may be apart. */
export const CLOCK_TOLERANCE_SECONDS = 30;

const metadataCache = new WeakMap<Context, Map<string, { metadata: openid.ServerMetadata; untilMs: number }>>();

/** The provider's own description of itself, checked to name the configured issuer. */
export async function discover(
  context: Context,
  provider: Provider<'oidc'>,
  fresh = false,
): Promise<openid.ServerMetadata | Refusal> {
  const cache = metadataCache.get(context) ?? new Map();
  metadataCache.set(context, cache);
  const key = `${provider.id}/${provider.version}`;
  const cached = cache.get(key);
  if (!fresh && cached !== undefined && cached.untilMs > performance.now()) return cached.metadata;
  try {
    const found = await openid.discovery(
      new URL(provider.settings.issuer),
      provider.settings.clientId,
      {},
      openid.None(),
      {
        [openid.customFetch]: fetchThrough(context.outbound),
        // Whether plain http is allowed is decided for each request by the guarded way out.
        execute: [openid.allowInsecureRequests],
      },
    );
    const metadata = found.serverMetadata();
    const invalid = checkMetadata(metadata, provider);
    if (invalid !== null) return invalid;
    for (const known of cache.keys()) if (known.startsWith(`${provider.id}/`)) cache.delete(known);
    cache.set(key, { metadata: structuredClone({ ...metadata }), untilMs: performance.now() + METADATA_TTL_MS });
    return metadata;
  } catch (error) {
    return toRefusal(error);
  }
}

function checkMetadata(metadata: openid.ServerMetadata, { settings }: Provider<'oidc'>): Refusal | null {
  const invalid = (detail: string) => new Refusal('idp.answer_invalid', { detail });
  if (metadata.issuer !== settings.issuer && metadata.issuer !== settings.issuer.replace(/\/$/, '')) {
    return new Refusal('idp.issuer_mismatch', { detail: `the discovery document is of ${metadata.issuer}` });
  }
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    const url = metadata[name];
    if (url === undefined || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      return invalid(`the discovery document has no ${name}`);
    }
  }
  const methods = metadata.code_challenge_methods_supported;
  if (methods !== undefined && !methods.includes('S256')) return invalid('the provider does not know PKCE with S256');
  return null;
}

async function configure(context: Context, provider: Provider<'oidc'>): Promise<openid.Configuration | Refusal> {
  const metadata = await discover(context, provider);
  if (metadata instanceof Refusal) return metadata;
  const { settings } = provider;
  const secret = openSecret(context, provider) ?? '';
  const authentication =
    settings.clientAuthentication === 'none'
      ? openid.None()
      : settings.clientAuthentication === 'client_secret_post'
        ? openid.ClientSecretPost(secret)
        : openid.ClientSecretBasic(secret);
  const configuration = new openid.Configuration(
    { ...metadata, id_token_signing_alg_values_supported: [...settings.idTokenAlgorithms] },
    settings.clientId,
    {
      [openid.clockSkew]: Math.round((context.clock() - Date.now()) / 1000),
      [openid.clockTolerance]: CLOCK_TOLERANCE_SECONDS,
    },
    authentication,
  );
  configuration[openid.customFetch] = fetchThrough(context.outbound);
  openid.allowInsecureRequests(configuration);
  openid.enableNonRepudiationChecks(configuration);
  return configuration;
}

/** Where to send the browser. */
export async function startOidc(
  context: Context,
  provider: Provider<'oidc'>,
  flow: FlowSecrets,
  loginHint: string | null,
  maxAgeSeconds: number | null,
): Promise<URL | Refusal> {
  const configuration = await configure(context, provider);
  if (configuration instanceof Refusal) return configuration;
  return openid.buildAuthorizationUrl(configuration, {
    redirect_uri: callbackOf(context, provider),
    scope: provider.settings.scopes.join(' '),
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(flow.codeVerifier),
    code_challenge_method: 'S256',
    // OpenID Connect Core, 3.1.2.1: whoever signed in longer ago does so again, and `auth_time` has to come back.
    ...(maxAgeSeconds === null ? {} : { max_age: String(maxAgeSeconds) }),
    ...(loginHint === null ? {} : { login_hint: loginHint }),
  });
}

function callbackOf(context: Context, provider: Provider): string {
  return providerAddresses(context.settings.publicUrl(), provider.id, provider.kind).callback!;
}

/** `query`: exactly what came to the redirect URI. */
export async function finishOidc(
  context: Context,
  provider: Provider<'oidc'>,
  flow: FlowSecrets,
  query: string,
  maxAgeSeconds: number | null,
): Promise<AssertedIdentity | Refusal> {
  const configuration = await configure(context, provider);
  if (configuration instanceof Refusal) return configuration;
  const { settings } = provider;
  try {
    const tokens = await openid.authorizationCodeGrant(
      configuration,
      new URL(`${callbackOf(context, provider)}?${query}`),
      {
        expectedState: flow.state,
        expectedNonce: flow.nonce,
        pkceCodeVerifier: flow.codeVerifier,
        idTokenExpected: true,
      },
    );
    const idToken = tokens.claims()!;
    const signedInAt = idToken.auth_time;
    const atMs = typeof signedInAt === 'number' ? signedInAt * 1000 : null;
    const old = checkSignInAge(atMs, maxAgeSeconds, context.clock());
    if (old !== null) return old;
    let claims: Record<string, unknown> = { ...idToken };
    const { email: emailName, groups: groupsName } = settings.claims;
    const wanting = claimAt(claims, emailName) === undefined || claimAt(claims, groupsName) === undefined;
    if (wanting && configuration.serverMetadata().userinfo_endpoint !== undefined) {
      const more = await openid.fetchUserInfo(configuration, tokens.access_token, idToken.sub);
      // What is signed wins.
      claims = { ...more, ...claims };
    }
    return toIdentity(claims, idToken.sub, provider);
  } catch (error) {
    return toRefusal(error);
  }
}

/** Null: not longer ago than it may be, or that does not matter. Also for SAML. */
export function checkSignInAge(atMs: number | null, maxAgeSeconds: number | null, nowMs: number): Refusal | null {
  if (maxAgeSeconds === null) return null;
  if (atMs === null) return new Refusal('idp.sign_in_old', { detail: 'the provider does not say when it was' });
  const toleranceMs = CLOCK_TOLERANCE_SECONDS * 1000;
  if (atMs > nowMs + toleranceMs) return new Refusal('idp.time_invalid', { detail: 'the sign-in is of the future' });
  if (atMs >= nowMs - maxAgeSeconds * 1000 - toleranceMs) return null;
  return new Refusal('idp.sign_in_old', { detail: `it was at ${new Date(atMs).toISOString()}` });
}

function toIdentity(
  claims: Record<string, unknown>,
  subject: string,
  { settings }: Provider<'oidc'>,
): AssertedIdentity {
  const verified =
    settings.emailVerification === 'trusted' || claims.email_verified === true || claims.email_verified === 'true';
  const address = emailSchema.safeParse(textClaim(claimAt(claims, settings.claims.email)) ?? '');
  return {
    subject,
    email: verified && address.success ? address.data : null,
    name: textClaim(claimAt(claims, settings.claims.name)),
    groups: groupsClaim(claimAt(claims, settings.claims.groups)),
    providerSessionId: textClaim(claims.sid),
  };
}

interface CodedError extends Error {
  readonly code?: string;
}

/** What the library refused, by our names. A text of the provider goes no further than the audit entry. */
export function toRefusal(error: unknown): Refusal {
  const refused = refusalIn(error);
  if (refused !== null) return refused;
  if (error instanceof openid.AuthorizationResponseError) {
    return new Refusal('idp.refused', {
      detail: `${error.error} ${error.error_description ?? ''}`.trim().slice(0, 300),
    });
  }
  if (error instanceof openid.ResponseBodyError) {
    return new Refusal('idp.answer_invalid', {
      detail: `${error.error} ${error.error_description ?? ''}`.trim().slice(0, 300),
    });
  }
  const chain: CodedError[] = [];
  for (let at = error; at instanceof Error; at = at.cause) chain.push(at);
  const detail = chain
    .map(({ message }) => message)
    .join(': ')
    .slice(0, 300);
  const code = chain.find((one) => one.code !== undefined)?.code;
  const innermost = chain.at(-1)?.cause as { claim?: string; header?: unknown; expected?: unknown } | undefined;
  switch (code) {
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED': {
      const reasons = {
        iss: 'idp.issuer_mismatch',
        aud: 'idp.audience_mismatch',
        azp: 'idp.audience_mismatch',
        nonce: 'idp.nonce_mismatch',
      } as const;
      return new Refusal(reasons[innermost?.claim as keyof typeof reasons] ?? 'idp.answer_invalid', { detail });
    }
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      return new Refusal('idp.issuer_mismatch', { detail });
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return new Refusal('idp.time_invalid', { detail });
    case 'OAUTH_KEY_SELECTION_FAILED':
      return new Refusal('idp.key_unknown', { detail });
    case 'OAUTH_UNSUPPORTED_OPERATION':
      // It also stands for encrypted tokens, critical headers and other flows.
      return /"alg"|algorithm|modulusLength|namedCurve|hash name/.test(detail)
        ? new Refusal('idp.algorithm_refused', { detail })
        : new Refusal('idp.answer_invalid', { detail });
  }
  if (/"nonce".* missing/.test(detail)) return new Refusal('idp.nonce_mismatch', { detail });
  if (/signature verification failed/.test(detail)) return new Refusal('idp.signature_invalid', { detail });
  if (/"alg" header parameter/.test(detail)) return new Refusal('idp.algorithm_refused', { detail });
  if (/"iss" \(issuer\) (?:response parameter|missing)|parameter "iss"/.test(detail))
    return new Refusal('idp.issuer_mismatch', { detail });
  if (error instanceof openid.ClientError || error instanceof TypeError)
    return new Refusal('idp.answer_invalid', { detail });
  throw error;
}
