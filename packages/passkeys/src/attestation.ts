// @peculiar/x509 builds its extensions with tsyringe, which wants the Reflect metadata API to be there before it.
import 'reflect-metadata';
import { createHash, X509Certificate as NodeCertificate, verify } from 'node:crypto';
import { BasicConstraintsExtension, X509Certificate } from '@peculiar/x509';
import { decodeCredentialPublicKey, parseAuthenticatorData, verifySignature } from '@simplewebauthn/server/helpers';
import type { Reason } from '@zeronaut/model';

/** Whose word an organization asks for. */
export interface AttestationDemand {
  /** Certificates of makers; see `parseRoots`. */
  readonly roots: readonly NodeCertificate[];
  /** AAGUIDs, in lower case; empty: all that a root vouches for. */
  readonly models: readonly string[];
  readonly nowMs: number;
}

/** An attestation object, decoded. */
export interface AttestationStatement {
  readonly format: unknown;
  readonly statement: unknown;
  readonly authenticatorData: Uint8Array<ArrayBuffer>;
  /** As the browser sent it. */
  readonly clientDataJson: Uint8Array;
}

const MAX_CHAIN = 4;
const MAX_ROOTS = 50;
/** WebAuthn 3, 8.2.1: the AAGUID that a certificate is for. */
const AAGUID_EXTENSION = '1.3.6.1.4.1.45724.1.1.4';
/** What a path is judged by here. Anything else that must be understood is not, and so not trusted. */
const UNDERSTOOD = new Set(['2.5.29.19', '2.5.29.15']);
const HASHES: Readonly<Record<number, { readonly hash: string | null; readonly keyType: string }>> = {
  [-7]: { hash: 'sha256', keyType: 'ec' },
  [-35]: { hash: 'sha384', keyType: 'ec' },
  [-36]: { hash: 'sha512', keyType: 'ec' },
  [-8]: { hash: null, keyType: 'ed25519' },
  [-257]: { hash: 'sha256', keyType: 'rsa' },
};

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

/**
 * What a new passkey's statement says of its maker (WebAuthn 3, 8.2 `packed`, 8.7 `none`). With a demand: its model, if a root
 * of the organization vouches for it; without one: null, and only that no statement is there or that it is the passkey's own.
 * No address in a certificate is ever asked, so revocation lists are not: an organization takes a root or a model away.
 */
export async function verifyStatement(
  object: AttestationStatement,
  demand: AttestationDemand | null,
): Promise<{ model: string | null } | Reason> {
  const { format, statement, authenticatorData, clientDataJson } = object;
  if (format === 'none') return demand === null ? { model: null } : 'passkey.attestation_missing';
  if (format !== 'packed' || !(statement instanceof Map)) {
    return demand === null ? 'passkey.attestation' : 'passkey.attestation_missing';
  }
  const x5c: unknown = statement.get('x5c');
  if (demand === null && x5c !== undefined) return 'passkey.attestation';
  const [algorithm, signature]: unknown[] = [statement.get('alg'), statement.get('sig')];
  if (typeof algorithm !== 'number' || !(signature instanceof Uint8Array)) return 'passkey.attestation_invalid';
  const { aaguid, credentialPublicKey } = parseAuthenticatorData(authenticatorData);
  if (aaguid === undefined || credentialPublicKey === undefined) return 'passkey.malformed';
  const hash = createHash('sha256').update(clientDataJson).digest();
  const signed = Buffer.concat([authenticatorData, hash]);
  if (x5c === undefined) {
    // A statement of its own key proves that the key is there, and nothing of who made it.
    const own = decodeCredentialPublicKey(credentialPublicKey as Parameters<typeof decodeCredentialPublicKey>[0]);
    const good =
      (own.get(3) as unknown) === algorithm &&
      (await verifySignature({
        signature: new Uint8Array(signature),
        data: new Uint8Array(signed),
        credentialPublicKey,
      }));
    if (!good) return 'passkey.attestation_invalid';
    return demand === null ? { model: null } : 'passkey.attestation_missing';
  }
  if (demand === null) return 'passkey.attestation';
  const chain = certificatesOf(x5c);
  if (chain === null) return 'passkey.attestation_invalid';
  const model = uuidOf(aaguid);
  if (!isOfModel(chain[0]!, aaguid) || !isSignedBy(chain[0]!, algorithm, signed, signature)) {
    return 'passkey.attestation_invalid';
  }
  const refused = pathProblem(chain, demand);
  if (refused !== null) return refused;
  if (demand.models.length > 0 && !demand.models.includes(model)) return 'passkey.attestation_model';
  return { model };
}

/** The same certificate twice: one library checks signatures, the other reads extensions. */
interface Certificate {
  readonly signed: NodeCertificate;
  readonly read: X509Certificate;
}

function certificatesOf(x5c: unknown): Certificate[] | null {
  if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > MAX_CHAIN) return null;
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
  return certificates;
}

/** WebAuthn 3, 8.2.1: what a certificate of a maker says, and for which model. */
function isOfModel({ signed, read }: Certificate, aaguid: Uint8Array): boolean {
  if (signed.ca || read.getExtension(BasicConstraintsExtension) === null) return false;
  const subject = new Map(
    signed.subject.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  if (subject.get('OU') !== 'Authenticator Attestation') return false;
  if (!subject.get('O') || !subject.get('CN') || subject.get('C')?.length !== 2) return false;
  const extension = read.getExtension(AAGUID_EXTENSION);
  if (extension === null) return true;
  // An OCTET STRING of 16 bytes, in the extension's own.
  const value = Buffer.concat([Buffer.from([0x04, 0x10]), aaguid]);
  return !extension.critical && value.equals(Buffer.from(extension.value));
}

function isSignedBy({ signed }: Certificate, algorithm: number, data: Buffer, signature: Uint8Array): boolean {
  const { publicKey } = signed;
  const how = HASHES[algorithm];
  if (how === undefined || publicKey.asymmetricKeyType !== how.keyType) return false;
  return verify(how.hash, data, publicKey, signature);
}

/** Null: from the leaf, each signed by the next, it comes to a certificate that the organization gave. */
function pathProblem(chain: readonly Certificate[], { roots, nowMs }: AttestationDemand): Reason | null {
  for (const [depth, certificate] of chain.entries()) {
    const { signed, read } = certificate;
    if (!isValidAt(signed, nowMs)) return 'passkey.attestation_expired';
    if (read.extensions.some(({ critical, type }) => critical && !UNDERSTOOD.has(type))) {
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

function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
