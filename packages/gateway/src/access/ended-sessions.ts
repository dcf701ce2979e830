import { readFile, rename } from 'node:fs/promises';
import { id, timestamp } from '@zeronaut/model';
import { z } from 'zod';
import { StateFile, type StateFileOptions } from '../state-file.ts';

const REMEMBERED = 20_000;

const file = z.strictObject({
  format: z.literal(1),
  sessions: z.array(z.strictObject({ id, expiresAt: timestamp })).max(REMEMBERED),
});

/**
 * Sessions that were signed out at this very gateway. The console's revocation comes with the next snapshot; until
 * then, and with the console away, this memory refuses them. It outlives a restart: whoever copied the cookie must not be
 * let in again because the gateway was started anew while the console was away.
 */
export class EndedSessions {
  /** Session id to when the session would have ended by itself (ms). */
  readonly #ended = new Map<string, number>();
  readonly #listeners = new Set<(sessionId: string) => void>();
  readonly #file: StateFile | null;

  /** Without options nothing is kept. */
  constructor(options: StateFileOptions | null = null) {
    this.#file =
      options &&
      new StateFile(options, 'ended sessions', () => ({
        format: 1,
        sessions: this.all().map(([id, expiresAtMs]) => ({ id, expiresAt: new Date(expiresAtMs).toISOString() })),
      }));
  }

  /** A file that cannot be understood is put aside, so that what was in it can be looked at, and said in the log. */
  static async load(options: StateFileOptions & { readonly now: () => number }): Promise<EndedSessions> {
    const ended = new EndedSessions(options);
    let text: string;
    try {
      text = await readFile(options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return ended;
    }
    try {
      for (const { id, expiresAt } of file.parse(JSON.parse(text)).sessions) {
        if (Date.parse(expiresAt) > options.now()) ended.#ended.set(id, Date.parse(expiresAt));
      }
    } catch (error) {
      await rename(options.path, `${options.path}.damaged`);
      options.log.warn({ err: error, path: options.path }, 'ended sessions are damaged, starting with none');
    }
    return ended;
  }

  has(sessionId: string): boolean {
    return this.#ended.has(sessionId);
  }

  /** Session id and when it would have ended by itself (ms), oldest sign-out first. */
  all(): [string, number][] {
    return [...this.#ended];
  }

  /** It counts at once; `flush` tells when it is on disk. */
  end(sessionId: string, expiresAtMs: number, nowMs: number): void {
    if (this.#ended.size >= REMEMBERED) this.#forget(nowMs);
    this.#ended.set(sessionId, expiresAtMs);
    void this.#file?.save();
    for (const listener of this.#listeners) listener(sessionId);
  }

  async flush(): Promise<void> {
    await this.#file?.flush();
  }

  /** Told at once, so that open connections of the session can be closed. */
  subscribe(listener: (sessionId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #forget(nowMs: number): void {
    for (const [sessionId, expiresAtMs] of this.#ended) if (expiresAtMs <= nowMs) this.#ended.delete(sessionId);
    // All still alive: the oldest goes, which the console has revoked long since.
    const oldest = this.#ended.keys().next();
    if (this.#ended.size >= REMEMBERED && oldest.done !== true) this.#ended.delete(oldest.value);
  }
}
