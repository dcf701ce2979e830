import { createHash } from 'node:crypto';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { parseAuthenticatorData } from '@simplewebauthn/server/helpers';
import type { PasskeyAssertion, Reason } from '@zeronaut/model';

/** A passkey as the console stored it, and as snapshots carry it. */
export interface KnownPasskey {
  readonly credentialId: string;
  readonly userId: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  /** The highest that was seen; 0 for passkeys that do not count. */
  readonly signCount: number;
}

/**
 * Whether this passkey signed this challenge for this site, with its owner verified: its new count, or why not. The
 * caller has looked at the client data (`readClientData`) and the challenge, and uses the challenge up afterwards. The work is
 * one hash and one signature; sizes were bounded by the schema.
 */
export async function verifyAssertion(
  assertion: PasskeyAssertion,
  passkey: KnownPasskey,
  expected: { readonly origin: string; readonly rpId: string; readonly challenge: string },
): Promise<{ signCount: number } | Reason> {
  const { response } = assertion;
  if (assertion.id !== passkey.credentialId) return 'passkey.unknown';
  // The handle names who the authenticator believes it signs in; it must be who we believe.
  if (Buffer.from(response.userHandle, 'base64url').toString('utf8') !== passkey.userId) return 'passkey.other_user';
  try {
    const data = parseAuthenticatorData(new Uint8Array(Buffer.from(response.authenticatorData, 'base64url')));
    const hash = createHash('sha256').update(expected.rpId).digest();
    if (!hash.equals(data.rpIdHash)) return 'passkey.rp_id';
    if (!data.flags.up || !data.flags.uv) return 'passkey.user_not_verified';
    const { verified } = await verifyAuthenticationResponse({
      response: { ...assertion, rawId: assertion.id, clientExtensionResults: {} },
      expectedChallenge: expected.challenge,
      expectedOrigin: expected.origin,
      expectedRPID: expected.rpId,
      requireUserVerification: true,
      // The count is compared below, once the signature says that it is the passkey's.
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        counter: 0,
      },
    });
    if (!verified) return 'passkey.signature';
    return countsOn(passkey.signCount, data.counter) ? { signCount: data.counter } : 'passkey.count';
  } catch {
    // The library says by throwing that bytes cannot be read; which ones is of use to nobody but who made them.
    return 'passkey.malformed';
  }
}

/** WebAuthn 3, 7.2 step 22: two that both stay at 0 do not count; otherwise each signature is one further. */
function countsOn(before: number, now: number): boolean {
  return (before === 0 && now === 0) || now > before;
}
