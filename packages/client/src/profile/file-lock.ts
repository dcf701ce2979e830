import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../cli-error.ts';
import { ensureDirectory } from './home.ts';

const RETRY_MS = 25;

/**
 * Runs `work` while no other process of ours holds the lock at `path`. A lock whose process is gone is taken over.
 * Waits at most `timeoutMs`, then gives up.
 */
export async function withFileLock<T>(path: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  ensureDirectory(dirname(path));
  const giveUpAt = performance.now() + timeoutMs;
  while (!takeLock(path)) {
    if (performance.now() > giveUpAt) {
      throw new CliError(`another zeronaut process holds ${path}`, {
        reason: 'cli.locked',
        next: 'Wait until it is done, or remove the file if no such process runs.',
      });
    }
    await delay(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

/** True: the lock is ours until its file is removed. */
export function takeLock(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const holder = lockHolder(path);
  // Unreadable content is a lock that is being written right now; the next turn sees it whole.
  if (holder === null || isRunning(holder)) return false;
  rmSync(path, { force: true });
  return false;
}

/** The process id in a lock file; null when there is none. */
export function lockHolder(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
