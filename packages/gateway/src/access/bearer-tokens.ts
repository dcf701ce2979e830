import type { AccessRule, PublicJwk } from '@zeronaut/model';
import { type CryptoKey, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import { BoundedMap } from '../bounded-map.ts';
import { TOKEN_LEEWAY_SECONDS } from './tokens.ts';

/**
 * Bearer tokens of somebody else, for one resource: verified with the keys that its operator listed and nothing else.
 * Which algorithms count follows from the key, never from the token, so `none` and HMAC under a public key are out.
 */
type Verification = NonNullable<AccessRule['tokens']>;

export type BearerResult =
  | { readonly state: 'valid'; readonly subject: string }
  | { readonly state: 'expired' | 'invalid' };

const MAX_TOKEN_LENGTH = 16_384;
const CACHE_ENTRIES = 10_000;
const INVALID = Object.freeze({ state: 'invalid' } as const);

interface Key {
  readonly kid: string;
  readonly algorithms: readonly string[];
  readonly key: CryptoKey | Uint8Array;
}

export class BearerTokens {
  /** What a verification says, written out: equal ones share keys and results across snapshots. */
  readonly #names = new WeakMap<Verification, string>();
  readonly #keys = new BoundedMap<string, Promise<readonly Key[]>>(1_000);
  readonly #verified = new BoundedMap<string, { subject: string; expSeconds: number }>(CACHE_ENTRIES);

  /** The answer without cryptography, when this very token was verified before under the same verification. */
  recall(verification: Verification, token: string, nowMs: number): BearerResult | null {
    const known = this.#verified.get(`${this.#name(verification)} ${token}`);
    if (known === undefined) return null;
    if (known.expSeconds + TOKEN_LEEWAY_SECONDS <= nowMs / 1000) return { state: 'expired' };
    return { state: 'valid', subject: known.subject };
  }

  async verify(verification: Verification, token: string, nowMs: number): Promise<BearerResult> {
    if (token.length > MAX_TOKEN_LENGTH) return INVALID;
    const header = parseHeader(token);
    if (header === null) return INVALID;
    const fitting = (await this.#load(verification)).filter((key) => key.algorithms.includes(header.alg));
    // `kid` only says where to look first: every listed key is trusted for this resource.
    const named = fitting.filter((key) => key.kid === header.kid);
    for (const { key, algorithms } of named.length > 0 ? named : fitting) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [...algorithms],
          audience: verification.audience,
          ...(verification.issuer === undefined ? {} : { issuer: verification.issuer }),
          requiredClaims: ['exp'],
          clockTolerance: TOKEN_LEEWAY_SECONDS,
          currentDate: new Date(nowMs),
        });
        const subject = typeof payload.sub === 'string' ? payload.sub.slice(0, 200) : '';
        this.#verified.set(`${this.#name(verification)} ${token}`, { subject, expSeconds: payload.exp! });
        return { state: 'valid', subject };
      } catch (error) {
        if (error instanceof errors.JWTExpired) return { state: 'expired' };
        if (error instanceof errors.JWSSignatureVerificationFailed) continue;
        if (error instanceof errors.JOSEError) return INVALID;
        throw error;
      }
    }
    return INVALID;
  }

  #name(verification: Verification): string {
    let name = this.#names.get(verification);
    if (name === undefined) {
      name = JSON.stringify(verification);
      this.#names.set(verification, name);
    }
    return name;
  }

  #load(verification: Verification): Promise<readonly Key[]> {
    const name = this.#name(verification);
    let keys = this.#keys.get(name);
    if (keys === undefined) {
      keys = importKeys(verification.keys);
      this.#keys.set(name, keys);
    }
    return keys;
  }
}

function algorithmsOf(jwk: PublicJwk): readonly string[] {
  const possible =
    jwk.kty === 'OKP' && jwk.crv === 'Ed25519'
      ? ['EdDSA', 'Ed25519']
      : jwk.kty === 'EC' && jwk.crv === 'P-256'
        ? ['ES256']
        : jwk.kty === 'RSA'
          ? ['RS256', 'PS256']
          : [];
  return jwk.alg === undefined || possible[0] === 'EdDSA' ? possible : possible.filter((alg) => alg === jwk.alg);
}

async function importKeys(jwks: readonly PublicJwk[]): Promise<readonly Key[]> {
  const keys: Key[] = [];
  for (const jwk of jwks) {
    const { kid, use: _use, alg: _alg, ...material } = jwk;
    // A CryptoKey is bound to one algorithm, so an RSA key that may do both is imported twice.
    for (const alg of algorithmsOf(jwk)) {
      try {
        keys.push({ kid, algorithms: [alg], key: await importJWK(material, alg) });
      } catch {
        // A key that does not import verifies nothing: the rule's other keys go on, and this one opens no door.
      }
    }
  }
  return keys;
}

function parseHeader(token: string): { alg: string; kid: string | null } | null {
  try {
    const header = decodeProtectedHeader(token);
    if (typeof header.alg !== 'string') return null;
    return { alg: header.alg, kid: typeof header.kid === 'string' ? header.kid : null };
  } catch {
    // jose throws on everything that is no compact JWS header.
    return null;
  }
}
