import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { PublicJwk } from '@zeronaut/model';

/** An Ed25519 key of the console. */
export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicJwk;
}

/** PKCS #8, PEM. */
export function generateSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** The key id is the key's JWK thumbprint (RFC 7638): the same key has the same id everywhere. */
export function loadSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const { kty, crv, x } = createPublicKey(privateKey).export({ format: 'jwk' }) as {
    kty: 'OKP';
    crv: string;
    x: string;
  };
  const keyId = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
  return { keyId, privateKey, publicJwk: { kty, crv, x, kid: keyId, alg: 'EdDSA', use: 'sig' } };
}
