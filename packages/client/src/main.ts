import { type Command, CommanderError } from 'commander';
import { CliError, usageError } from './cli-error.ts';
import type { CommandLine } from './commands/command-line.ts';
import { EXIT } from './exit-code.ts';
import { Output } from './output/output.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command line and resolves with its exit code. Every failure of a command ends here, and only here becomes
 * text or JSON.
 */
export async function main(args: readonly string[], line: CommandLine = systemLine()): Promise<number> {
  const program = createProgram(line);
  const running: { command: Command | null } = { command: null };
  program.hook('preAction', (_, command) => {
    running.command = command;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Help and version were printed already.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const failure = await toCliError(error, running.command);
    const { stdout, stderr, environment } = line;
    new Output({ json: wantsJson(args), stdout, stderr, environment }).error(failure);
    if ((environment.ZERONAUT_DEBUG ?? '') !== '') line.stderr.write(`${debugText(error)}\n`);
    return failure.exitCode;
  }
}

function systemLine(): CommandLine {
  for (const stream of [process.stdout, process.stderr]) {
    // `zeronaut services list | head -1`: who reads has had enough.
    stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed));
  }
  return { stdout: process.stdout, stderr: process.stderr, environment: process.env };
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

async function toCliError(error: unknown, running: Command | null): Promise<CliError> {
  // Loaded only where something failed: `--help` must not pay for it.
  const [{ ApiError }, { nameFields }] = await Promise.all([
    import('./api/api-error.ts'),
    import('./api/name-fields.ts'),
  ]);
  if (error instanceof ApiError && running !== null) return nameFields(error, running);
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) {
    return usageError(error.message.replace(/^error: /, '').replace(/\n/g, ' '));
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(message, { next: 'Run it again with ZERONAUT_DEBUG=1 to see where it failed.', cause: error });
}

function debugText(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && at !== null; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? (at.stack ?? at.message) : JSON.stringify(at));
  }
  return parts.join('\ncaused by: ');
}
