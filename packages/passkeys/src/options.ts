/** COSE: Ed25519, ECDSA on P-256, RSA for older Windows. */
export const PASSKEY_ALGORITHMS = [-8, -7, -257] as const;
const TIMEOUT_MS = 120_000;

/** What a page gives to `parseRequestOptionsFromJSON`: any passkey of this site, with its owner's finger or PIN. */
export function requestOptions(rpId: string, challenge: string) {
  return { challenge, rpId, userVerification: 'required', timeout: TIMEOUT_MS } as const;
}

/** What a page gives to `parseCreationOptionsFromJSON`. `known`: credential ids that the person has on this site. `attestation`: whether its maker's word is asked for. */
export function creationOptions(
  rpId: string,
  user: { readonly id: string; readonly email: string; readonly name: string },
  known: readonly string[],
  challenge: string,
  attestation: 'none' | 'verified',
) {
  return {
    challenge,
    rp: { id: rpId, name: 'Zeronaut' },
    // An id says nothing of the person, and lets a sign-in compare whom the authenticator means.
    user: { id: Buffer.from(user.id).toString('base64url'), name: user.email, displayName: user.name },
    pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: known.map((id) => ({ type: 'public-key', id })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    // `direct`: the maker's statement as it is. The browser asks its owner before it hands one out.
    attestation: attestation === 'verified' ? 'direct' : 'none',
    timeout: TIMEOUT_MS,
  };
}
