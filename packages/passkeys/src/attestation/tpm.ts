import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { ExtendedKeyUsageExtension, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { type Certificate, certificatesOf, isForModel } from './certificates.ts';
import { ALGORITHMS, isSignedBy, type ReadStatement, signedBytes } from './statement.ts';

/** TPM 2.0 Library, part 2: 6.3 algorithms, 6.4 curves, 6.2 and 6.9 constants of an attestation, 8.3 attributes. */
const [ALG_RSA, ALG_ECC, ALG_NULL] = [0x0001, 0x0023, 0x0010];
const NAME_HASHES: Readonly<Record<number, string>> = { 11: 'sha256', 12: 'sha384', 13: 'sha512' };
const CURVES: Readonly<Record<number, string>> = { 3: 'P-256', 4: 'P-384', 5: 'P-521' };
const [GENERATED, ATTEST_CERTIFY] = [0xff544347, 0x8017];
/** `fixedTPM` and `sensitiveDataOrigin`: it never leaves, and was made in there. */
const KEPT = 0x22;
const DEFAULT_EXPONENT = 65_537;

/**
 * COSE algorithms of the signature and of the hash in it. RS1 is what Windows signs with: a forger would have to find a second
 * statement to a SHA-1 that a TPM already signed, for the name of the key in it is hashed as `nameAlg` says.
 */
const TPM_ALGORITHMS: typeof ALGORITHMS = {
  ...ALGORITHMS,
  [-65535]: { hash: 'sha1', keyType: 'rsa' },
  [-258]: { hash: 'sha384', keyType: 'rsa' },
  [-259]: { hash: 'sha512', keyType: 'rsa' },
};

const [SUBJECT_ALT_NAME, EXTENDED_KEY_USAGE] = ['2.5.29.17', '2.5.29.37'];
/** Microsoft's AIK certificates have it as critical. Who takes their root takes what it is issued by. */
const CERTIFICATE_POLICIES = '2.5.29.32';
const AIK_CERTIFICATE = '2.23.133.8.3';
/** Manufacturer, model and version of a TPM: attributes of the name that an AIK certificate has. */
const TPM_ATTRIBUTES = ['2.23.133.2.1', '2.23.133.2.2', '2.23.133.2.3'];

/** `tpm` (WebAuthn 3, 8.3): a TPM certifies the passkey's key, as Windows Hello has it. */
export const readTpm: ReadStatement = (statement, attested) => {
  const chain = certificatesOf(statement.get('x5c'));
  const [publicArea, certified] = [statement.get('pubArea'), statement.get('certInfo')];
  if (statement.get('ver') !== '2.0' || chain === null) return null;
  if (!(publicArea instanceof Uint8Array) || !(certified instanceof Uint8Array)) return null;
  const [aik] = chain;
  const algorithm = statement.get('alg');
  // Of the hash that the TPM signs: those without one of their own cannot be meant.
  const hash = TPM_ALGORITHMS[Number(algorithm)]?.hash ?? null;
  if (hash === null || !isAik(aik) || !isForModel(aik, attested.aaguid)) return null;
  if (!isSignedBy(aik.signed.publicKey, algorithm, certified, statement.get('sig'), TPM_ALGORITHMS)) return null;

  const area = readPublicArea(publicArea);
  if (area === null || !area.key.equals(attested.key)) return null;
  const info = readCertified(certified);
  if (info === null) return null;
  const name = Buffer.concat([area.nameAlgorithm, createHash(area.nameHash).update(publicArea).digest()]);
  const extra = createHash(hash).update(signedBytes(attested)).digest();
  if (!info.name.equals(name) || !info.extra.equals(extra)) return null;
  return { chain, understood: [SUBJECT_ALT_NAME, EXTENDED_KEY_USAGE, CERTIFICATE_POLICIES] };
};

/** WebAuthn 3, 8.3.1: the certificate of a TPM's attestation identity key. That it names a TPM stands where its subject otherwise does. */
function isAik({ signed, read }: Certificate): boolean {
  if (signed.ca || (signed.subject ?? '') !== '') return false;
  const usages = read.getExtension(ExtendedKeyUsageExtension)?.usages ?? [];
  const names = read.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const directory = names.filter(({ type }) => type === 'dn').map(({ value }) => value);
  const has = (attribute: string) =>
    directory.some((value) => value.split(/[,+]\s*/).some((part) => part.startsWith(`${attribute}=`)));
  return usages.includes(AIK_CERTIFICATE) && TPM_ATTRIBUTES.every(has);
}

/** TPMT_PUBLIC (TPM 2.0 Library, part 2, 12.2.4). Null: malformed, or no key that is kept and signs. */
function readPublicArea(
  bytes: Uint8Array,
): { readonly nameAlgorithm: Buffer; readonly nameHash: string; readonly key: KeyObject } | null {
  const reader = new Reader(bytes);
  const type = reader.uint16();
  const nameAlgorithm = reader.bytes(2);
  const attributes = reader.uint32();
  reader.sized();
  // Neither a symmetric algorithm nor a scheme of its own has parameters, as a key that signs for a page has none.
  reader.uint16();
  if (reader.uint16() !== ALG_NULL) reader.uint16();
  const key = type === ALG_RSA ? readRsa(reader) : type === ALG_ECC ? readEcc(reader) : null;
  const nameHash = NAME_HASHES[nameAlgorithm.length === 2 ? nameAlgorithm.readUInt16BE() : 0];
  if (key === null || nameHash === undefined || !reader.isAtEnd || (attributes & KEPT) !== KEPT) return null;
  try {
    return { nameAlgorithm, nameHash, key: createPublicKey({ key, format: 'jwk' }) };
  } catch {
    // Node says by throwing that it is no key.
    return null;
  }
}

function readRsa(reader: Reader) {
  reader.uint16();
  const exponent = Buffer.alloc(4);
  exponent.writeUInt32BE(reader.uint32() || DEFAULT_EXPONENT);
  const e = exponent.subarray(exponent.findIndex((byte) => byte !== 0));
  return { kty: 'RSA', n: reader.sized().toString('base64url'), e: e.toString('base64url') };
}

function readEcc(reader: Reader) {
  const crv = CURVES[reader.uint16()] ?? '';
  if (reader.uint16() !== ALG_NULL) reader.uint16();
  const size = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }[crv] ?? 0;
  // A TPM may leave zeros away at the front.
  const coordinate = () => {
    const bytes = reader.sized();
    return Buffer.concat([Buffer.alloc(Math.max(0, size - bytes.length)), bytes]).toString('base64url');
  };
  return { kty: 'EC', crv, x: coordinate(), y: coordinate() };
}

/** TPMS_ATTEST of a TPM2_Certify (TPM 2.0 Library, part 2, 10.12.12). Null: malformed, or about something else. */
function readCertified(bytes: Uint8Array): { readonly extra: Buffer; readonly name: Buffer } | null {
  const reader = new Reader(bytes);
  const isCertify = reader.uint32() === GENERATED && reader.uint16() === ATTEST_CERTIFY;
  // Who signed.
  reader.sized();
  const extra = reader.sized();
  // TPMS_CLOCK_INFO and the version of the firmware.
  reader.bytes(17 + 8);
  const name = reader.sized();
  reader.sized();
  return isCertify && reader.isAtEnd ? { extra, name } : null;
}

/** Past the end there are zeros, and it is never at the end again. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(length: number): Buffer {
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  uint16(): number {
    const taken = this.bytes(2);
    return taken.length === 2 ? taken.readUInt16BE() : 0;
  }

  uint32(): number {
    const taken = this.bytes(4);
    return taken.length === 4 ? taken.readUInt32BE() : 0;
  }

  /** A TPM2B: its length before it. */
  sized(): Buffer {
    return this.bytes(this.uint16());
  }
}
