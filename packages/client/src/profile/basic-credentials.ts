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

interface Hidden {
  readonly what: string;
  readonly whose: string;
  readonly variable: string;
}

/** A secret that must be in no process list: from the variable, else the first line of standard input. */
export async function readHidden(
  secret: Hidden,
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean } = process.stdin,
): Promise<string> {
  return (await readAllHidden([secret], environment, input))[0]!;
}

/** Several of them: those without a variable come line by line, in this order. */
export async function readAllHidden(
  secrets: readonly Hidden[],
  environment: NodeJS.ProcessEnv,
  input: NodeJS.ReadableStream & { isTTY?: boolean } = process.stdin,
): Promise<string[]> {
  const given = secrets.map(({ variable }) => environment[variable] ?? '');
  if (given.every((text) => text !== '')) return given;
  const lines = createInterface({ input });
  const next = lines[Symbol.asyncIterator]();
  try {
    for (const [index, { what, whose, variable }] of secrets.entries()) {
      if (given[index] !== '') continue;
      if (input.isTTY === true) process.stderr.write(`${what[0]!.toUpperCase()}${what.slice(1)} for ${whose}: `);
      const { value, done } = await next.next();
      if (done === true) {
        throw usageError(`no ${what} for ${whose}`, `Set ${variable}, or give the ${what} on standard input.`);
      }
      given[index] = value;
    }
  } finally {
    lines.close();
  }
  return given;
}
