/**
 * Whether a password is known from a breach, asked of files on this machine alone: a short list that comes with us, and one of the
 * operator's, which may be the whole of Have I Been Pwned.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** Sorted, the first bytes of SHA-256 of each, in small letters. `scripts/build-breached-passwords.mjs` makes it. */
const SEED = join(import.meta.dirname, 'breached-passwords.bin');
const PREFIX_BYTES = 5;

export interface BreachedPasswords {
  has(password: string): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * `file`: lines of `SHA-1 in hex:count`, sorted, as the downloader of Have I Been Pwned writes them; null: the short list
 * alone. Rejects with words for the operator when it is no such file.
 */
export async function openBreachedPasswords(file: string | null): Promise<BreachedPasswords> {
  const seed = readFileSync(SEED);
  const hashes = file === null ? null : await openHashes(file);
  return {
    async has(password) {
      const exact = password.normalize('NFC');
      const small = exact.toLowerCase();
      // `correcthorse2026!` is what a guesser makes of `correcthorse`.
      for (const guess of new Set([small, small.replace(/[^\p{L}]+$/u, '')])) if (inSeed(seed, guess)) return true;
      return hashes !== null && (await hashes.has(createHash('sha1').update(exact).digest('hex').toUpperCase()));
    },
    close: async () => void (await hashes?.close()),
  };
}

function inSeed(seed: Buffer, password: string): boolean {
  const wanted = createHash('sha256').update(password).digest().subarray(0, PREFIX_BYTES);
  let [from, to] = [0, seed.length / PREFIX_BYTES];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const order = seed.compare(wanted, 0, PREFIX_BYTES, middle * PREFIX_BYTES, (middle + 1) * PREFIX_BYTES);
    if (order === 0) return true;
    if (order < 0) from = middle + 1;
    else to = middle;
  }
  return false;
}

const LINE = /^([0-9A-F]{40})(?::\d{1,12})?$/i;
/** More than a line is long, with the line that it begins in. */
const WINDOW_BYTES = 128;
/** Lines whose order is looked at when the file is opened. */
const SAMPLES = 100;

async function openHashes(path: string): Promise<{ has(hash: string): Promise<boolean>; close(): Promise<void> }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const first = await lineAfter(file, 0);
    if (first === null || !LINE.test(first.text)) {
      throw new Error('its first line is no SHA-1 in hex with a count, as in the lists of Have I Been Pwned');
    }
    await checkOrder(file, size);
    return { has: (hash) => search(file, size, hash), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** There are such lists that begin with the most used password: looked through by halves, they would seem to contain nothing. */
async function checkOrder(file: FileHandle, size: number): Promise<void> {
  let before = null as { hash: string; start: number } | null;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const line = await lineAfter(file, Math.floor((size * sample) / SAMPLES));
    if (line === null) return;
    if (line.start === before?.start) continue;
    const hash = LINE.exec(line.text)?.[1]?.toUpperCase();
    if (hash === undefined) throw new Error('a line of it is no SHA-1 in hex with a count');
    if (before !== null && hash <= before.hash) {
      throw new Error('it is not sorted by hash; take the list of Have I Been Pwned that is ordered by hash');
    }
    before = { hash, start: line.start };
  }
}

/** By halves: 35 reads find one of a billion lines. */
async function search(file: FileHandle, size: number, wanted: string): Promise<boolean> {
  // The line that is sought begins in [from, to).
  let [from, to] = [0, size];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const line = await lineAfter(file, middle);
    if (line === null || line.start >= to) {
      to = middle;
      continue;
    }
    const hash = LINE.exec(line.text)?.[1]?.toUpperCase();
    if (hash === undefined) throw new Error('a line of the list of breached passwords is no SHA-1 in hex with a count');
    if (hash === wanted) return true;
    if (hash < wanted) from = line.end;
    else to = middle;
  }
  return false;
}

/** The first line that begins at or after `position`; null: there is none. */
async function lineAfter(
  file: FileHandle,
  position: number,
): Promise<{ text: string; start: number; end: number } | null> {
  const begin = Math.max(0, position - 1);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(WINDOW_BYTES), 0, WINDOW_BYTES, begin);
  const text = buffer.toString('latin1', 0, bytesRead);
  const skipped = position === 0 ? 0 : text.indexOf('\n') + 1;
  if (position !== 0 && skipped === 0) return null;
  const rest = text.slice(skipped);
  const length = rest.indexOf('\n');
  const line = (length < 0 ? rest : rest.slice(0, length)).trimEnd();
  if (line === '') return null;
  const start = begin + skipped;
  return { text: line, start, end: start + (length < 0 ? rest.length : length + 1) };
}
