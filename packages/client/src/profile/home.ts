import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CliError } from '../cli-error.ts';

/** `$ZERONAUT_HOME`, or `~/.zeronaut`. Everything that Zeronaut keeps on this machine is below it. */
export function homeDirectory(): string {
  const fromEnvironment = process.env.ZERONAUT_HOME;
  return resolve(
    fromEnvironment === undefined || fromEnvironment === '' ? join(homedir(), '.zeronaut') : fromEnvironment,
  );
}

/**
 * The directory, created for us alone (0700) when it is missing. One that is there keeps its mode, but must be ours or
 * root's and not writable by others: they could swap what is in it. Throws what the file system says.
 */
export function ensureDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stats = statSync(path);
  const self = process.getuid?.();
  if (self !== undefined && stats.uid !== self && stats.uid !== 0) {
    throw new CliError(`${path} belongs to another user and is not trusted`, {
      reason: 'cli.file_owner',
      next: 'Set ZERONAUT_HOME to a directory of your own.',
    });
  }
  if (self !== undefined && (stats.mode & 0o022) !== 0) {
    throw new CliError(`${path} can be written by others (mode ${(stats.mode & 0o777).toString(8)})`, {
      reason: 'cli.file_mode',
      next: `Run chmod 700 ${path}, or set ZERONAUT_HOME to another directory.`,
    });
  }
  return path;
}

/**
 * Where compiled sources are kept; null when the home directory cannot be used, which a command reports better. What
 * lies there is run, so it is ours alone whatever the umask is.
 */
export function compileCacheDirectory(): string | null {
  try {
    return ensureDirectory(join(ensureDirectory(homeDirectory()), 'cache'));
  } catch {
    // The command itself meets the same error where it can be explained.
    return null;
  }
}
