import type { Problem } from '@zeronaut/model';
import { CliError } from '../cli-error.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';

/** The console said no. */
export class ApiError extends CliError {
  readonly status: number;
  /** The same id is in the console's log. */
  readonly requestId: string;

  readonly #problem: Problem;
  /** What the person wrote where each of the problem's errors is; null: not known. */
  readonly #places: readonly (string | null)[];

  constructor(problem: Problem, places: readonly (string | null)[] = []) {
    super(problem.detail ?? problem.title, {
      reason: problem.reason,
      next: problem.next ?? '',
      exitCode: exitCodeOf(problem.status),
      details: [
        ...(problem.errors ?? []).map(({ path, message }, index) => `${places[index] ?? path}: ${message}`),
        ...(problem.requestId === '' ? [] : [`reason ${problem.reason}, request ${problem.requestId}`]),
      ],
    });
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.#problem = problem;
    this.#places = places;
  }

  /** The same refusal, which calls fields what the person wrote. `placeOf` gets a JSON pointer and answers null for what it does not know. */
  withPlaces(placeOf: (pointer: string) => string | null): ApiError {
    const errors = this.#problem.errors ?? [];
    return new ApiError(
      this.#problem,
      errors.map(({ path }, index) => this.#places[index] ?? placeOf(path)),
    );
  }
}

/** Nobody answered, or not in time, or not as a console would. */
export class ConsoleUnreachable extends CliError {
  /** The end of the message, for places that name the console already. */
  readonly why: string;

  constructor(consoleUrl: string, why: string, cause?: unknown) {
    super(`the console at ${consoleUrl} cannot be reached: ${why}`, {
      reason: 'cli.console_unreachable',
      next: 'Check that it runs (npm start, or zeronaut console run) and that the address is right (zeronaut status).',
      exitCode: EXIT.consoleUnreachable,
      cause,
    });
    this.why = why;
  }
}

/** True when the console has no opinion because it is not there or not well; false when it said no. */
export function isConsoleAway(error: unknown): boolean {
  return error instanceof ConsoleUnreachable || (error instanceof ApiError && error.status >= 500);
}

function exitCodeOf(status: number): ExitCode {
  switch (status) {
    case 401:
      return EXIT.notSignedIn;
    case 403:
      return EXIT.refused;
    case 404:
    case 410:
      return EXIT.notFound;
    case 409:
    case 412:
      return EXIT.conflict;
    case 400:
    case 422:
      return EXIT.usage;
    case 503:
      return EXIT.consoleUnreachable;
    default:
      return EXIT.failed;
  }
}
