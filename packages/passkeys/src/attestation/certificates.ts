// @peculiar/x509 builds its extensions with tsyringe, which wants the Reflect metadata API to be there before it.
import 'reflect-metadata';
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { BasicConstraintsExtension, X509Certificate } from '@peculiar/x509';
import type { Reason } from '@zeronaut/model';

/** Those of phones whose keys are certified from afar come as five. */
const MAX_CHAIN = 6;
const MAX_ROOTS = 50;
/** What a path is judged by here: basic constraints and key usage. Anything else that must be understood is not, and so not trusted. */
const UNDERSTOOD = ['2.5.29.19', '2.5.29.15'];
/** WebAuthn 3, 8.2.1: the AAGUID that a certificate is for. */
const AAGUID_EXTENSION = '1.3.6.1.4.1.45724.1.1.4';

/** The same certificate twice: one library checks signatures, the other reads extensions. */
export interface Certificate {
  readonly signed: NodeCertificate;
  readonly read: X509Certificate;
}

/** Certificates in PEM, one after the other. Null: one cannot be read, there is something else between them, or there are too many. */
export function parseRoots(pem: string): NodeCertificate[] | null {
  const blocks = pem.split(/(?<=-----END CERTIFICATE-----)\s*/).filter((block) => block.trim() !== '');
  if (blocks.length > MAX_ROOTS) return null;
  const roots: NodeCertificate[] = [];
  for (const block of blocks) {
    if (!block.trimStart().startsWith('-----BEGIN CERTIFICATE-----')) return null;
    try {
      roots.push(new NodeCertificate(block));
    } catch {
      // The library says by throwing that it is none.
      return null;
    }
  }
  return roots;
}

/** `x5c` of a statement: the passkey's or its maker's certificate first. Null: they are none, or too many. */
export function certificatesOf(x5c: unknown): readonly [Certificate, ...Certificate[]] | null {
  if (!Array.isArray(x5c) || x5c.length > MAX_CHAIN) return null;
  const certificates: Certificate[] = [];
  for (const der of x5c as unknown[]) {
    if (!(der instanceof Uint8Array)) return null;
    try {
      certificates.push({ signed: new NodeCertificate(der), read: new X509Certificate(new Uint8Array(der)) });
    } catch {
      // Both say by throwing that it is none.
      return null;
    }
  }
  const [first, ...others] = certificates;
  return first === undefined ? null : [first, ...others];
}

/** Whether a certificate that says which model it is for (WebAuthn 3, 8.2.1) is for this one. */
export function isForModel({ read }: Certificate, aaguid: Uint8Array): boolean {
  const extension = read.getExtension(AAGUID_EXTENSION);
  if (extension === null) return true;
  // An OCTET STRING of 16 bytes, in the extension's own.
  const value = Buffer.concat([Buffer.from([0x04, 0x10]), aaguid]);
  return !extension.critical && value.equals(Buffer.from(extension.value));
}

/**
 * Null: from the first, each signed by the next, it comes to a certificate that the organization gave. `understood`: what the format
 * looked at in the first one, beside what every path is judged by.
 */
export function pathProblem(
  chain: readonly Certificate[],
  roots: readonly NodeCertificate[],
  nowMs: number,
  understood: readonly string[] = [],
): Reason | null {
  for (const [depth, certificate] of chain.entries()) {
    const { signed, read } = certificate;
    if (!isValidAt(signed, nowMs)) return 'passkey.attestation_expired';
    const known = depth === 0 ? [...UNDERSTOOD, ...understood] : UNDERSTOOD;
    if (read.extensions.some(({ critical, type }) => critical && !known.includes(type))) {
      return 'passkey.attestation_untrusted';
    }
    if (roots.some((root) => root.raw.equals(signed.raw))) return null;
    const root = roots.find((one) => isIssuedBy(signed, one, depth));
    if (root !== undefined) return isValidAt(root, nowMs) ? null : 'passkey.attestation_expired';
    const next = chain[depth + 1];
    if (next === undefined || !isIssuedBy(signed, next.signed, depth)) return 'passkey.attestation_untrusted';
  }
  return 'passkey.attestation_untrusted';
}

/** `below`: how many authorities are between the issuer and the leaf, which a certificate may bound (RFC 5280, 4.2.1.9). */
function isIssuedBy(certificate: NodeCertificate, issuer: NodeCertificate, below: number): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) return false;
  const constraints = new X509Certificate(new Uint8Array(issuer.raw)).getExtension(BasicConstraintsExtension);
  return constraints?.pathLength === undefined || below <= constraints.pathLength;
}

function isValidAt(certificate: NodeCertificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime();
}
