import type { Finding } from './verify-export.ts';

/** The action that says of whom nothing can be read any more. */
export const ERASE_ACTION = 'audit.erase';
/** The action that says how long entries are kept from now on (`after.entryDays`; null: for ever). */
export const RETENTION_ACTION = 'audit.retention';
/** The action that says up to which entry the texts are gone (`after.upTo`), by which retention (`after.days`). */
export const PRUNE_ACTION = 'audit.prune';
/** These account for what is left out, and are never pruned themselves. */
export const KEPT_ACTIONS: readonly string[] = [ERASE_ACTION, RETENTION_ACTION, PRUNE_ACTION];

/** No retention is shorter: nobody hides by it what has just happened. */
export const MIN_RETENTION_DAYS = 30;
const DAY_MS = 86_400_000;
/** By so much the clock that stamps entries may be ahead of the one that signs checkpoints. */
const MAX_SKEW_MS = 300_000;

interface Place {
  readonly seq: number;
  readonly line: number;
}

/** Newest first; shared between copies, which only ever put something before it. */
interface Chain<T> {
  readonly item: T;
  readonly rest: Chain<T> | null;
}

interface Pruned {
  readonly from: Place;
  readonly to: Place;
}

interface Prune extends Place {
  readonly upTo: number;
  readonly days: number;
  /** When the checkpoint over `upTo` was signed: everything in it is at least so old. */
  readonly signedAtMs: number;
}

/**
 * What an export leaves out on purpose. It is right only if entries of the same log account for it: personal data that are kept
 * back, if they were erased; texts of old entries, if they were pruned, and were at that time older than the retention then in
 * force. How old they were is told by what was signed: the checkpoint over the last of them, and the checkpoint over the entry
 * that pruned them.
 */
export class Omissions {
  /** Of each person, where something was kept back first. */
  readonly #keptBack = new Map<string, Place>();
  readonly #erased = new Set<string>();
  #pruned: Chain<Pruned> | null = null;
  #firstWhole: number | null = null;
  #checkpoints: Chain<{ readonly size: number; readonly atMs: number }> | null = null;
  #days: number | null = null;
  /** Prunings that no checkpoint counts yet. */
  #unsigned: Chain<Prune> | null = null;
  /** Up to here texts may be missing. */
  #mayMiss = 0;

  clone(): Omissions {
    const copy = new Omissions();
    for (const [subject, place] of this.#keptBack) copy.#keptBack.set(subject, place);
    for (const subject of this.#erased) copy.#erased.add(subject);
    copy.#pruned = this.#pruned;
    copy.#firstWhole = this.#firstWhole;
    copy.#checkpoints = this.#checkpoints;
    copy.#days = this.#days;
    copy.#unsigned = this.#unsigned;
    copy.#mayMiss = this.#mayMiss;
    return copy;
  }

  keepBack(subject: string, place: Place): void {
    if (!this.#keptBack.has(subject)) this.#keptBack.set(subject, place);
  }

  /** An entry whose text is not there. Texts go from the first entry on: behind a whole one none is missing. */
  prune(place: Place): Finding | null {
    if (this.#firstWhole !== null) {
      const message = `the text of entry ${place.seq} is missing, and that of entry ${this.#firstWhole} before it is there`;
      return { flaw: 'hidden', ...place, message };
    }
    const last = this.#pruned?.item;
    if (last?.to.seq === place.seq - 1 && last.to.line === place.line - 1) {
      this.#pruned = { item: { from: last.from, to: place }, rest: this.#pruned!.rest };
    } else {
      this.#pruned = { item: { from: place, to: place }, rest: this.#pruned };
    }
    return null;
  }

  /** An entry whose hash was good. */
  readEntry({ action, after, at }: Record<string, unknown>, place: Place): Finding | null {
    if (!KEPT_ACTIONS.includes(action as string)) {
      this.#firstWhole ??= place.seq;
      return null;
    }
    const { subjects, entryDays, upTo, days } = (after ?? {}) as Record<string, unknown>;
    if (action === ERASE_ACTION) {
      if (!Array.isArray(subjects)) return null;
      for (const subject of subjects) if (typeof subject === 'string') this.#erased.add(subject);
      return null;
    }
    if (action === RETENTION_ACTION) {
      this.#days = typeof entryDays === 'number' ? entryDays : null;
      return null;
    }
    const wrong = (why: string): Finding => ({
      ...{ flaw: 'hidden', ...place },
      message: `entry ${place.seq} prunes what it should not: ${why}`,
    });
    if (typeof upTo !== 'number' || typeof days !== 'number' || typeof at !== 'string')
      return wrong('it says not what');
    if (days !== this.#days) return wrong(`the retention in force was ${this.#days ?? 'none'}, not ${days} days`);
    if (days < MIN_RETENTION_DAYS) return wrong(`no retention is shorter than ${MIN_RETENTION_DAYS} days`);
    const signed = find(this.#checkpoints, ({ size }) => size === upTo);
    if (signed === undefined) return wrong(`there is no checkpoint of ${upTo} entries`);
    if (signed.atMs > Date.parse(at) - days * DAY_MS) return wrong(`entry ${upTo} was not ${days} days old`);
    this.#unsigned = { item: { ...place, upTo, days, signedAtMs: signed.atMs }, rest: this.#unsigned };
    return null;
  }

  /** A checkpoint whose signatures and root were good: what it counts had happened by then. */
  readCheckpoint(size: number, atMs: number): Finding | null {
    this.#checkpoints = { item: { size, atMs }, rest: this.#checkpoints };
    for (const { upTo, days, signedAtMs, seq, line } of list(this.#unsigned)) {
      if (signedAtMs > atMs + MAX_SKEW_MS - days * DAY_MS) {
        const message = `entry ${seq} prunes entry ${upTo}, which was not ${days} days old when that was signed`;
        return { flaw: 'hidden', line, seq, message };
      }
      this.#mayMiss = Math.max(this.#mayMiss, upTo);
    }
    this.#unsigned = null;
    return null;
  }

  /** Entries whose text is missing. */
  get prunedCount(): number {
    return list(this.#pruned).reduce((count, { from, to }) => count + to.seq - from.seq + 1, 0);
  }

  /** The first omission that no entry accounts for. */
  finish(): Finding | null {
    for (const { from, to } of list(this.#pruned).reverse()) {
      if (to.seq <= this.#mayMiss) continue;
      const seq = Math.max(from.seq, this.#mayMiss + 1);
      const message = `the text of entry ${seq} is missing, and no entry says that it was pruned`;
      return { flaw: 'hidden', line: from.line + seq - from.seq, seq, message };
    }
    for (const [subject, { seq, line }] of this.#keptBack) {
      if (this.#erased.has(subject)) continue;
      const message = `entry ${seq} keeps back what it says of ${subject}, and no entry says that it was erased`;
      return { flaw: 'hidden', line, seq, message };
    }
    return null;
  }
}

function find<T>(chain: Chain<T> | null, is: (item: T) => boolean): T | undefined {
  for (let at = chain; at !== null; at = at.rest) if (is(at.item)) return at.item;
  return undefined;
}

function list<T>(chain: Chain<T> | null): T[] {
  const items: T[] = [];
  for (let at = chain; at !== null; at = at.rest) items.push(at.item);
  return items;
}
