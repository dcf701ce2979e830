import { EXIT, type ExitCode } from './exit-code.ts';

/**
 * Ends a command with a message for a person, a reason for a script and an exit code. The only thing that commands
 * throw on purpose; `main.ts` prints it.
 */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** `room.what`, as in the model's REASONS where the console or a gateway said it, else `cli.…`. */
  readonly reason: string;
  /** What to do now. Empty: nothing sensible to say. */
  readonly next: string;
  readonly exitCode: ExitCode;
  /** Further lines, such as one per mistake in a file. */
  readonly details: readonly string[];

  constructor(
    message: string,
    options: { reason?: string; next?: string; exitCode?: ExitCode; details?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = options.reason ?? 'cli.failed';
    this.next = options.next ?? '';
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.details = options.details ?? [];
  }
}

/** A file that a command was to read. One that is not there is something else than one that is wrong. */
export function unreadableFile(file: string, error: unknown): CliError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new CliError(`cannot read ${file}: ${UNREADABLE[code ?? ''] ?? message}`, {
    reason: 'cli.file',
    next: 'Check the path.',
    exitCode: code === 'ENOENT' ? EXIT.notFound : EXIT.usage,
    cause: error,
  });
}

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

/** What a command was to write is there already, and it replaces nothing by itself. */
export function fileExists(file: string, next: string): CliError {
  return new CliError(`${file} exists`, { reason: 'cli.file', next, exitCode: EXIT.conflict });
}

export function usageError(message: string, next = 'Run the command with --help for examples.'): CliError {
  return new CliError(message, { reason: 'cli.usage', next, exitCode: EXIT.usage });
}
