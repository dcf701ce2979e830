/** What a page gives to `parseRequestOptionsFromJSON`: any passkey of this site, with its owner's finger or PIN. */
export function requestOptions(rpId: string, challenge: string) {
  return { challenge, rpId, userVerification: 'required', timeout: 120_000 } as const;
}
