/**
 * The verifier of `@zeronaut/audit` in a browser. It runs in slices between which the page stays usable, and not in a worker: the
 * page's policy lets no program name a script to load. Comes after: verify-page.tsx, entry-proof.tsx. It must never say that a log is
 * whole when something of it was not checked; which signatures this browser can check is part of the answer.
 */
import './browser-buffer.ts';
import {
  canonicalJson,
  chainHash,
  ExportVerifier,
  isSignedBy,
  leafHash,
  type NoteVerifier,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  type Verification,
  verifyInclusion,
} from '@zeronaut/audit';
import { call } from '../../base/api.ts';
import { ByteBuffer } from './byte-buffer.ts';
import type { LogPiece } from './log-lines.ts';
import { checkSignature, forgetSignatures, importKey, type PublicKey } from './node-crypto.ts';

export { canonicalJson };

/** What a browser remembers of a log: enough to find out later that it was written anew. */
export interface Remembered {
  readonly note: string;
  readonly keys: readonly string[];
}

export interface Verified extends Verification {
  /** Kinds of signatures that were checked. */
  readonly kinds: readonly string[];
  /** The log has signatures of kinds that this browser does not know. */
  readonly isPartial: boolean;
}

const SLICE_MS = 12;
const KNOWN = 'zeronaut.audit-known.';

export function remembered(organizationId: string): Remembered | null {
  const text = localStorage.getItem(KNOWN + organizationId);
  return text === null ? null : (JSON.parse(text) as Remembered);
}

export function remember(organizationId: string, what: Remembered | null): void {
  if (what === null) localStorage.removeItem(KNOWN + organizationId);
  else localStorage.setItem(KNOWN + organizationId, JSON.stringify(what));
}

export function checkpointOf(note: string) {
  return parseCheckpoint(parseNote(note)?.text ?? '');
}

export async function verifyLog(
  pieces: AsyncIterable<LogPiece>,
  knownOf: (organizationId: string) => Remembered | null,
  onProgress: (done: number, all: number) => void,
): Promise<Verified> {
  let verifier: ExportVerifier | null = null;
  let usable: readonly NoteVerifier[] = [];
  let wanted: readonly NoteVerifier[] = [];
  let sliceEnd = performance.now() + SLICE_MS;
  try {
    for await (const { lines, done, all } of pieces) {
      for (const line of lines) {
        if (verifier === null) {
          const first = headOf(line);
          const known = knownOf(first.organizationId);
          // Keys that were known before count, not those that come along.
          wanted = (known?.keys ?? first.keys).map(parseVerifierKey).filter((key) => key !== undefined);
          usable = await usableOf(wanted);
          const before = known === null ? undefined : checkpointOf(known.note);
          verifier = new ExportVerifier({ keys: usable, ...(before !== undefined && { known: before }) });
        }
        if (!line.startsWith('{"entry"')) await checkNotes(line, usable);
        verifier.push(line);
        if (performance.now() < sliceEnd) continue;
        await new Promise((resolve) => setTimeout(resolve));
        sliceEnd = performance.now() + SLICE_MS;
      }
      onProgress(done, all);
    }
  } finally {
    forgetSignatures();
  }
  const verification = (verifier ?? new ExportVerifier()).finish();
  return { ...verification, kinds: kindsOf(usable), isPartial: usable.length < wanted.length };
}

/** The first line as far as keys go; what is wrong with it, the verifier says. */
function headOf(line: string): { organizationId: string; keys: readonly string[] } {
  try {
    const { organizationId, keys } = JSON.parse(line) as { organizationId?: unknown; keys?: unknown };
    const isGood = typeof organizationId === 'string' && Array.isArray(keys);
    if (isGood) return { organizationId, keys: keys.filter((key) => typeof key === 'string') };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { organizationId: '', keys: [] };
}

async function usableOf(keys: readonly NoteVerifier[]): Promise<readonly NoteVerifier[]> {
  const known = await Promise.all(keys.map(({ publicKey }) => importKey(publicKey as unknown as PublicKey)));
  return keys.filter((_, index) => known[index] !== null);
}

const kindsOf = (keys: readonly NoteVerifier[]) => [...new Set(keys.map(({ kind }) => kind))];

async function checkNotes(line: string, keys: readonly NoteVerifier[]): Promise<void> {
  let text: unknown;
  try {
    const { note, checkpoint } = JSON.parse(line) as { note?: unknown; checkpoint?: unknown };
    text = note ?? checkpoint;
  } catch (error) {
    // Not JSON: the verifier names the line.
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (typeof text === 'string') await checkNote(text, keys);
}

/** Asks WebCrypto about each signature of these keys; `isSignedBy` of the package then knows. */
async function checkNote(text: string, keys: readonly NoteVerifier[]): Promise<void> {
  const note = parseNote(text);
  if (note === undefined) return;
  for (const { name, keyId, publicKey } of keys) {
    const own = note.signatures.filter((one) => one.name === name && one.keyId.equals(keyId));
    for (const { signature } of own) {
      await checkSignature(ByteBuffer.from(note.text), publicKey as unknown as PublicKey, signature);
    }
  }
}

export type EntryProof =
  | { readonly proved: true; readonly size: number; readonly at: string; readonly kinds: readonly string[] }
  | { readonly proved: false; readonly why: 'hash' | 'path' | 'signature' };

/** That one entry is in the log of the newest checkpoint. */
export async function proveEntry(seq: number, organizationId: string): Promise<EntryProof> {
  const [{ items }, proof, checkpoint] = await Promise.all([
    call('audit.export', { query: { from: seq, to: seq, limit: 1 } }),
    call('audit.proveInclusion', { query: { seq } }),
    call('audit.checkpoint', {}),
  ]);
  const [item] = items;
  // Of an entry whose text is gone there is nothing left to hash.
  if (
    item === undefined ||
    !('entry' in item) ||
    item.hash !== chainHash(item.previousHash, canonicalJson(item.entry))
  ) {
    return { proved: false, why: 'hash' };
  }
  const keys = await usableOf(
    (remembered(organizationId)?.keys ?? checkpoint.keys).map(parseVerifierKey).filter((key) => key !== undefined),
  );
  const note = parseNote(proof.note);
  const signed = checkpointOf(proof.note);
  await checkNote(proof.note, keys);
  const isSigned = note !== undefined && keys.length > 0 && keys.every((key) => isSignedBy(note, key));
  forgetSignatures();
  if (!isSigned || signed === undefined) return { proved: false, why: 'signature' };
  const leaf = leafHash(ByteBuffer.from(item.hash, 'base64url'));
  const path = proof.hashes.map((hash) => ByteBuffer.from(hash, 'base64'));
  const isIn = item.entry.seq === seq && verifyInclusion(leaf, seq - 1, signed.size, path, signed.root);
  return isIn
    ? { proved: true, size: signed.size, at: signed.at, kinds: kindsOf(keys) }
    : { proved: false, why: 'path' };
}
