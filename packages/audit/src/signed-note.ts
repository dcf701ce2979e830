import { createHash, createPublicKey, type KeyObject, sign as signBytes, verify as verifyBytes } from 'node:crypto';

/**
 * Signed notes (C2SP signed-note): text, an empty line, and lines of signatures, each under the name of its key:
 *
 *     — <name> <base64(key id, 4 bytes; signature)>
 *
 * The key id is the beginning of SHA-256 over name, line feed, kind and public key. A verifier passes over signatures of keys
 * that it does not know, so that a note can carry Ed25519 and ML-DSA, and cosignatures of witnesses, side by side.
 */

export type SignatureKind = 'ed25519' | 'ml-dsa-65' | 'cosignature';

/** Bytes that stand for the kind in key ids and verifier keys. ML-DSA over notes has none yet: 0xff and a name of its own. */
const KIND_BYTES: Record<SignatureKind, Uint8Array> = {
  ed25519: Uint8Array.of(1),
  // C2SP tlog-cosignature: Ed25519 with the time of signing.
  cosignature: Uint8Array.of(4),
  'ml-dsa-65': Buffer.concat([Uint8Array.of(0xff), Buffer.from('zeronaut/ml-dsa-65')]),
};

/** Bytes of a raw public key. */
const KEY_BYTES: Record<SignatureKind, number> = { ed25519: 32, cosignature: 32, 'ml-dsa-65': 1952 };

export const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 128;

export interface NoteSigner {
  readonly name: string;
  readonly kind: SignatureKind;
  readonly privateKey: KeyObject;
}

export interface NoteVerifier {
  readonly name: string;
  readonly kind: SignatureKind;
  /** 4 bytes. */
  readonly keyId: Buffer;
  readonly publicKey: KeyObject;
}

export interface SignedNote {
  /** With its last line feed: what is signed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Buffer;
  readonly signature: Buffer;
}

function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'raw-public' } as never) as unknown as Buffer;
}

function keyIdOf(name: string, kind: SignatureKind, publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(KIND_BYTES[kind]).update(publicKey).digest().subarray(0, 4);
}

/** One signature line. `text` ends in a line feed. `nowMs` is for cosignatures. */
export function signNote(text: string, signer: NoteSigner, nowMs: number): string {
  const keyId = keyIdOf(signer.name, signer.kind, rawPublicKey(signer.privateKey));
  if (signer.kind !== 'cosignature')
    return lineOf(signer.name, keyId, signBytes(null, Buffer.from(text), signer.privateKey));
  const seconds = Math.floor(nowMs / 1000);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = signBytes(null, cosigned(text, seconds), signer.privateKey);
  return lineOf(signer.name, keyId, Buffer.concat([time, signature]));
}

const cosigned = (text: string, seconds: number) => Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);

const lineOf = (name: string, keyId: Uint8Array, signature: Uint8Array) =>
  `— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;

/** Undefined: not a signed note. */
export function parseNote(note: string): SignedNote | undefined {
  if (note.length > MAX_NOTE_BYTES) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split <= 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [dash, name, base64, ...more] = line.split(' ');
    if (dash !== '—' || !isName(name) || base64 === undefined || more.length > 0) return undefined;
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.length <= 4 || bytes.toString('base64') !== base64) return undefined;
    signatures.push({ name, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) });
  }
  return { text: note.slice(0, split + 1), signatures };
}

const isName = (name: string | undefined): name is string =>
  name !== undefined && name.length > 0 && name.length <= 200 && !/[\s+]/u.test(name);

/** Whether the note carries a good signature of this key. A bad one of it counts against the note, whatever else it carries. */
export function isSignedBy(note: SignedNote, verifier: NoteVerifier): boolean {
  const own = note.signatures.filter(({ name, keyId }) => name === verifier.name && keyId.equals(verifier.keyId));
  return own.length > 0 && own.every(({ signature }) => verifySignature(note.text, signature, verifier));
}

function verifySignature(text: string, signature: Buffer, { kind, publicKey }: NoteVerifier): boolean {
  if (kind !== 'cosignature') return verifyBytes(null, Buffer.from(text), publicKey, signature);
  const seconds = signature.length === 72 ? signature.readBigUInt64BE() : undefined;
  if (seconds === undefined || seconds > BigInt(Number.MAX_SAFE_INTEGER)) return false;
  return verifyBytes(null, cosigned(text, Number(seconds)), publicKey, signature.subarray(8));
}

/** `<name>+<key id, hex>+<base64(kind, public key)>`, as C2SP writes verifier keys. */
export function formatVerifierKey(name: string, kind: SignatureKind, key: KeyObject): string {
  const publicKey = rawPublicKey(key);
  const id = keyIdOf(name, kind, publicKey).toString('hex');
  return `${name}+${id}+${Buffer.concat([KIND_BYTES[kind], publicKey]).toString('base64')}`;
}

/** Undefined: not a verifier key, of a kind that is not known, or its id is not that of its key. */
export function parseVerifierKey(text: string): NoteVerifier | undefined {
  const match = /^([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{40,4000}={0,2})$/.exec(text);
  if (match === null) return undefined;
  const [, name, id, base64] = match as unknown as [string, string, string, string];
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.toString('base64') !== base64) return undefined;
  for (const [kind, prefix] of Object.entries(KIND_BYTES) as [SignatureKind, Uint8Array][]) {
    if (bytes.length !== prefix.length + KEY_BYTES[kind] || !bytes.subarray(0, prefix.length).equals(prefix)) continue;
    const raw = bytes.subarray(prefix.length);
    const keyId = keyIdOf(name, kind, raw);
    if (keyId.toString('hex') !== id) return undefined;
    const asymmetricKeyType = kind === 'ml-dsa-65' ? 'ml-dsa-65' : 'ed25519';
    const publicKey = createPublicKey({ key: raw, format: 'raw-public', asymmetricKeyType } as never);
    return { name, kind, keyId, publicKey };
  }
  return undefined;
}
