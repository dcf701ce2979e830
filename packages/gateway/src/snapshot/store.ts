import { mkdir, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Reason, signedSnapshot } from '@zeronaut/model';
import type { Logger } from 'pino';
import { stringifyPieces } from '../json-pieces.ts';
import type { PackedSnapshot } from '../packed-snapshot.ts';
import { ReceivedSnapshot } from '../received-snapshot.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { checkSnapshot, type RunningElements, type SnapshotTrust } from './check.ts';

/**
 * Signed snapshots: from the sync link to the disk, and from the disk to a cold start. What comes out was verified
 * against the pinned key each time, also when it is read back from our own disk. Before it: `sync/link.ts`; after it:
 * `compileTables` and the swap. It never hands out a snapshot that is older than one it handed out before.
 */
export interface SnapshotStoreOptions {
  readonly directory: string;
  readonly trust: SnapshotTrust;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Pause before a write that failed is tried again: people or the spool free a full disk. Default 5,000. */
  readonly retryWriteMs?: number;
}

/** How many versions stay on disk: the running one, and what to fall back to when its file is damaged. */
const KEEP = 3;
/** Larger files are not read: a signed snapshot is at most 256 MiB before JSON escapes its payload. */
const MAX_FILE_BYTES = 640 * 1024 * 1024;

export type Acceptance =
  | { readonly ok: true; readonly snapshot: PackedSnapshot }
  | { readonly ok: false; readonly reason: Reason; readonly detail: string };

export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  /** Newest version that was handed out. */
  #version = 0;
  #unsaved: { readonly version: number; readonly signed: ReceivedSnapshot } | null = null;
  #writing: Promise<void> | null = null;
  #retry: NodeJS.Timeout | null = null;

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
  }

  get version(): number {
    return this.#version;
  }

  /** True while the running snapshot is not on disk, because the last write failed. */
  get unsaved(): boolean {
    return this.#unsaved !== null;
  }

  /** The newest valid snapshot on disk, or null. Damaged files are logged, skipped and left for people to look at. */
  async load(): Promise<PackedSnapshot | null> {
    const { directory, log } = this.#options;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    for (const { name } of await this.#files()) {
      const path = join(directory, name);
      const found = await this.#read(path);
      if (found.ok) {
        this.#version = found.snapshot.version;
        return found.snapshot;
      }
      log.error(
        { file: path, reason: found.reason, detail: found.detail },
        'snapshot file refused, trying the one before',
      );
    }
    return null;
  }

  /** Verifies a snapshot that came over the link. The caller then calls `save` and makes it live. */
  async accept(signed: ReceivedSnapshot, running?: RunningElements): Promise<Acceptance> {
    const check = await checkSnapshot(signed, this.#options.trust, running);
    if (!check.ok) return check;
    const { version } = check.snapshot;
    if (version < this.#version) {
      return { ok: false, reason: 'sync.older_version', detail: `version ${version}, running ${this.#version}` };
    }
    this.#version = version;
    return check;
  }

  /** It could not be used after all; `running` is. */
  forget(version: number, running: number): void {
    if (this.#version === version) this.#version = running;
  }

  /**
   * Resolves when it is on disk, or could not be written. A failure is logged and tried again by itself; until then a
   * restart would run the one before. One write at a time, and of several that wait only the newest.
   */
  async save(version: number, signed: ReceivedSnapshot): Promise<void> {
    this.#unsaved = { version, signed };
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
    await this.#writing;
  }

  stop(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
  }

  async #write(): Promise<void> {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const { directory, log, retryWriteMs } = this.#options;
    while (this.#unsaved !== null) {
      const item = this.#unsaved;
      try {
        await writeFileAtomically(join(directory, `snapshot-${item.version}.json`), fileText(item.signed));
        if (this.#unsaved === item) this.#unsaved = null;
        for (const { name } of (await this.#files()).slice(KEEP)) await unlink(join(directory, name));
      } catch (error) {
        log.error({ err: error, version: item.version }, 'the snapshot could not be written to disk');
        if (this.#unsaved === null) return;
        const again = (): void => void this.save(this.#unsaved!.version, this.#unsaved!.signed);
        this.#retry = setTimeout(again, retryWriteMs ?? 5_000);
        this.#retry.unref();
        return;
      }
    }
  }

  /** Newest first. Temporary files of an interrupted write do not match. */
  async #files(): Promise<{ name: string; version: number }[]> {
    const files: { name: string; version: number }[] = [];
    for (const name of await readdir(this.#options.directory)) {
      const match = /^snapshot-(\d{1,15})\.json$/.exec(name);
      if (match) files.push({ name, version: Number(match[1]) });
    }
    return files.sort((a, b) => b.version - a.version);
  }

  async #read(path: string): Promise<Acceptance> {
    let value: unknown;
    try {
      const { size } = await stat(path);
      if (size > MAX_FILE_BYTES) return { ok: false, reason: 'sync.invalid', detail: `${size} bytes` };
      value = JSON.parse(await readFile(path, 'utf8'));
    } catch (error) {
      return { ok: false, reason: 'sync.invalid', detail: (error as Error).message };
    }
    const signed = signedSnapshot.safeParse(value);
    if (!signed.success) return { ok: false, reason: 'sync.invalid', detail: 'not a signed snapshot' };
    return checkSnapshot(ReceivedSnapshot.of(signed.data), this.#options.trust);
  }
}

/** A `SignedSnapshot`, in pieces that each are good until the next one is asked for. */
function* fileText({ keyId, signature, payload }: ReceivedSnapshot): Generator<Uint8Array, void, void> {
  yield Buffer.from(`${JSON.stringify({ keyId, signature }).slice(0, -1)},"payload":`);
  yield* stringifyPieces(payload);
  yield Buffer.from('}');
}
