import { canonicalJson } from './canonical-json.ts';
import { CHAIN_START, chainHash } from './chain.ts';
import { type Checkpoint, originOf, parseCheckpoint } from './checkpoint.ts';
import { GrowingTree, leafHash } from './merkle-tree.ts';
import { Omissions } from './omissions.ts';
import { isOpened, parseSealedParts } from './personal-data.ts';
import { isSignedBy, MAX_NOTE_BYTES, type NoteVerifier, parseNote, parseVerifierKey } from './signed-note.ts';

/**
 * Checks an exported log line by line, off-line and in constant memory but for one number for each entry after a flaw. An
 * export (JSON lines, each in canonical form) is a first line that says of which log it is and up to which checkpoint it
 * goes, the entries from the first on, and behind the entry that it counts as last each checkpoint that was made:
 *
 *     {"checkpoint":"<note>","format":"zeronaut-audit/1","keys":["<verifier key>"],"organizationId":"org_…","type":"export"}
 *     {"entry":{"action":…,"seq":1,…},"hash":"…","previousHash":"…","type":"entry"}
 *     {"entry":{…,"personal":[…]},"hash":"…","opened":[{"salt":"…","values":["…"]}],…}   with personal data; null: erased
 *     {"hash":"…","seq":2,"type":"pruned"}   an entry whose text was past its time
 *     {"note":"<note>","type":"checkpoint"}
 *
 * What can be wrong is a value, with the first place where it shows.
 */
export const EXPORT_FORMAT = 'zeronaut-audit/1';
/** Longest line that is read: an entry is bounded by what an API call may carry, twice. */
export const MAX_EXPORT_LINE_BYTES = 4 * 1024 * 1024;

export type Flaw =
  /** Not an export of this format, or a line that is not written as exports are. */
  | 'malformed'
  /** The entry is not the one that was logged. */
  | 'edited'
  | 'removed'
  | 'inserted'
  | 'reordered'
  /** The file ends before the log did. */
  | 'truncated'
  /** Entries that no checkpoint vouches for. */
  | 'unsigned'
  /** The entries up to here are not those that a checkpoint counted: somebody wrote them again, hashes and all. */
  | 'rewritten'
  /** Two checkpoints that cannot both be of one log. */
  | 'fork'
  /** Something is left out, and no entry accounts for it: personal data that were not erased, texts that were not pruned. */
  | 'hidden'
  /** A checkpoint without the signatures that it needs. */
  | 'signature';

export interface Finding {
  readonly flaw: Flaw;
  /** Line of the file, from 1. */
  readonly line: number;
  /** Entry at which it shows, from 1; null: not at an entry. */
  readonly seq: number | null;
  readonly message: string;
}

export interface VerifyOptions {
  /** Whose signatures a checkpoint must carry, each of them. Undefined: those of the keys that the file itself names. */
  readonly keys?: readonly NoteVerifier[];
  /** Cosignatures of witnesses: each checkpoint at the end of the file must carry `needed` of them. */
  readonly witnesses?: { readonly keys: readonly NoteVerifier[]; readonly needed: number };
  /** A checkpoint of this log that was seen before. The file must go at least so far, and be of the same log. */
  readonly known?: Checkpoint;
}

export interface Verification {
  readonly valid: boolean;
  readonly finding: Finding | null;
  readonly organizationId: string | null;
  /** Entries that were read, good or not. */
  readonly entries: number;
  /** Of them, those whose text is gone: only their place in the log was checked. */
  readonly pruned: number;
  readonly checkpoints: number;
  /** The last checkpoint, if all is well: worth keeping for the next time. */
  readonly last: { readonly note: string; readonly checkpoint: Checkpoint } | null;
  /** Verifier keys that the file names. */
  readonly keys: readonly string[];
}

interface EntryLine {
  readonly entry: Record<string, unknown>;
  readonly previousHash: string;
  readonly hash: string;
  readonly opened?: readonly unknown[];
  readonly type: 'entry';
}

export class ExportVerifier {
  readonly #options: VerifyOptions;
  #tree = new GrowingTree();
  #line = 0;
  #finding: Finding | null = null;
  #organizationId: string | null = null;
  #fileKeys: readonly string[] = [];
  #keys: readonly NoteVerifier[] = [];
  #promised: Checkpoint | null = null;
  #entries = 0;
  #checkpoints = 0;
  #head = CHAIN_START;
  #last: { note: string; checkpoint: Checkpoint } | null = null;
  #omissions = new Omissions();
  /** A gap: from here on, numbers are collected to tell what was removed from what was moved. */
  #gap: { line: number; expected: number; seen: Set<number> } | null = null;

  constructor(options: VerifyOptions = {}) {
    this.#options = options;
  }

  /** Another one at the same place, which can be shown what may follow. Not after a flaw. */
  clone(options = this.#options): ExportVerifier {
    const copy = new ExportVerifier(options);
    copy.#tree = this.#tree.clone();
    copy.#line = this.#line;
    copy.#organizationId = this.#organizationId;
    copy.#fileKeys = this.#fileKeys;
    copy.#keys = this.#keys;
    copy.#promised = this.#promised;
    copy.#entries = this.#entries;
    copy.#checkpoints = this.#checkpoints;
    copy.#head = this.#head;
    copy.#last = this.#last;
    copy.#omissions = this.#omissions.clone();
    return copy;
  }

  /** One line, without its line feed. After a flaw, further lines only help to name it. */
  push(text: string): void {
    this.#line++;
    if (this.#finding !== null) return;
    const value = text.length > MAX_EXPORT_LINE_BYTES ? undefined : parseLine(text);
    if (this.#gap !== null) {
      const holder = value?.type === 'entry' ? (value.entry as { seq?: unknown } | null) : value;
      if (typeof holder?.seq === 'number') this.#gap.seen.add(holder.seq);
      if (value?.type === 'entry' || value?.type === 'pruned') this.#entries++;
      return;
    }
    if (value === undefined) this.#fail('malformed', null, 'the line is not as an export writes it');
    else if (this.#line === 1) this.#readFirst(value);
    else if (value.type === 'entry') this.#readEntry(value);
    else if (value.type === 'pruned') this.#readPruned(value);
    else if (value.type === 'checkpoint') this.#readCheckpoint(value.note);
    else this.#fail('malformed', null, 'the line is neither an entry nor a checkpoint');
  }

  finish(): Verification {
    if (this.#gap !== null) this.#nameGap(this.#gap);
    else if (this.#finding === null) this.#readEnd();
    return {
      valid: this.#finding === null,
      finding: this.#finding,
      organizationId: this.#organizationId,
      entries: this.#entries,
      pruned: this.#omissions.prunedCount,
      checkpoints: this.#checkpoints,
      last: this.#finding === null ? this.#last : null,
      keys: this.#fileKeys,
    };
  }

  #readFirst(value: Record<string, unknown>): void {
    const { type, format, organizationId, keys, checkpoint } = value;
    if (type !== 'export' || format !== EXPORT_FORMAT || typeof organizationId !== 'string' || !isStrings(keys)) {
      this.#fail('malformed', null, `the file does not begin as a ${EXPORT_FORMAT} export does`);
      return;
    }
    this.#organizationId = organizationId;
    this.#fileKeys = keys;
    const parsed = keys.map(parseVerifierKey);
    const own = parsed.filter((key) => key !== undefined);
    if (own.length !== keys.length) {
      this.#fail('malformed', null, 'a verifier key of the first line is none');
      return;
    }
    this.#keys = this.#options.keys ?? own;
    if (this.#keys.length === 0) {
      this.#fail('signature', null, 'there is no key to check signatures with');
      return;
    }
    this.#promised = this.#checkNote(checkpoint);
    const { known } = this.#options;
    if (this.#promised === null || known === undefined) return;
    if (known.origin !== this.#promised.origin) {
      this.#fail('fork', null, `the file is of ${this.#promised.origin}, the known checkpoint of ${known.origin}`);
    } else if (known.size > this.#promised.size) {
      const message = `the file goes to entry ${this.#promised.size}; a checkpoint of ${known.at} counted ${known.size}`;
      this.#fail('truncated', this.#promised.size + 1, message);
    }
  }

  #readEntry(value: Record<string, unknown>): void {
    const { entry, previousHash, hash, opened = [], type: _, ...more } = value as unknown as EntryLine;
    const expected = this.#tree.size + 1;
    const seq = entry !== null && typeof entry === 'object' ? entry.seq : undefined;
    const isWritten = typeof previousHash === 'string' && typeof hash === 'string' && Array.isArray(opened);
    if (typeof seq !== 'number' || !isWritten || Object.keys(more).length > 0) {
      this.#fail('malformed', expected, 'the entry has no number or no hashes');
      return;
    }
    if (!this.#isNext(seq)) return;
    const computed = chainHash(this.#head, canonicalJson(entry));
    if (previousHash !== this.#head || hash !== computed || entry.organizationId !== this.#organizationId) {
      this.#fail('edited', seq, `entry ${seq} is not what the hash chain says`);
      return;
    }
    if (!this.#readPersonal(seq, entry, opened)) return;
    this.#take(seq, computed);
    this.#finding ??= this.#omissions.readEntry(entry, { seq, line: this.#line });
  }

  /** The text is gone: its hash is held against the entry behind it, and against every checkpoint. */
  #readPruned({ seq, hash, type: _, ...more }: Record<string, unknown>): void {
    const isHash = typeof hash === 'string' && /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(hash);
    if (typeof seq !== 'number' || !isHash || Object.keys(more).length > 0) {
      this.#fail('malformed', this.#tree.size + 1, 'the pruned entry has no number or no hash');
      return;
    }
    if (!this.#isNext(seq)) return;
    this.#take(seq, hash);
    this.#finding ??= this.#omissions.prune({ seq, line: this.#line });
  }

  #isNext(seq: number): boolean {
    const expected = this.#tree.size + 1;
    this.#entries++;
    if (seq < expected) this.#fail('inserted', expected, `entry ${seq} comes a second time`);
    else if (seq > expected) this.#gap = { line: this.#line, expected, seen: new Set([seq]) };
    return seq === expected;
  }

  #take(seq: number, hash: string): void {
    this.#head = hash;
    this.#tree.add(leafHash(Buffer.from(hash, 'base64url')));
    const { known } = this.#options;
    if (known?.size === seq) this.#compare(known, 'fork', `entry ${seq} or one before is another than on ${known.at}`);
  }

  /** What is shown of people is what was logged; what is not shown must have been erased, which another entry says. */
  #readPersonal(seq: number, entry: Record<string, unknown>, opened: readonly unknown[]): boolean {
    const parts = parseSealedParts(entry);
    if (parts === undefined || parts.length !== opened.length) {
      this.#fail('malformed', seq, `the personal data of entry ${seq} are not written as they should be`);
      return false;
    }
    for (const [index, part] of parts.entries()) {
      if (opened[index] === null) {
        this.#omissions.keepBack(part.subject, { seq, line: this.#line });
      } else if (!isOpened(part, opened[index])) {
        this.#fail('edited', seq, `what is shown of ${part.subject} in entry ${seq} is not what was logged`);
        return false;
      }
    }
    return true;
  }

  #readCheckpoint(note: unknown): void {
    const checkpoint = this.#checkNote(note);
    if (checkpoint === null) return;
    this.#checkpoints++;
    if (checkpoint.size !== this.#tree.size) {
      const seq = this.#tree.size + 1;
      if (checkpoint.size > this.#tree.size) {
        this.#fail('removed', seq, `a checkpoint counts ${checkpoint.size} entries, here are ${this.#tree.size}`);
      } else {
        this.#fail(
          'reordered',
          seq,
          `a checkpoint of ${checkpoint.size} entries stands behind entry ${this.#tree.size}`,
        );
      }
      return;
    }
    const since = (this.#last?.checkpoint.size ?? 0) + 1;
    const what = `entries ${since} to ${checkpoint.size} are not those that the checkpoint of ${checkpoint.at} counted`;
    if (this.#compare(checkpoint, this.#last?.checkpoint.size === checkpoint.size ? 'fork' : 'rewritten', what)) {
      this.#last = { note: note as string, checkpoint };
      this.#finding ??= this.#omissions.readCheckpoint(checkpoint.size, Date.parse(checkpoint.at));
    }
  }

  #readEnd(): void {
    const seq = this.#tree.size + 1;
    if (this.#line === 0) this.#fail('malformed', null, 'the file is empty');
    else if (this.#promised !== null && this.#tree.size < this.#promised.size) {
      this.#fail('truncated', seq, `the file ends after entry ${this.#tree.size} of ${this.#promised.size}`);
    } else if (this.#tree.size > (this.#last?.checkpoint.size ?? -1)) {
      const from = (this.#last?.checkpoint.size ?? 0) + 1;
      this.#fail('unsigned', from, `entries from ${from} on have no checkpoint behind them`);
    } else if (this.#promised !== null && this.#last !== null) {
      const same = Buffer.compare(this.#promised.root, this.#last.checkpoint.root) === 0;
      if (this.#promised.size !== this.#last.checkpoint.size || !same) {
        this.#fail('fork', this.#promised.size, 'the checkpoint at the beginning is not the one at the end');
      }
    }
    this.#finding ??= this.#omissions.finish();
  }

  /** The checkpoint in a note, if it is of this log and has the signatures that it needs. */
  #checkNote(text: unknown): Checkpoint | null {
    const note = typeof text === 'string' && text.length <= MAX_NOTE_BYTES ? parseNote(text) : undefined;
    const checkpoint = note === undefined ? undefined : parseCheckpoint(note.text);
    if (note === undefined || checkpoint === undefined) {
      this.#fail('malformed', null, 'the checkpoint is not a signed note');
      return null;
    }
    if (checkpoint.origin !== originOf(this.#organizationId as string)) {
      this.#fail('fork', null, `the checkpoint is of another log, ${checkpoint.origin}`);
      return null;
    }
    const missing = this.#keys.find((key) => !isSignedBy(note, key));
    if (missing !== undefined) {
      this.#fail(
        'signature',
        checkpoint.size,
        `the checkpoint has no good ${missing.kind} signature of ${missing.name}`,
      );
      return null;
    }
    const { witnesses } = this.#options;
    const seen = witnesses?.keys.filter((key) => isSignedBy(note, key)).length ?? 0;
    // Cosignatures gather after a checkpoint was made: those of the last one count, it vouches for all before.
    if (witnesses !== undefined && this.#line === 1 && seen < witnesses.needed) {
      this.#fail('signature', checkpoint.size, `${seen} of ${witnesses.needed} witnesses signed the last checkpoint`);
      return null;
    }
    return checkpoint;
  }

  #compare(checkpoint: Checkpoint, flaw: Flaw, message: string): boolean {
    if (Buffer.compare(this.#tree.root(), checkpoint.root) === 0) return true;
    this.#fail(flaw, checkpoint.size, message);
    return false;
  }

  #nameGap({ line, expected, seen }: { line: number; expected: number; seen: Set<number> }): void {
    const flaw = seen.has(expected) ? 'reordered' : 'removed';
    const message = flaw === 'removed' ? `entry ${expected} is missing` : `entry ${expected} stands in another place`;
    this.#finding = { flaw, line, seq: expected, message };
  }

  #fail(flaw: Flaw, seq: number | null, message: string): void {
    this.#finding ??= { flaw, line: this.#line, seq, message };
  }
}

/** An object that is written in canonical form: what people read is then what is checked. */
function parseLine(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
    return canonicalJson(value) === text ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON, or nested without end: an answer like any other.
    return undefined;
  }
}

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= 32 && value.every((item) => typeof item === 'string');
