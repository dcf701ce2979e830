import { createHash, type X509Certificate } from 'node:crypto';

export interface PeerCertificate {
  /** URIs of the subject alternative name, as they are in the certificate. */
  readonly uris: readonly string[];
  /** SHA-256 of the public key (SPKI, DER), base64url: 43 characters. */
  readonly keyFingerprint: string;
  readonly serialNumber: string;
  /** Wall clock, ms. */
  readonly notAfter: number;
}

/** What a verified certificate says of its holder. */
export function readPeerCertificate(certificate: X509Certificate): PeerCertificate {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return {
    uris: parseUris(certificate.subjectAltName ?? ''),
    keyFingerprint: createHash('sha256').update(spki).digest('base64url'),
    serialNumber: certificate.serialNumber,
    notAfter: certificate.validToDate.getTime(),
  };
}

/**
 * Node prints the names as `URI:a, DNS:b` and quotes (as JSON) every name that could be mistaken for two. A URI of ours
 * never needs quotes, so a quoted one is not taken for one.
 */
function parseUris(subjectAltName: string): string[] {
  if (subjectAltName.includes('"')) return [];
  const uris: string[] = [];
  for (const name of subjectAltName.split(', ')) {
    if (name.startsWith('URI:')) uris.push(name.slice(4));
  }
  return uris;
}
