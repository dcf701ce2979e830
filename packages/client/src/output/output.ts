import { styleText } from 'node:util';
import type { CliError } from '../cli-error.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** The part of a stream that printing needs. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/**
 * What a command says, once for people and once for machines. With `--json`, stdout carries nothing but JSON: one
 * document, or one object per line from commands that go on. Colours only on a terminal and without NO_COLOR.
 */
export class Output {
  readonly json: boolean;
  readonly #stdout: TextSink;
  readonly #stderr: TextSink;
  readonly #colour: boolean;

  constructor(options: { json: boolean; stdout?: TextSink; stderr?: TextSink; environment?: NodeJS.ProcessEnv }) {
    this.json = options.json;
    this.#stdout = options.stdout ?? process.stdout;
    this.#stderr = options.stderr ?? process.stderr;
    const environment = options.environment ?? process.env;
    const noColour = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
    this.#colour = this.#stdout.isTTY === true && !noColour;
  }

  /** A line for people on stdout; nothing with `--json`. */
  line(text = ''): void {
    if (!this.json) this.#stdout.write(`${text}\n`);
  }

  /** A remark for people on stderr (progress, trouble that is being dealt with); nothing with `--json`. */
  note(text: string): void {
    if (!this.json) this.#stderr.write(`${text}\n`);
  }

  /** One object on a line of its own, only with `--json`. */
  event(name: string, data: Record<string, unknown> = {}): void {
    if (this.json) this.#stdout.write(`${JSON.stringify({ event: name, ...data })}\n`);
  }

  /** The one document of a command that ends, only with `--json`. */
  document(data: unknown): void {
    if (this.json) this.#stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  }

  error(error: CliError): void {
    if (this.json) {
      const { reason, message, next, details, exitCode } = error;
      const shown = { reason, message: printable(message), next, exitCode, ...(details.length > 0 && { details }) };
      this.#stderr.write(`${JSON.stringify({ error: shown })}\n`);
      return;
    }
    this.#stderr.write(`error: ${printable(error.message)}\n`);
    for (const detail of error.details) this.#stderr.write(`  ${printable(detail)}\n`);
    if (error.next !== '') this.#stderr.write(`  next: ${printable(error.next)}\n`);
  }

  style(style: Style, text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }
}

/**
 * Text that came from somebody else (a path, a host, a problem's detail) must not drive the terminal: control characters,
 * bidirectional overrides and line separators become `?`.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
}
