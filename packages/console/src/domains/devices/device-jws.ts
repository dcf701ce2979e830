import { createPublicKey, type KeyObject } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { fingerprintOf } from '../../authority/certificate-request.ts';

/** How far the clocks of device and console may be apart, which is how long a proof is good for its one call. */
export const MAX_SKEW_MS = 300_000;

/**
 * The key that a JWS of this type brings along, and the fingerprint by which devices are known (SHA-256 of its SubjectPublicKeyInfo); null: the
 * JWS is of another type, or brings none. A key of one's own proves nothing: whose it is says the caller. Throws on what is no JWS or no key.
 */
export function keyIn(jws: string, type: string): { readonly key: KeyObject; readonly fingerprint: string } | null {
  const { jwk, typ } = decodeProtectedHeader(jws);
  if (typ !== type || jwk === undefined) return null;
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  return { key, fingerprint: fingerprintOf(key.export({ type: 'spki', format: 'der' })) };
}

/** What it says. Rejects when it was not signed by `key`, with an algorithm of devices, or is no JSON. */
export async function claimsIn(jws: string, key: KeyObject): Promise<unknown> {
  const { payload } = await compactVerify(jws, key, { algorithms: ['ES256', 'EdDSA', 'Ed25519'] });
  return JSON.parse(Buffer.from(payload).toString());
}
