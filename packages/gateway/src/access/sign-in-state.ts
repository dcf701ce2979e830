import { createHash, randomBytes } from 'node:crypto';
import { COOKIE, type FactorKind, PORTAL_AUDIENCE } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import type { RequestHead } from '../http/request-head.ts';
import { readCookie, setCookie } from './cookies.ts';
import type { SessionFactors } from './decide.ts';
import { localPath } from './origins.ts';
import type { SessionProof } from './sessions.ts';
import { type ClaimsOf, mintToken, type SigningKey, type TokenVerifier } from './tokens.ts';

/**
 * The two tokens that carry a sign-in between a service's host and the portal. The state says where to return to; the
 * code says who signed in. Both hold the hash of a nonce whose value is a cookie of the browser that began, on the
 * service's host, so that neither is of use in another browser (login CSRF).
 */
export const STATE_SECONDS = 600;
export const CODE_SECONDS = 60;

const SECRET = /^[A-Za-z0-9_-]{43}$/;

export function createSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** Our random cookie values: absent, doubled or misshapen ones count as none. */
export function readSecretCookie(head: RequestHead, name: string): string | null {
  const cookie = readCookie(head.headers, name);
  return cookie.kind === 'one' && SECRET.test(cookie.value) ? cookie.value : null;
}

function hashOf(nonce: string): string {
  return createHash('sha256').update(nonce).digest('base64url');
}

/** On a service's host: the state for the portal, and the cookie that binds it to this browser. */
export function beginSignIn(head: RequestHead, requestId: string, key: SigningKey, gatewayId: string, nowMs: number) {
  // Tabs that are opened side by side share the nonce, so that each of them can come back.
  const nonce = readSecretCookie(head, COOKIE.state) ?? createSecret();
  const issuedAt = Math.floor(nowMs / 1000);
  const state = mintToken(
    'state',
    {
      iss: gatewayId,
      aud: PORTAL_AUDIENCE,
      host: head.host,
      path: localPath(head.target),
      nonce: hashOf(nonce),
      req: requestId,
      iat: issuedAt,
      exp: issuedAt + STATE_SECONDS,
    },
    key,
  );
  return { state, cookie: setCookie(COOKIE.state, nonce, STATE_SECONDS) };
}

/** On the portal, for a proven session that may use the resource of that host. */
export function mintCode(
  state: ClaimsOf<'state'>,
  proof: SessionProof,
  key: SigningKey,
  gatewayId: string,
  nowMs: number,
): string {
  const issuedAt = Math.floor(nowMs / 1000);
  return mintToken(
    'code',
    {
      iss: gatewayId,
      aud: state.host,
      sub: proof.user!.id,
      sid: proof.sessionId,
      org: proof.user!.organizationId,
      jti: createSecret(),
      nonce: state.nonce,
      path: state.path,
      ...signInClaims(proof.session),
      sexp: proof.expiresAtSeconds,
      iat: issuedAt,
      exp: issuedAt + CODE_SECONDS,
    },
    key,
  );
}

/** The claims that say how somebody signed in, as far as it is known. */
export function signInClaims(session: SessionFactors | null): { amr?: readonly FactorKind[]; auth_time?: number } {
  return session === null ? {} : { amr: session.factors, auth_time: Math.floor(session.atMs / 1000) };
}

/** Back on the service's host: the code is genuine, for this host, and of this browser. Its single use is not looked at. */
export function openCode(
  code: string,
  flow: Flow,
  head: RequestHead,
  verifier: TokenVerifier,
  nowMs: number,
): ClaimsOf<'code'> | null {
  const token = verifier.verify('code', code, { tables: flow.tables, audience: head.host, nowMs });
  if (token.state !== 'valid') return null;
  const nonce = readSecretCookie(head, COOKIE.state);
  return nonce !== null && hashOf(nonce) === token.claims.nonce ? token.claims : null;
}
