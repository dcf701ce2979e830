import { id_ce_keyDescription, NonStandardKeyDescription } from '@peculiar/asn1-android';
import { AsnConvert } from '@peculiar/asn1-schema';
import { certificatesOf } from './certificates.ts';
import { isSignedBy, type ReadStatement, signedBytes } from './statement.ts';

/** Of the Android keystore (`KeyPurpose`, `KeyOrigin`). */
const PURPOSE_SIGN = 2;
const ORIGIN_GENERATED = 0;

/**
 * `android-key` (WebAuthn 3, 8.4): a certificate of the passkey's own key, in which the phone's keystore says how it is kept. Only
 * what its hardware enforces counts.
 */
export const readAndroidKey: ReadStatement = (statement, attested) => {
  const chain = certificatesOf(statement.get('x5c'));
  if (chain === null) return null;
  const [{ signed, read }] = chain;
  if (signed.ca || !signed.publicKey.equals(attested.key)) return null;
  if (!isSignedBy(signed.publicKey, statement.get('alg'), signedBytes(attested), statement.get('sig'))) return null;
  const description = descriptionOf(read.getExtension(id_ce_keyDescription)?.value);
  if (description === null) return null;
  const { attestationChallenge, softwareEnforced, teeEnforced } = description;
  if (!attested.clientDataHash.equals(Buffer.from(attestationChallenge.buffer))) return null;
  // A key that any application may use is not one of this site alone.
  const shared = [softwareEnforced, teeEnforced].some((list) => list.findProperty('allApplications') !== undefined);
  const signs = teeEnforced.findProperty('purpose')?.includes(PURPOSE_SIGN) ?? false;
  const kept = teeEnforced.findProperty('origin') === ORIGIN_GENERATED;
  return !shared && signs && kept ? { chain, understood: [id_ce_keyDescription] } : null;
};

function descriptionOf(value: ArrayBuffer | undefined): NonStandardKeyDescription | null {
  if (value === undefined) return null;
  try {
    // Phones write these lists in any order; this class reads them all.
    return AsnConvert.parse(value, NonStandardKeyDescription);
  } catch {
    // The library says by throwing that it is none.
    return null;
  }
}
