import { usageError } from '../cli-error.ts';
import { readHidden } from './read-hidden.ts';

/**
 * `user:password` pairs as they are; for `user` alone the password comes from ZERONAUT_BASIC_PASSWORD or the first line
 * of stdin, so that it is in no process list. At most one may come that way.
 */
export async function readBasicCredentials(
  entries: readonly string[],
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean } = process.stdin,
): Promise<{ username: string; password: string }[]> {
  const bare = entries.filter((entry) => !entry.includes(':'));
  if (bare.length > 1) throw usageError('only one --basic may leave its password out');
  const hidden = bare.length === 1 ? await readPassword(bare[0]!, environment, input) : '';
  return entries.map((entry) => {
    const colon = entry.indexOf(':');
    const [username, password] = colon === -1 ? [entry, hidden] : [entry.slice(0, colon), entry.slice(colon + 1)];
    if (username === '' || password === '') throw usageError('--basic: expected user:password, or user alone');
    return { username, password };
  });
}

function readPassword(
  username: string,
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean },
): Promise<string> {
  return readHidden({ what: 'password', whose: username, variable: 'ZERONAUT_BASIC_PASSWORD' }, environment, input);
}
