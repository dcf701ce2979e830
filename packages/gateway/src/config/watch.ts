import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';

/** Editors write in several steps, and replace files by renaming: wait until it is quiet (ms). */
const QUIET_MS = 100;
/** For file systems that report no changes (ms). */
const LOOK_MS = 5_000;

/**
 * Calls `onChange` after one of `files` changed. Watches their directories, because a file that is replaced takes
 * its watch with it, and compares what `stat` says, because a directory has other business too.
 */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
): { stop(): void } {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let known: Promise<string> = fingerprint(files);

  const compare = async (): Promise<void> => {
    const before = known;
    const now = fingerprint(files);
    known = now;
    if ((await before) !== (await now) && !stopped) onChange();
  };
  const soon = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      void compare();
    }, QUIET_MS);
  };
  for (const directory of new Set(files.map((file) => dirname(file)))) {
    try {
      const watcher = watch(directory, { persistent: false }, soon);
      watcher.on('error', (error) => log.warn({ err: error, directory }, 'changes are noticed late'));
      watchers.push(watcher);
    } catch (error) {
      log.warn({ err: error, directory }, 'changes are noticed late');
    }
  }
  const poll = setInterval(() => void compare(), LOOK_MS);
  poll.unref();
  return {
    stop(): void {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      clearInterval(poll);
      for (const watcher of watchers) watcher.close();
    },
  };
}

async function fingerprint(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      try {
        const { ino, size, mtimeMs, ctimeMs } = await stat(file);
        return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      } catch {
        return 'missing';
      }
    }),
  );
  return parts.join('\n');
}
