import { DEVICE_PROOF_TYPE, deviceProofClaims } from '@zeronaut/model';
import type { Context, DeviceProof } from '../context.ts';
import { hashToken } from '../random-token.ts';
import { claimsIn, keyIn, MAX_SKEW_MS } from './device-jws.ts';

/** The fingerprint of the key of the machine that makes this very call with this very token; null: none is proved. */
export async function provedKey(
  context: Pick<Context, 'clock'>,
  proof: DeviceProof | null | undefined,
  token: string,
): Promise<string | null> {
  if (proof == null) return null;
  try {
    const brought = keyIn(proof.jws, DEVICE_PROOF_TYPE);
    if (brought === null) return null;
    const claims = deviceProofClaims.parse(await claimsIn(proof.jws, brought.key));
    const holds =
      claims.htm === proof.method &&
      new URL(claims.htu).pathname === proof.path &&
      Math.abs((proof.takenAtMs ?? context.clock()) - claims.iat * 1000) <= MAX_SKEW_MS &&
      claims.ath === hashToken(token);
    return holds ? brought.fingerprint : null;
  } catch {
    // Bytes from outside: no JWS, no key, another algorithm, a wrong signature, other claims.
    return null;
  }
}
