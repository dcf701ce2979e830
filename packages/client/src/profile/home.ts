import { statSync } from 'node:fs';
import { CliError } from '../cli-error.ts';
import { whyUntrusted } from './trusted-directory.mjs';

export { homeDirectory } from './trusted-directory.mjs';

/** The directory, created for us alone when it is missing; see `whyUntrusted`. Throws what the file system says. */
export function ensureDirectory(path: string): string {
  const fault = whyUntrusted(path);
  if (fault === 'owner') {
    throw new CliError(`${path} belongs to another user and is not trusted`, {
      reason: 'cli.file_owner',
      next: 'Set ZERONAUT_HOME to a directory of your own.',
    });
  }
  if (fault === 'mode') {
    throw new CliError(`${path} can be written by others (mode ${(statSync(path).mode & 0o777).toString(8)})`, {
      reason: 'cli.file_mode',
      next: `Run chmod 700 ${path}, or set ZERONAUT_HOME to another directory.`,
    });
  }
  return path;
}
