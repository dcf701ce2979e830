import type { PasskeyAttestation } from '@zeronaut/model';

/** Browsers know passkeys on pages of a name of their own, and where nobody reads along. */
export function canMakePasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseCreationOptionsFromJSON' in PublicKeyCredential;
}

/** Why there is none, of what a person can understand. */
export type PasskeyTrouble = 'refused' | 'known' | 'address' | 'failed';

const TROUBLE: Readonly<Record<string, PasskeyTrouble>> = {
  NotAllowedError: 'refused',
  AbortError: 'refused',
  InvalidStateError: 'known',
  SecurityError: 'address',
};

/** Asks the browser for a passkey, with what `passkeys.start` answered. */
export async function makePasskey(options: Record<string, unknown>): Promise<PasskeyAttestation | PasskeyTrouble> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    const credential = await navigator.credentials.create({ publicKey });
    // What more is in it the API leaves out.
    return (credential as PublicKeyCredential).toJSON() as unknown as PasskeyAttestation;
  } catch (error) {
    return error instanceof DOMException ? (TROUBLE[error.name] ?? 'failed') : 'failed';
  }
}
