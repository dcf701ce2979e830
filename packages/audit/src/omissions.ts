import type { Finding } from './verify-export.ts';

/** The action that says of whom nothing can be read any more. */
export const ERASE_ACTION = 'audit.erase';

interface Place {
  readonly seq: number;
  readonly line: number;
}

/**
 * What an export leaves out on purpose. It is right only if an entry of the same log accounts for it: personal data that are
 * kept back, if they were erased.
 */
export class Omissions {
  /** Of each person, where something was kept back first. */
  readonly #keptBack = new Map<string, Place>();
  readonly #erased = new Set<string>();

  clone(): Omissions {
    const copy = new Omissions();
    for (const [subject, place] of this.#keptBack) copy.#keptBack.set(subject, place);
    for (const subject of this.#erased) copy.#erased.add(subject);
    return copy;
  }

  keepBack(subject: string, place: Place): void {
    if (!this.#keptBack.has(subject)) this.#keptBack.set(subject, place);
  }

  /** An entry whose hash was good. */
  readEntry({ action, after }: Record<string, unknown>): void {
    if (action !== ERASE_ACTION) return;
    const { subjects } = (after ?? {}) as { subjects?: unknown };
    if (!Array.isArray(subjects)) return;
    for (const subject of subjects) if (typeof subject === 'string') this.#erased.add(subject);
  }

  /** The first omission that no entry accounts for. */
  finish(): Finding | null {
    for (const [subject, { seq, line }] of this.#keptBack) {
      if (this.#erased.has(subject)) continue;
      const message = `entry ${seq} keeps back what it says of ${subject}, and no entry says that it was erased`;
      return { flaw: 'hidden', line, seq, message };
    }
    return null;
  }
}
