import { readFile, rename } from 'node:fs/promises';
import { type EdgeSignIn, edgeSignIn } from '@zeronaut/model';
import { z } from 'zod';
import { StateFile, type StateFileOptions } from '../state-file.ts';
import type { Tables } from '../tables.ts';
import type { SignInLink } from './access-context.ts';

/**
 * What this gateway did with passkeys by itself: sign-ins that the console has not confirmed, and the highest count of each
 * passkey. On disk before a session counts, so that neither is lost by a restart while the console is away for days.
 */
export interface PasskeySignInsOptions extends StateFileOptions {
  readonly sync: Pick<SignInLink, 'passkeySignIn'>;
  readonly now: () => number;
  /** Default: 2 s. */
  readonly retryMs?: number;
}

const MAX_UNREPORTED = 10_000;
const RETRY_MS = 2_000;

const file = z.strictObject({
  format: z.literal(1),
  counts: z.array(z.tuple([z.string().max(1400), z.int().min(0)])).max(200_000),
  signIns: z.array(edgeSignIn).max(MAX_UNREPORTED),
});

export class PasskeySignIns {
  readonly #options: PasskeySignInsOptions;
  readonly #counts: Map<string, number>;
  /** By session id, oldest first. */
  readonly #signIns: Map<string, EdgeSignIn>;
  readonly #file: StateFile;
  #working: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;
  #stopped = false;

  private constructor(options: PasskeySignInsOptions, before: z.infer<typeof file>) {
    this.#options = options;
    this.#file = new StateFile(options, 'passkey sign-ins', () => ({
      format: 1,
      counts: [...this.#counts],
      signIns: [...this.#signIns.values()],
    }));
    this.#counts = new Map(before.counts);
    this.#signIns = new Map(before.signIns.map((signIn) => [signIn.sessionId, signIn]));
    this.#work();
  }

  /** A file that cannot be understood is put aside, so that what was in it can be looked at, and said in the log. */
  static async load(options: PasskeySignInsOptions): Promise<PasskeySignIns> {
    let text: string;
    try {
      text = await readFile(options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return new PasskeySignIns(options, { format: 1, counts: [], signIns: [] });
    }
    try {
      return new PasskeySignIns(options, file.parse(JSON.parse(text)));
    } catch (error) {
      await rename(options.path, `${options.path}.damaged`);
      options.log.warn({ err: error, path: options.path }, 'passkey sign-ins are damaged, starting with none');
      return new PasskeySignIns(options, { format: 1, counts: [], signIns: [] });
    }
  }

  /** Sessions that ended here and of which the console may not know. */
  ended(): readonly EdgeSignIn[] {
    return [...this.#signIns.values()].filter((signIn) => signIn.ended);
  }

  /** The highest count that was seen here or at the console. */
  countOf(passkey: { readonly credentialId: string; readonly signCount: number }): number {
    return Math.max(passkey.signCount, this.#counts.get(passkey.credentialId) ?? 0);
  }

  /** Takes the count at once, so that the same one comes too late; true when all of it is on disk. */
  async record(signIn: EdgeSignIn, tables: Tables): Promise<boolean> {
    if (this.#signIns.size >= MAX_UNREPORTED) return false;
    this.#counts.set(signIn.credentialId, signIn.signCount);
    this.#signIns.set(signIn.sessionId, signIn);
    for (const credentialId of this.#counts.keys()) {
      const known = tables.passkeys.get(credentialId);
      // Gone, or the console counts as far: nothing to remember.
      if (known === undefined || known.signCount >= this.#counts.get(credentialId)!) this.#counts.delete(credentialId);
    }
    if (!(await this.#file.save())) {
      this.#signIns.delete(signIn.sessionId);
      return false;
    }
    this.#work();
    return true;
  }

  /** Signed out: the console must not take the sign-in for an open session. */
  end(sessionId: string): void {
    const signIn = this.#signIns.get(sessionId);
    if (signIn === undefined) return;
    this.#signIns.set(sessionId, { ...signIn, ended: true });
    void this.#file.save();
    this.#work();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    await this.#file.flush();
  }

  #work(): void {
    if (this.#working !== null || this.#stopped || this.#signIns.size === 0) return;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    this.#working = this.#sendAll().finally(() => {
      this.#working = null;
      if (this.#signIns.size === 0 || this.#stopped) return;
      this.#retry = setTimeout(() => this.#work(), this.#options.retryMs ?? RETRY_MS);
      this.#retry.unref();
    });
  }

  async #sendAll(): Promise<void> {
    for (const [sessionId, signIn] of this.#signIns) {
      if (!(await this.#options.sync.passkeySignIn(signIn))) return;
      // It was signed out while this was on its way: it is sent once more.
      if (this.#signIns.get(sessionId) !== signIn) continue;
      this.#signIns.delete(sessionId);
      await this.#file.save();
    }
  }
}
