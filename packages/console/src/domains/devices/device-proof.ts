import { createHash, createPublicKey } from 'node:crypto';
import { DEVICE_PROOF_TYPE, deviceProofClaims } from '@zeronaut/model';
import { compactVerify, decodeProtectedHeader } from 'jose';
import type { Context, DeviceProof } from '../context.ts';

/** How far the clocks of device and console may be apart, and how long a proof is good for its one call. */
const MAX_SKEW_MS = 300_000;

/**
 * The key (SHA-256 of its SubjectPublicKeyInfo) of the machine that makes this very call with this very token; null: none is proved. A key of one's
 * own proves nothing: whose it is says the caller.
 */
export async function provedKey(
  context: Pick<Context, 'clock'>,
  proof: DeviceProof | null | undefined,
  token: string,
): Promise<string | null> {
  if (proof == null) return null;
  try {
    const { jwk, typ } = decodeProtectedHeader(proof.jws);
    if (typ !== DEVICE_PROOF_TYPE || jwk === undefined) return null;
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const { payload } = await compactVerify(proof.jws, key, { algorithms: ['ES256', 'EdDSA', 'Ed25519'] });
    const claims = deviceProofClaims.parse(JSON.parse(Buffer.from(payload).toString()));
    const holds =
      claims.htm === proof.method &&
      new URL(claims.htu).pathname === proof.path &&
      Math.abs((proof.takenAtMs ?? context.clock()) - claims.iat * 1000) <= MAX_SKEW_MS &&
      claims.ath === createHash('sha256').update(token).digest('base64url');
    if (!holds) return null;
    return createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  } catch {
    // Bytes from outside: no JWS, no key, another algorithm, a wrong signature, other claims.
    return null;
  }
}
