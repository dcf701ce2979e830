import { readFile, rename } from 'node:fs/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Moment } from '../rooms.ts';
import { StateFile } from '../state-file.ts';
import type { Lease } from '../tables.ts';

/**
 * How long this gateway may still decide without hearing from its console, where its organization bounds that. It counts how much of
 * the time is used up, and never less than what really passed: by the monotonic clock, by leaps of the wall clock forward (a machine
 * that slept), and over restarts by a file. A clock that is set back gives nothing back. What hearing is, is `sync/lease-renewal.ts`'s.
 */
export interface LeaseOptions {
  readonly path: string;
  readonly write: (path: string, content: string) => Promise<void>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** ms. Default: the clocks of this machine. */
  readonly now?: () => number;
  readonly monotonic?: () => number;
}

export interface LeaseState {
  /** Null: no bound. */
  readonly maxAgeSeconds: number | null;
  /** Null: never, or it is over. */
  readonly endsAtMs: number | null;
  readonly expired: boolean;
}

/** What `tick` is called at, at most. It is taken off, so that the end is met early and not late. */
export const LEASE_TICK_MS = 500;
/** A wall clock that gains more than this on the monotonic one, between two looks, has leapt. */
const LEAP_MS = 1_000;
/** So many times within the bound it is written how much is used up, and at most so rarely; what a crash hides is counted as used. */
const WRITES = 20;
const WRITE_AT_LEAST_MS = 60_000;

const file = z.strictObject({
  format: z.literal(1),
  /** Of the snapshot that the console confirmed last. */
  version: z.int().min(1),
  /** The bound then; null: none. */
  maxAgeSeconds: z.int().min(1).nullable(),
  usedMs: z.number().min(0),
  /** The highest that the wall clock was since. */
  highestWallMs: z.number().min(0),
});
type Stored = z.infer<typeof file>;

interface Heard {
  readonly version: number;
  usedMs: number;
  /** Of the last look. */
  wallMs: number;
  monotonicMs: number;
}

export class SnapshotLease implements Lease {
  endMs = Number.POSITIVE_INFINITY;
  readonly #log: LeaseOptions['log'];
  readonly #now: () => number;
  readonly #monotonic: () => number;
  readonly #file: StateFile;
  #version = 0;
  #maxAgeSeconds: number | null = null;
  #heard: Heard | null = null;
  /** Of a snapshot that does not run yet. */
  #ahead: (Moment & { readonly version: number }) | null = null;
  /** What the file said; null: nothing, or it was overtaken. */
  #stored: Stored | null = null;
  #highestWallMs = 0;
  /** The wall clock has not come to where it was before a restart: how long we were off is not known. */
  #isBehind = false;
  #expired = false;
  #saidHalf = false;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #isOnDisk = false;

  private constructor({ path, write, log, now = Date.now, monotonic = () => performance.now() }: LeaseOptions) {
    this.#log = log;
    this.#now = now;
    this.#monotonic = monotonic;
    this.#file = new StateFile({ path, write, log }, 'the time since the console was heard', () => this.#content());
  }

  /** A file that cannot be understood is put aside; with a bound everything is refused then until the console is heard. */
  static async load(options: LeaseOptions): Promise<SnapshotLease> {
    const lease = new SnapshotLease(options);
    let text: string;
    try {
      text = await readFile(options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return lease;
    }
    try {
      lease.#restore(file.parse(JSON.parse(text)));
    } catch (error) {
      await rename(options.path, `${options.path}.damaged`);
      options.log.warn(
        { err: error, path: options.path },
        'when the console was heard last is damaged, so it is not known',
      );
    }
    return lease;
  }

  get bounded(): boolean {
    return this.#maxAgeSeconds !== null;
  }

  /** Everything is refused, as of the last look. */
  get expired(): boolean {
    return this.#expired;
  }

  get maxAgeSeconds(): number | null {
    return this.#maxAgeSeconds;
  }

  state(): LeaseState {
    const endsAtMs = Number.isFinite(this.endMs) ? this.endMs : null;
    return { maxAgeSeconds: this.#maxAgeSeconds, endsAtMs, expired: this.#expired };
  }

  moment(): Moment {
    return { wallMs: this.#now(), monotonicMs: this.#monotonic() };
  }

  /** Under this snapshot everything would be refused until the console is heard. */
  wouldRefuse(snapshot: { readonly version: number; readonly maxAgeSeconds?: number | undefined }): boolean {
    this.#look();
    return this.#endUnder(snapshot.version, this.#boundOf(snapshot)) === Number.NEGATIVE_INFINITY;
  }

  /** From now on this snapshot runs; before the tables are swapped. Newer than the one that was confirmed is as good as confirmed: it was made later. */
  run(snapshot: { readonly version: number; readonly maxAgeSeconds?: number | undefined }): void {
    this.#look();
    this.#maxAgeSeconds = this.#boundOf(snapshot);
    this.#version = snapshot.version;
    const ahead = this.#ahead;
    if (ahead !== null && ahead.version <= snapshot.version) {
      this.#ahead = null;
      this.#take(ahead);
    }
    this.#update();
    if (this.bounded ? this.#heard !== null : this.#isOnDisk) void this.#save();
  }

  /** The console said, in answer to a question of `asked`, that the snapshot of this version is the newest one. */
  renew(version: number, asked: Moment): void {
    if (version > this.#version) this.#ahead = { ...asked, version };
    if (version !== this.#version) return;
    const wasExpired = this.#expired;
    this.#take({ ...asked, version });
    this.#update();
    if (wasExpired || !this.#isOnDisk) void this.#save();
  }

  /** To be called every `LEASE_TICK_MS`. True: it has expired just now, and what is open has to end. */
  tick(): boolean {
    if (!this.bounded) return false;
    const before = this.#expired;
    this.#look();
    this.#update();
    if (this.#heard !== null && this.#monotonic() - this.#savedAtMs >= writeEveryMs(this.#maxAgeSeconds!))
      void this.#save();
    return this.#expired && !before;
  }

  /** Resolves when how much is used up is on disk, so that a restart costs nothing. */
  async stop(): Promise<void> {
    if (this.bounded && this.#heard !== null) {
      this.#look();
      await this.#save();
    }
    await this.#file.flush();
  }

  #restore(stored: Stored): void {
    this.#stored = stored;
    this.#isOnDisk = true;
    this.#highestWallMs = stored.highestWallMs;
    this.#isBehind = true;
    const hidden = stored.maxAgeSeconds === null ? 0 : writeEveryMs(stored.maxAgeSeconds) + LEASE_TICK_MS;
    this.#heard = { version: stored.version, usedMs: stored.usedMs + hidden, ...this.moment() };
    this.#look();
  }

  #take({ version, wallMs, monotonicMs }: Moment & { readonly version: number }): void {
    this.#isBehind = false;
    this.#heard = { version, usedMs: 0, wallMs, monotonicMs };
    this.#highestWallMs = wallMs;
    this.#look();
  }

  /** Counts what has passed since the last look. */
  #look(): void {
    const heard = this.#heard;
    if (heard === null) return;
    const { wallMs, monotonicMs } = this.moment();
    const passedMs = Math.max(0, monotonicMs - heard.monotonicMs);
    const byWallMs = wallMs - heard.wallMs;
    // While it is not known how late it is, a leap is the clock being set right.
    heard.usedMs += byWallMs > passedMs + LEAP_MS && !this.#isBehind ? byWallMs : passedMs;
    heard.wallMs = wallMs;
    heard.monotonicMs = monotonicMs;
    if (this.#isBehind && wallMs >= this.#highestWallMs) {
      heard.usedMs += wallMs - this.#highestWallMs;
      this.#isBehind = false;
    }
    this.#highestWallMs = Math.max(this.#highestWallMs, wallMs);
  }

  /** An older snapshot than the one that was confirmed runs only where that one was lost: the bound of then holds as well. */
  #boundOf({
    version,
    maxAgeSeconds = null,
  }: {
    readonly version: number;
    readonly maxAgeSeconds?: number | null | undefined;
  }) {
    const then = this.#stored !== null && version < this.#stored.version ? this.#stored.maxAgeSeconds : null;
    return then === null ? maxAgeSeconds : Math.min(then, maxAgeSeconds ?? then);
  }

  #endUnder(version: number, maxAgeSeconds: number | null): number {
    if (maxAgeSeconds === null) return Number.POSITIVE_INFINITY;
    const heard = this.#heard;
    if (heard === null || heard.version > version || this.#isBehind) return Number.NEGATIVE_INFINITY;
    const leftMs = maxAgeSeconds * 1_000 - LEASE_TICK_MS - heard.usedMs;
    return leftMs > 0 ? heard.wallMs + leftMs : Number.NEGATIVE_INFINITY;
  }

  #update(): void {
    const [before, maxAgeSeconds] = [this.#expired, this.#maxAgeSeconds];
    this.endMs = this.#endUnder(this.#version, maxAgeSeconds);
    this.#expired = this.endMs === Number.NEGATIVE_INFINITY;
    const facts = { version: this.#version, maxAgeSeconds, reason: 'access.snapshot_expired' };
    if (this.#expired && !before) {
      this.#log.error(facts, 'the console was not heard for too long: everything is refused until it is');
    }
    if (!this.#expired && before)
      this.#log.info({ version: this.#version, maxAgeSeconds }, 'the console was heard: deciding again');
    const isHalf = maxAgeSeconds !== null && (this.#heard?.usedMs ?? 0) > maxAgeSeconds * 500;
    if (isHalf && !this.#saidHalf && !this.#expired) {
      const at = new Date(this.endMs).toISOString();
      this.#log.warn(
        { ...facts, at },
        'the console was not heard for half of the time that is allowed: everything will be refused',
      );
    }
    this.#saidHalf = isHalf;
  }

  #save(): Promise<boolean> {
    this.#savedAtMs = this.#monotonic();
    this.#isOnDisk = true;
    return this.#file.save();
  }

  #content(): Stored {
    return {
      format: 1,
      version: this.#heard?.version ?? Math.max(1, this.#version),
      maxAgeSeconds: this.#maxAgeSeconds,
      usedMs: this.#heard?.usedMs ?? 0,
      highestWallMs: Math.max(0, this.#highestWallMs),
    };
  }
}

function writeEveryMs(maxAgeSeconds: number): number {
  return Math.min(WRITE_AT_LEAST_MS, (maxAgeSeconds * 1_000) / WRITES);
}
