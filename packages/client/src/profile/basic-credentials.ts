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

function readPassword(
  username: string,
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean },
): Promise<string> {
  return readHidden({ what: 'password', whose: username, variable: 'ZERONAUT_BASIC_PASSWORD' }, environment, input);
}

/** A secret that must be in no process list: from the variable, else the first line of standard input. */
export async function readHidden(
  secret: { what: string; whose: string; variable: string },
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean } = process.stdin,
): Promise<string> {
  const given = environment[secret.variable] ?? '';
  if (given !== '') return given;
  const title = `${secret.what[0]!.toUpperCase()}${secret.what.slice(1)}`;
  if (input.isTTY === true) process.stderr.write(`${title} for ${secret.whose}: `);
  const lines = createInterface({ input });
  for await (const text of lines) {
    lines.close();
    return text;
  }
  throw usageError(
    `no ${secret.what} for ${secret.whose}`,
    `Set ${secret.variable}, or give the ${secret.what} on standard input.`,
  );
}
