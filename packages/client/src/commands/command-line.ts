import type { BrokenAssertions } from '@zeronaut/model';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { parseDurationSeconds } from '../output/format.ts';
import { Output, type TextSink } from '../output/output.ts';
import type { Connection } from '../profile/connection.ts';

/** The world of one run of the command line. Tests bring their own. */
export interface CommandLine {
  readonly stdout: TextSink & { readonly columns?: number };
  readonly stderr: TextSink;
  readonly environment: NodeJS.ProcessEnv;
}

export interface CommonOptions {
  readonly json?: boolean;
  readonly profile?: string;
}

/**
 * A command with what all have: `--json`, `--profile` unless it talks to no console, examples below its help. The
 * modules that do the work are imported by the action, never here: `--help` and other commands must not pay for them.
 */
export function createCommand(
  name: string,
  options: { summary: string; description?: string; examples: readonly string[]; profile?: boolean },
): Command {
  const command = new Command(name)
    .summary(options.summary)
    .description(options.description ?? options.summary)
    .addOption(new Option('--json', 'print JSON for machines'));
  if (options.profile ?? true) {
    command.addOption(new Option('--profile <name>', 'act as this profile (local: the console on this machine)'));
  }
  if (options.examples.length > 0) {
    command.addHelpText('after', `\nExamples:\n${options.examples.map(shownExample).join('\n')}`);
  }
  return command;
}

/** An example may begin with a variable, `NAME=value zeronaut …`; the others leave the program's name out. */
function shownExample(text: string): string {
  return /^[A-Z_]+=/.test(text) ? `  $ ${text}` : `  $ zeronaut ${text}`;
}

/** A command that only holds others, such as `services`. */
export function createGroup(name: string, summary: string): Command {
  return new Command(name).summary(summary).description(summary);
}

export function outputOf(line: CommandLine, options: CommonOptions): Output {
  const { stdout, stderr, environment } = line;
  return new Output({ json: options.json === true, stdout, stderr, environment });
}

/** The console that the command talks to, and as whom. Loaded here and not above, like everything that does work. */
export async function connect(line: CommandLine, options: CommonOptions): Promise<Connection> {
  const { chooseConnection } = await import('../profile/connection.ts');
  const connection = await chooseConnection({ profile: options.profile, environment: line.environment });
  connection.api.onBrokenAssertions = (broken) => noteBroken(outputOf(line, options), broken);
  return connection;
}

/** Assertions of policies that do not hold after a change, or would not. */
export function noteBroken(output: Output, { newly, before, items }: BrokenAssertions, dryRun = false): void {
  const some = (count: number) => (count === 1 ? '1 assertion' : `${count} assertions`);
  const told: string[] = [];
  if (newly > 0) told.push(`This ${dryRun ? 'would break' : 'broke'} ${some(newly)}.`);
  if (before > 0) told.push(`${some(before)} ${before === 1 ? 'was' : 'were'} broken before.`);
  if (told.length === 0) return;
  output.note(told.join(' '));
  for (const { name, message } of items) output.note(`  ${name}: ${message}`);
  if (items.length < newly + before) output.note(`  and ${newly + before - items.length} more`);
  output.note('  All of them:  zeronaut policy test');
}

/** Runs a call about one named thing; when there is none, the message names what was asked for. */
export async function named<T>(
  name: string,
  call: () => Promise<T>,
  noun = 'service',
  list = 'services list',
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof CliError) || error.reason !== 'api.not_found') throw error;
    throw new CliError(`there is no ${noun} ${name}`, {
      reason: error.reason,
      next: `Run zeronaut ${list} to see what there is.`,
      exitCode: error.exitCode,
      details: error.details,
      cause: error,
    });
  }
}

/** Runs a call that sends what a file says: where the console names a field of it, so does the message, with its line. */
export async function ofFile<T>(placeOf: (pointer: string) => string | null, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { ApiError } = await import('../api/api-error.ts');
    throw error instanceof ApiError ? error.withPlaces(placeOf) : error;
  }
}

/** A moment for people, to the minute and in UTC. */
export function minute(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

/** Prints a table with bold headings. */
export async function printTable(
  output: Output,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const { formatTable } = await import('../output/format.ts');
  const [first, ...texts] = formatTable(
    [...headings],
    rows.map((row) => [...row]),
  );
  output.line(output.style('bold', first!));
  for (const text of texts) output.line(text);
}

/** `a,b` and repeated options alike. */
export function parseList(text: string, previous: readonly string[] = []): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.some((item) => item === '')) throw new InvalidArgumentError('There is an empty entry.');
  return [...previous, ...items];
}

export function parseRepeated(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('Expected 1 to 65535.');
  return port;
}

/** Also 0: any free one. */
export function parseListenPort(text: string): number {
  return text === '0' ? 0 : parsePort(text);
}

export function parseDuration(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds === null) throw new InvalidArgumentError('Expected a time such as 30m, 24h or 7d.');
  return seconds;
}
