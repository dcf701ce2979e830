import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { ensureDirectory } from './home.ts';

/** No file of ours comes near this (bytes). */
const MAX_SIZE_BYTES = 16 * 1024 * 1024;

/**
 * A JSON file that holds secrets. Null when there is none. Refuses a file that somebody else owns or could read or
 * write: its content may be known to them, or be theirs. The checks are made on the open file, so that it cannot be
 * swapped in between.
 */
export function readPrivateFile<S extends z.ZodType>(path: string, schema: S): z.output<S> | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new CliError(`cannot read ${path}: ${(error as Error).message}`, { reason: 'cli.file', cause: error });
  }
  try {
    const stats = fstatSync(descriptor);
    const self = process.getuid?.();
    if (self !== undefined && stats.uid !== self) {
      throw new CliError(`${path} belongs to another user and is not trusted`, {
        reason: 'cli.file_owner',
        next: `Remove it, or set ZERONAUT_HOME to a directory of your own.`,
      });
    }
    if (self !== undefined && (stats.mode & 0o077) !== 0) {
      throw new CliError(`${path} can be read or written by others (mode ${(stats.mode & 0o777).toString(8)})`, {
        reason: 'cli.file_mode',
        next: `Run chmod 600 ${path}. If others use this machine, take what is in it for known to them.`,
      });
    }
    if (!stats.isFile() || stats.size > MAX_SIZE_BYTES) throw damaged(path, 'not a plain file of sensible size');
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(descriptor, 'utf8'));
    } catch (error) {
      throw damaged(path, 'not JSON', error);
    }
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw damaged(path, parsed.error.issues[0]?.message ?? 'not as expected', parsed.error);
    return parsed.data;
  } finally {
    closeSync(descriptor);
  }
}

/** Written whole or not at all, mode 0600. */
export function writePrivateFile(path: string, value: unknown): void {
  ensureDirectory(dirname(path));
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    writeFileSync(descriptor, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}

function damaged(path: string, what: string, cause?: unknown): CliError {
  return new CliError(`${path} is damaged: ${what}`, {
    reason: 'cli.file_damaged',
    next: 'Remove the file and run zeronaut login again.',
    cause,
  });
}
