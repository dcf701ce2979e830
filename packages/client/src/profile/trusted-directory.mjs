import { mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

// Plain JavaScript, because bin/zeronaut.mjs needs it before anything that is TypeScript.

/** `$ZERONAUT_HOME`, or `~/.zeronaut`. Everything that Zeronaut keeps on this machine is below it. */
export function homeDirectory() {
  const fromEnvironment = process.env.ZERONAUT_HOME;
  return resolve(
    fromEnvironment === undefined || fromEnvironment === '' ? join(homedir(), '.zeronaut') : fromEnvironment,
  );
}

/**
 * Creates the directory for us alone (0700) when it is missing. One that is there keeps its mode, but must be ours or
 * root's and not writable by others: they could swap what is in it. Throws what the file system says.
 *
 * @param {string} path
 * @returns {'owner' | 'mode' | null} why it is not trusted; null when it is
 */
export function whyUntrusted(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stats = statSync(path);
  const self = process.getuid?.();
  if (self === undefined) return null;
  if (stats.uid !== self && stats.uid !== 0) return 'owner';
  return (stats.mode & 0o022) !== 0 ? 'mode' : null;
}

/**
 * Where compiled sources are kept; null when the home directory cannot be used, which a command reports better. What
 * lies there is run, so it is ours alone whatever the umask is.
 *
 * @returns {string | null}
 */
export function compileCacheDirectory() {
  try {
    const home = homeDirectory();
    const cache = join(home, 'cache');
    return whyUntrusted(home) === null && whyUntrusted(cache) === null ? cache : null;
  } catch {
    // The command itself meets the same error where it can be explained.
    return null;
  }
}
