import { createInterface } from 'node:readline';
import { usageError } from '../cli-error.ts';

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

async function readPassword(
  username: string,
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean },
): Promise<string> {
  const given = environment.ZERONAUT_BASIC_PASSWORD ?? '';
  if (given !== '') return given;
  if (input.isTTY === true) process.stderr.write(`Password for ${username}: `);
  const lines = createInterface({ input });
  for await (const text of lines) {
    lines.close();
    return text;
  }
  throw usageError(
    `no password for ${username}`,
    'Set ZERONAUT_BASIC_PASSWORD, or give the password on standard input.',
  );
}
