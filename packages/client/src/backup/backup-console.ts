import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ApiClient } from '../api/client.ts';
import { CliError, fileExists } from '../cli-error.ts';
import { readHidden } from '../profile/read-hidden.ts';

/** Writes a backup into `file`, for this user alone, and says how long it is. The name is there only when all of it is. */
export async function backupConsole(api: ApiClient, file: string, environment: NodeJS.ProcessEnv): Promise<number> {
  if (await exists(file)) throw fileExists(file, 'Name another file.');
  const passphrase = await readPassphrase(file, environment, { again: true });
  const bytes = await api.download('backups.create', { passphrase });
  const temporary = `${file}.part`;
  try {
    await pipeline(bytes, createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }));
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new CliError(`the backup was not written: ${error instanceof Error ? error.message : error}`, {
      reason: 'cli.backup_failed',
      next: 'See that there is room, and try again.',
    });
  }
  return (await stat(file)).size;
}

export async function readPassphrase(
  file: string,
  environment: NodeJS.ProcessEnv,
  { again = false } = {},
): Promise<string> {
  const hidden = { what: 'passphrase', whose: file, variable: 'ZERONAUT_BACKUP_PASSPHRASE', again };
  return await readHidden(hidden, environment);
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
