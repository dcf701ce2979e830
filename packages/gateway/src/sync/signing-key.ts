import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { PublicJwk } from '@zeronaut/model';

/** The key with which a gateway signs domain sessions, sign-in codes and assertions. */
export interface GatewaySigningKey {
  /** PKCS #8, PEM. */
  readonly privateKey: string;
  readonly publicJwk: PublicJwk;
}

export function createSigningKey(): GatewaySigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return describeSigningKey(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
}

/** Throws when `pem` is no Ed25519 private key. Its name (`kid`) follows from the key, RFC 7638. */
export function describeSigningKey(pem: string): GatewaySigningKey {
  const key: KeyObject = createPrivateKey(pem);
  const { crv, kty, x } = createPublicKey(key).export({ format: 'jwk' });
  if (kty !== 'OKP' || crv !== 'Ed25519' || x === undefined) throw new Error('the signing key must be Ed25519');
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  return { privateKey: pem, publicJwk: { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' } };
}
