import type { X509Certificate } from 'node:crypto';
import { parseAuthenticatorData } from '@simplewebauthn/server/helpers';
import type { Reason } from '@zeronaut/model';
import { readAndroidKey } from './android-key.ts';
import { readApple } from './apple.ts';
import { pathProblem } from './certificates.ts';
import { readPacked } from './packed.ts';
import { type Attested, isSignedBy, keyOf, type ReadStatement, sha256, signedBytes } from './statement.ts';
import { readTpm } from './tpm.ts';

/** Whose word an organization asks for. */
export interface AttestationDemand {
  /** Certificates of makers; see `parseRoots`. */
  readonly roots: readonly X509Certificate[];
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

/** Formats in which somebody vouches. `fido-u2f` is none of them: such keys know no owner's finger or PIN, which is always asked for. */
const FORMATS: ReadonlyMap<unknown, ReadStatement> = new Map([
  ['packed', readPacked],
  ['tpm', readTpm],
  ['android-key', readAndroidKey],
  ['apple', readApple],
]);

/**
 * What a new passkey's statement says of its maker (WebAuthn 3, 8). With a demand: its model, if a root of the organization vouches for
 * it; without one: null, and only that no statement is there or that it is the passkey's own.
 * No address in a certificate is ever asked, so revocation lists are not: an organization takes a root or a model away.
 */
export function verifyStatement(
  object: AttestationStatement,
  demand: AttestationDemand | null,
): { model: string | null } | Reason {
  const { format, statement, authenticatorData } = object;
  if (format === 'none') return demand === null ? { model: null } : 'passkey.attestation_missing';
  const read = FORMATS.get(format);
  if (read === undefined || !(statement instanceof Map)) {
    return demand === null ? 'passkey.attestation' : 'passkey.attestation_missing';
  }
  const { aaguid, credentialPublicKey } = parseAuthenticatorData(authenticatorData);
  if (aaguid === undefined || credentialPublicKey === undefined) return 'passkey.malformed';
  const key = keyOf(credentialPublicKey as Uint8Array<ArrayBuffer>);
  if (key === null) return 'passkey.malformed';
  const attested: Attested = { authenticatorData, clientDataHash: sha256(object.clientDataJson), aaguid, ...key };
  if (format === 'packed' && statement.get('x5c') === undefined) {
    // A statement of its own key proves that the key is there, and nothing of who made it.
    if (!isOwn(statement, attested)) return 'passkey.attestation_invalid';
    return demand === null ? { model: null } : 'passkey.attestation_missing';
  }
  if (demand === null) return 'passkey.attestation';
  const voucher = read(statement, attested);
  if (voucher === null) return 'passkey.attestation_invalid';
  const refused = pathProblem(voucher.chain, demand.roots, demand.nowMs, voucher.understood);
  if (refused !== null) return refused;
  const model = uuidOf(aaguid);
  if (demand.models.length > 0 && !demand.models.includes(model)) return 'passkey.attestation_model';
  return { model };
}

function isOwn(statement: ReadonlyMap<unknown, unknown>, attested: Attested): boolean {
  const algorithm = statement.get('alg');
  return (
    attested.algorithm === algorithm && isSignedBy(attested.key, algorithm, signedBytes(attested), statement.get('sig'))
  );
}

function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
