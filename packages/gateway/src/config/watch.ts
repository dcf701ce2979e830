import { type FSWatcher, type Stats, statSync, watch } from 'node:fs';
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
 *
 * `before`: how files were when they were read (`printOf`); what changed since then counts. The others are taken as they are now.
 */
export function watchFiles(
  files: readonly string[],
  onChange: () => void,
  log: Pick<Logger, 'info' | 'warn' | 'error'>,
  before: ReadonlyMap<string, string> = new Map(),
): { stop(): void } {
  const watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | null = null;
  let stopped = false;
  let known = Promise.resolve(join(files.map((file) => before.get(file) ?? printNow(file))));

  const compare = async (): Promise<void> => {
    const last = known;
    const now = fingerprint(files);
    known = now;
    if ((await last) !== (await now) && !stopped) onChange();
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
  if (before.size > 0) void compare();
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

/** Two that differ: the file was written or replaced in between. */
export function printOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

const MISSING = 'missing';
const join = (prints: readonly string[]): string => prints.join('\n');

function printNow(file: string): string {
  try {
    return printOf(statSync(file));
  } catch {
    return MISSING;
  }
}

async function fingerprint(files: readonly string[]): Promise<string> {
  return join(await Promise.all(files.map((file) => stat(file).then(printOf, () => MISSING))));
}
