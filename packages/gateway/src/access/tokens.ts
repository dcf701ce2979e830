import { type KeyObject, sign, verify } from 'node:crypto';
import {
  codeClaims,
  domainSessionClaims,
  edgeSessionClaims,
  portalSessionClaims,
  shareClaims,
  stateClaims,
  TOKEN_TYPE,
} from '@zeronaut/model';
import type { z } from 'zod';
import { BoundedMap } from '../bounded-map.ts';
import type { Tables } from '../tables.ts';

/**
 * Signs and verifies the tokens of `model/tokens.ts`: compact JWS, EdDSA (Ed25519), nothing else. The profile is so
 * narrow that our own parser, which is synchronous and takes one reading only, is smaller than the ways a general one
 * can be led astray: the header holds exactly `alg`, `kid` and `typ`; base64url is canonical; `kid` chooses only among
 * keys of the flow's tables. Who the token speaks of is checked by the caller, on every use, against those tables.
 */
export interface SigningKey {
  readonly kid: string;
  /** Ed25519. */
  readonly privateKey: KeyObject;
}

/** Clocks of console, gateways and us may differ by this much. */
export const TOKEN_LEEWAY_SECONDS = 60;
const MAX_TOKEN_LENGTH = 4096;
const CACHE_ENTRIES = 10_000;

/**
 * Sessions end without grace: the console drops a revoked one from its list when it would have expired by itself, and
 * must not bring it back to life for a minute.
 */
const VERIFIED = {
  portalSession: { claims: portalSessionClaims, signer: 'console', graceSeconds: 0 },
  edgeSession: { claims: edgeSessionClaims, signer: 'gateway', graceSeconds: 0 },
  share: { claims: shareClaims, signer: 'console', graceSeconds: TOKEN_LEEWAY_SECONDS },
  domainSession: { claims: domainSessionClaims, signer: 'gateway', graceSeconds: 0 },
  code: { claims: codeClaims, signer: 'gateway', graceSeconds: TOKEN_LEEWAY_SECONDS },
  state: { claims: stateClaims, signer: 'gateway', graceSeconds: TOKEN_LEEWAY_SECONDS },
} as const;

export type VerifiedType = keyof typeof VERIFIED;
export type ClaimsOf<T extends VerifiedType> = z.output<(typeof VERIFIED)[T]['claims']>;
export type TokenResult<T extends VerifiedType> =
  | { readonly state: 'valid'; readonly claims: ClaimsOf<T> }
  /** Genuine, and over. */
  | { readonly state: 'expired' }
  | { readonly state: 'invalid' };

const INVALID = Object.freeze({ state: 'invalid' } as const);
const EXPIRED = Object.freeze({ state: 'expired' } as const);

type GatewayTokenType = 'domainSession' | 'edgeSession' | 'code' | 'state' | 'assertion';

/** A compact JWS by this gateway. */
export function mintToken(type: GatewayTokenType, claims: Readonly<Record<string, unknown>>, key: SigningKey): string {
  const header = { alg: 'EdDSA', kid: key.kid, typ: TOKEN_TYPE[type] };
  const input = `${encodeJson(header)}.${encodeJson(claims)}`;
  return `${input}.${sign(null, Buffer.from(input, 'latin1'), key.privateKey).toString('base64url')}`;
}

interface CachedToken {
  readonly type: VerifiedType;
  readonly kid: string;
  key: KeyObject;
  readonly claims: ClaimsOf<VerifiedType>;
}

export class TokenVerifier {
  readonly #cache = new BoundedMap<string, CachedToken>(CACHE_ENTRIES);

  /**
   * Signature, type, issuer, audience and times, against the keys of `tables`. A remembered token skips the
   * signature only while the very key that made it is still there.
   */
  verify<T extends VerifiedType>(
    type: T,
    token: string,
    expected: { tables: Tables; audience: string; nowMs: number },
  ): TokenResult<T> {
    if (token.length > MAX_TOKEN_LENGTH) return INVALID;
    let known = this.#cache.get(token);
    if (known === undefined) {
      const fresh = openToken(type, token, expected.tables);
      if (fresh === null) return INVALID;
      this.#cache.set(token, fresh);
      known = fresh;
    } else {
      if (known.type !== type) return INVALID;
      const key = keyFor(type, known.kid, known.claims.iss, expected.tables);
      if (key === null) return INVALID;
      // Every snapshot brings new key objects; compare what they hold once, then by identity again.
      if (key !== known.key) {
        if (!key.equals(known.key)) return INVALID;
        known.key = key;
      }
    }
    const { claims } = known;
    const nowSeconds = expected.nowMs / 1000;
    if (claims.aud !== expected.audience) return INVALID;
    if (claims.iat > nowSeconds + TOKEN_LEEWAY_SECONDS) return INVALID;
    if (claims.exp + VERIFIED[type].graceSeconds <= nowSeconds) return EXPIRED;
    return { state: 'valid', claims: claims as ClaimsOf<T> };
  }
}

function keyFor(type: VerifiedType, kid: string, issuer: string, tables: Tables): KeyObject | null {
  if (VERIFIED[type].signer === 'console') return tables.consoleKeys.get(kid) ?? null;
  const entry = tables.gatewayKeys.get(kid);
  // A gateway speaks for itself only: its key under another gateway's name proves nothing.
  return entry !== undefined && entry.gatewayId === issuer ? entry.key : null;
}

function openToken(type: VerifiedType, token: string, tables: Tables): CachedToken | null {
  const firstDot = token.indexOf('.');
  const secondDot = token.indexOf('.', firstDot + 1);
  if (firstDot <= 0 || secondDot <= firstDot + 1 || token.indexOf('.', secondDot + 1) !== -1) return null;

  const header = parseJsonObject(decodeBase64url(token.slice(0, firstDot)));
  if (header === null || Object.keys(header).length !== 3) return null;
  if (header.alg !== 'EdDSA' || header.typ !== TOKEN_TYPE[type] || typeof header.kid !== 'string') return null;

  const signature = decodeBase64url(token.slice(secondDot + 1));
  if (signature === null || signature.length !== 64) return null;

  const payload = parseJsonObject(decodeBase64url(token.slice(firstDot + 1, secondDot)));
  const claims = VERIFIED[type].claims.safeParse(payload);
  if (!claims.success) return null;

  const key = keyFor(type, header.kid, claims.data.iss, tables);
  if (key === null || key.asymmetricKeyType !== 'ed25519') return null;
  if (!verify(null, Buffer.from(token.slice(0, secondDot), 'latin1'), key, signature)) return null;
  return { type, kid: header.kid, key, claims: claims.data };
}

/** Nothing unless the text is the one canonical encoding of its bytes. */
function decodeBase64url(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length > 0 && bytes.toString('base64url') === text ? bytes : null;
}

function parseJsonObject(bytes: Buffer | null): Record<string, unknown> | null {
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // JSON.parse has no other way to say that the text is not JSON.
    return null;
  }
}

function encodeJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
