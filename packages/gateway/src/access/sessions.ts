import { COOKIE, PORTAL_AUDIENCE, type SnapshotResource, type SnapshotUser } from '@zeronaut/model';
import type { AccessFacts } from '@zeronaut/policy';
import type { Subject } from '../flow.ts';
import type { HeaderList } from '../http/request-head.ts';
import type { Tables } from '../tables.ts';
import { readCookie } from './cookies.ts';
import type { SessionFactors } from './decide.ts';
import type { EndedSessions } from './ended-sessions.ts';
import { type ClaimsOf, TOKEN_LEEWAY_SECONDS, type TokenVerifier } from './tokens.ts';

/** What the cookies and headers of a request prove about a session or share, against the tables of its flow. */
export interface SessionProof {
  readonly sessionState: AccessFacts['sessionState'];
  /** Only with `valid`, and only while the user is active. */
  readonly user: SnapshotUser | null;
  readonly sessionId: string;
  /** What the sign-in behind it showed; null: unknown. */
  readonly session: SessionFactors | null;
  /** When the session ends, seconds; 0 without one. */
  readonly expiresAtSeconds: number;
  readonly shareState: AccessFacts['shareState'];
  readonly shareId: string | null;
}

export const NO_SESSION: SessionProof = Object.freeze({
  sessionState: 'none',
  user: null,
  sessionId: '',
  session: null,
  expiresAtSeconds: 0,
  shareState: 'none',
  shareId: null,
});

/** Who a valid session of an active user is. */
export function userSubject(proof: SessionProof): Subject {
  const { user, sessionId, session, expiresAtSeconds } = proof;
  return { kind: 'user', user: user!, sessionId, session, expiresAtMs: expiresAtSeconds * 1000 };
}

export class Sessions {
  readonly #verifier: TokenVerifier;
  readonly #ended: EndedSessions;

  constructor(verifier: TokenVerifier, ended: EndedSessions) {
    this.#verifier = verifier;
    this.#ended = ended;
  }

  /** The cookie of one host: a user's session or a share. It counts on the host that it names and on no other. */
  ofDomain(headers: HeaderList, host: string, resource: SnapshotResource, tables: Tables, nowMs: number): SessionProof {
    const cookie = readCookie(headers, COOKIE.session);
    if (cookie.kind === 'none') return NO_SESSION;
    if (cookie.kind === 'ambiguous') return { ...NO_SESSION, sessionState: 'invalid' };
    const token = this.#verifier.verify('domainSession', cookie.value, { tables, audience: host, nowMs });
    if (token.state !== 'valid') return { ...NO_SESSION, sessionState: token.state };
    const { claims } = token;
    if (claims.share !== undefined) {
      const shareState = stateOfShare(resource, claims.share, nowMs);
      return { ...NO_SESSION, shareState, shareId: shareState === 'valid' ? claims.share : null };
    }
    return this.#ofUser(claims, tables);
  }

  /** The cookie of the portal. */
  ofPortal(headers: HeaderList, tables: Tables, nowMs: number): SessionProof {
    const cookie = readCookie(headers, COOKIE.portal);
    if (cookie.kind === 'none') return NO_SESSION;
    return cookie.kind === 'one'
      ? this.ofPortalToken(cookie.value, tables, nowMs)
      : { ...NO_SESSION, sessionState: 'invalid' };
  }

  ofPortalToken(text: string, tables: Tables, nowMs: number): SessionProof {
    const expected = { tables, audience: PORTAL_AUDIENCE, nowMs };
    const console = this.#verifier.verify('portalSession', text, expected);
    // Of a console, or of a gateway that looked at a passkey by itself.
    const token = console.state === 'invalid' ? this.#verifier.verify('edgeSession', text, expected) : console;
    return token.state === 'valid' ? this.#ofUser(token.claims, tables) : { ...NO_SESSION, sessionState: token.state };
  }

  /** Genuine, of this resource, and still among the shares that the console lists. */
  share(text: string, resource: SnapshotResource, tables: Tables, nowMs: number): ShareProof {
    const token = this.#verifier.verify('share', text, { tables, audience: resource.id, nowMs });
    if (token.state !== 'valid') return { state: token.state, shareId: null, expiresAtSeconds: 0 };
    const state = stateOfShare(resource, token.claims.jti, nowMs);
    return state === 'valid'
      ? { state, shareId: token.claims.jti, expiresAtSeconds: token.claims.exp }
      : { state, shareId: null, expiresAtSeconds: 0 };
  }

  #ofUser(claims: ClaimsOf<'portalSession' | 'edgeSession' | 'domainSession'>, tables: Tables): SessionProof {
    const { amr, auth_time } = claims;
    const session = amr === undefined || auth_time === undefined ? null : { factors: amr, atMs: auth_time * 1000 };
    const base = { ...NO_SESSION, sessionId: claims.sid, session, expiresAtSeconds: claims.exp };
    if (this.revoked(claims.sid, tables)) return { ...base, sessionState: 'revoked' };
    // Only active users are in the tables: one who was disabled or deleted keeps a genuine token and no user.
    const user = tables.users.get(claims.sub) ?? null;
    if (user !== null && user.organizationId !== claims.org) return { ...base, sessionState: 'invalid' };
    return { ...base, sessionState: 'valid', user };
  }

  revoked(sessionId: string, tables: Tables): boolean {
    return tables.revokedSessions.has(sessionId) || this.#ended.has(sessionId);
  }
}

export interface ShareProof {
  readonly state: 'valid' | 'expired' | 'invalid';
  readonly shareId: string | null;
  readonly expiresAtSeconds: number;
}

function stateOfShare(resource: SnapshotResource, shareId: string, nowMs: number): ShareProof['state'] {
  const share = resource.shares.find((candidate) => candidate.id === shareId);
  if (share === undefined) return 'invalid';
  return Date.parse(share.expiresAt) + TOKEN_LEEWAY_SECONDS * 1000 <= nowMs ? 'expired' : 'valid';
}
