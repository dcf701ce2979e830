import { z } from 'zod';
import { factorKind, id } from './entities/index.ts';
import { LANGUAGE_COOKIE } from './language-choice.ts';

/**
 * Every token is a compact JWS with EdDSA (Ed25519) and a `typ` of its own, so that one can never stand in for another
 * (RFC 8725, 3.11). The verifier fixes alg, typ, iss and aud; nothing is taken from the token to choose them but `kid`.
 */
export const TOKEN_TYPE = {
  /** Console to portal: who signed in. `aud` PORTAL_AUDIENCE. Verified with `consoleKeys`. */
  portalSession: 'zn-portal+jwt',
  /** Gateway to portal: who signed in with a passkey there. `aud` PORTAL_AUDIENCE. Verified with `gatewayKeys`. */
  edgeSession: 'zn-edge+jwt',
  /** Gateway to one domain: cookie `__Host-zn_session`. `aud` is the host. Verified with `gatewayKeys`. */
  domainSession: 'zn-session+jwt',
  /** Portal to one domain, once, 60 s: carries a sign-in over. `aud` is the host. Gateway-signed. */
  code: 'zn-code+jwt',
  /** Domain to portal: where to return to. `aud` PORTAL_AUDIENCE. Gateway-signed. */
  state: 'zn-state+jwt',
  /** Console to guests: `aud` is the resource id, `jti` the share id. */
  share: 'zn-share+jwt',
  /** Gateway to the service behind it: `X-Zeronaut-Assertion`. `aud` is the host. */
  assertion: 'JWT',
} as const;

export const CONSOLE_ISSUER = 'zeronaut:console';
export const PORTAL_AUDIENCE = 'zeronaut:portal';

const seconds = z.int().min(0);

/** What the sign-in behind a session showed (RFC 8176 calls it so, the values are ours), and when last. */
const signInClaims = { amr: z.array(factorKind).max(10).optional(), auth_time: seconds.optional() };

export const portalSessionClaims = z.object({
  iss: z.literal(CONSOLE_ISSUER),
  aud: z.literal(PORTAL_AUDIENCE),
  sub: id,
  sid: id,
  org: id,
  ...signInClaims,
  iat: seconds,
  exp: seconds,
});
/** A sign-in that a gateway looked at by itself; the console hears of it as soon as it is there. */
export const edgeSessionClaims = z.object({ ...portalSessionClaims.shape, iss: id });
export const domainSessionClaims = z.object({
  iss: id,
  aud: z.string(),
  sub: z.string().max(200),
  sid: z.string().max(64),
  org: id,
  iat: seconds,
  exp: seconds,
  ...signInClaims,
  /** Set when a share link, not a user, opened the door. */ share: id.optional(),
});
export const codeClaims = z.object({
  iss: id,
  aud: z.string(),
  sub: id,
  sid: id,
  org: id,
  jti: z.string().min(16),
  nonce: z.string().length(43),
  /** The path on that host to return to, from the state. */ path: z.string().max(4096),
  ...signInClaims,
  /** When the session itself ends. */ sexp: seconds,
  iat: seconds,
  exp: seconds,
});
export const stateClaims = z.object({
  iss: id,
  aud: z.literal(PORTAL_AUDIENCE),
  host: z.string().max(260),
  path: z.string().max(4096),
  nonce: z.string().length(43),
  /** The request that was not let through: operators find why under its id. */
  req: z.string().max(40).optional(),
  iat: seconds,
  exp: seconds,
});
export const shareClaims = z.object({ iss: z.literal(CONSOLE_ISSUER), aud: id, jti: id, iat: seconds, exp: seconds });

/** Cookies. `__Host-` makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2). */
export const COOKIE = {
  session: '__Host-zn_session',
  state: '__Host-zn_state',
  portal: '__Host-zn_portal',
  csrf: '__Host-zn_csrf',
  language: LANGUAGE_COOKIE.secure,
} as const;

/** Paths that a gateway answers by itself on every protected host; they never reach a service. */
export const RESERVED_PREFIX = '/.zeronaut/';

/** Headers that only we may set towards a service; what a visitor sends under these names is removed. */
export const IDENTITY_HEADER = {
  user: 'x-zeronaut-user',
  email: 'x-zeronaut-email',
  groups: 'x-zeronaut-groups',
  assertion: 'x-zeronaut-assertion',
} as const;
/** Everything that begins so is removed from requests, also with underscores for hyphens. */
export const IDENTITY_HEADER_PREFIX = 'x-zeronaut-';
