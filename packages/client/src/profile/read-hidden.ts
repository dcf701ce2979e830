import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { usageError } from '../cli-error.ts';

export interface Hidden {
  readonly what: string;
  readonly whose: string;
  readonly variable: string;
  /** A secret that is made now: at a terminal, where nobody sees a slip, it is asked for once more. */
  readonly again?: boolean;
}

type Input = NodeJS.ReadableStream & { isTTY?: boolean };

/** A secret that must be in no process list: from the variable, else the first line of standard input. A terminal does not show it. */
export async function readHidden(
  secret: Hidden,
  environment: NodeJS.ProcessEnv,
  input: Input = process.stdin,
): Promise<string> {
  return (await readAllHidden([secret], environment, input))[0]!;
}

/** Several of them: those without a variable come line by line, in this order. */
export async function readAllHidden(
  secrets: readonly Hidden[],
  environment: NodeJS.ProcessEnv,
  input: Input = process.stdin,
): Promise<string[]> {
  const given = secrets.map(({ variable }) => environment[variable] ?? '');
  if (given.every((text) => text !== '')) return given;
  const lines = new HiddenLines(input);
  try {
    for (const [index, secret] of secrets.entries()) {
      if (given[index] !== '') continue;
      const { what, whose, variable } = secret;
      const line = await lines.ask(`${what[0]!.toUpperCase()}${what.slice(1)} for ${whose}: `);
      if (line === null) {
        throw usageError(`no ${what} for ${whose}`, `Set ${variable}, or give the ${what} on standard input.`);
      }
      if (secret.again === true && lines.terminal && (await lines.ask('Once more: ')) !== line) {
        throw usageError(`the two were not the same ${what}`, 'Start again.');
      }
      given[index] = line;
    }
  } finally {
    lines.close();
  }
  return given;
}

/** Lines of standard input. At a terminal readline turns the echo off to show typed text itself, and is given nowhere to show it. */
class HiddenLines {
  readonly terminal: boolean;
  readonly #lines;
  readonly #next;

  constructor(input: Input) {
    this.terminal = input.isTTY === true;
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#lines = createInterface({ input, output: nowhere, terminal: this.terminal, historySize: 0 });
    this.#next = this.#lines[Symbol.asyncIterator]();
    // With the echo the terminal also leaves Ctrl-C to whoever reads it.
    this.#lines.on('SIGINT', () => {
      this.close();
      process.stderr.write('\n');
      process.kill(process.pid, 'SIGINT');
    });
  }

  /** `null`: there is no further line. */
  async ask(question: string): Promise<string | null> {
    if (this.terminal) process.stderr.write(question);
    const { value, done } = await this.#next.next();
    if (this.terminal) process.stderr.write('\n');
    return done === true ? null : value;
  }

  close(): void {
    this.#lines.close();
  }
}
