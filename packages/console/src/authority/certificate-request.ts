import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { x509 } from './x509.ts';

const MAX_PEM_LENGTH = 8192;

/** A public key that we make certificates for. */
export interface CertifiedKey {
  readonly spki: Buffer;
  /** SHA-256 of the SubjectPublicKeyInfo, base64url. */
  readonly fingerprint: string;
}

/**
 * Checks a PKCS #10 request: size, the signature (whoever asks holds the key) and the key's type, P-256 or Ed25519.
 * Nothing else of it is used: names and extensions come from us. Null when it is no good.
 */
export async function parseCertificateRequest(pem: string): Promise<CertifiedKey | null> {
  if (pem.length > MAX_PEM_LENGTH || !pem.includes('-----BEGIN CERTIFICATE REQUEST-----')) return null;
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const key = parsePublicKey(Buffer.from(request.publicKey.rawData));
    return key !== null && (await request.verify()) ? key : null;
  } catch {
    // Every way in which a stranger's DER can be wrong ends here; there is nothing more to say about it.
    return null;
  }
}

/** A SubjectPublicKeyInfo in PEM (`PUBLIC KEY`), P-256 or Ed25519, or RSA from 2048 bits. Null when it is no good. */
export function parsePublicKeyPem(pem: string): CertifiedKey | null {
  if (pem.length > MAX_PEM_LENGTH || !pem.includes('-----BEGIN PUBLIC KEY-----')) return null;
  return parsePublicKey(pem, { rsa: true });
}

function parsePublicKey(source: Buffer | string, allow: { rsa: boolean } = { rsa: false }): CertifiedKey | null {
  let key: KeyObject;
  try {
    key = createPublicKey(typeof source === 'string' ? source : { key: source, format: 'der', type: 'spki' });
  } catch {
    // As above: not a key.
    return null;
  }
  const details = key.asymmetricKeyDetails;
  const known =
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1') ||
    (allow.rsa &&
      key.asymmetricKeyType === 'rsa' &&
      (details?.modulusLength ?? 0) >= 2048 &&
      (details?.modulusLength ?? 0) <= 8192);
  if (!known) return null;
  const spki = key.export({ type: 'spki', format: 'der' });
  return { spki, fingerprint: fingerprintOf(spki) };
}

export function fingerprintOf(spki: Buffer): string {
  return createHash('sha256').update(spki).digest('base64url');
}
