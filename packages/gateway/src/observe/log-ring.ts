import { LOG_KEPT_LINES, type LogLevel, type LogLine } from '@zeronaut/model';

/**
 * The newest lines of the log, as they were written (so without secrets), for whoever looks through the console. It keeps warnings
 * and worse; what is below is shown while somebody looks for it, and never kept.
 */
export class LogRing {
  /** Of the line that is being written, by pino. */
  lastLevel = 0;
  readonly #next: { write(line: string): unknown };
  readonly #kept: string[] = [];
  #listener: ((line: string, level: number) => void) | null = null;

  /** Lines go on to `next`. */
  constructor(next: { write(line: string): unknown }) {
    this.#next = next;
    // Tells pino to say the level of each line.
    Object.assign(this, { [Symbol.for('pino.metadata')]: true });
  }

  write(line: string): void {
    const level = this.lastLevel;
    if (level >= LEVEL_NUMBER.warn) {
      this.#kept.push(line);
      if (this.#kept.length > LOG_KEPT_LINES) this.#kept.shift();
    }
    this.#listener?.(line, level);
    this.#next.write(line);
  }

  kept(): readonly string[] {
    return this.#kept;
  }

  /** One at a time; null: nobody. It must not write to the log. */
  listen(listener: ((line: string, level: number) => void) | null): void {
    this.#listener = listener;
  }
}

/** As pino counts them. */
export const LEVEL_NUMBER: Readonly<Record<LogLevel, number>> = { info: 30, warn: 40, error: 50, fatal: 60 };

const MAX_MESSAGE_CHARACTERS = 1_000;
const MAX_FIELDS_CHARACTERS = 2_000;
/** Of a line that pino wrote: beyond it nothing is looked at. */
const MAX_LINE_CHARACTERS = 65_536;

/** Null: it is too long, or no line of ours. */
export function toLogLine(text: string): LogLine | null {
  if (text.length > MAX_LINE_CHARACTERS) return null;
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  const { time, level, msg, pid: _pid, name: _name, ...fields } = line;
  if (typeof time !== 'string' || typeof level !== 'string' || !Object.hasOwn(LEVEL_NUMBER, level)) return null;
  return {
    at: time,
    level: level as LogLevel,
    message: String(msg ?? '').slice(0, MAX_MESSAGE_CHARACTERS),
    fields: JSON.stringify(fields).slice(0, MAX_FIELDS_CHARACTERS),
  };
}
