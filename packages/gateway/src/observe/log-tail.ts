import { type LogLevel, type LogLine, SYNC_MAX_LOG_LINES, type SyncFromGateway } from '@zeronaut/model';
import { LEVEL_NUMBER, type LogRing, toLogLine } from './log-ring.ts';

/**
 * The log for whoever looks at it through the console: what is kept, then what comes. Nothing is read or sent while nobody looks, and
 * a console that forgot to say so is not sent to for ever.
 */
const BATCH_MS = 250;
/** Of what is sent live; beyond it lines are counted. */
const LINES_PER_SECOND = 50;
/** The console says again that somebody looks; this long after the last word nobody does (ms). */
const FORGET_MS = 90_000;

export class LogTail {
  readonly #ring: LogRing;
  readonly #send: (message: SyncFromGateway) => boolean;
  #level = 0;
  #timer: NodeJS.Timeout | null = null;
  #endsAt = 0;
  #waiting: string[] = [];
  #dropped = 0;
  #budget = LINES_PER_SECOND;
  #budgetAt = 0;

  constructor(ring: LogRing, send: (message: SyncFromGateway) => boolean) {
    this.#ring = ring;
    this.#send = send;
  }

  /** Null: nobody looks. A level that is asked again goes on. */
  follow(level: LogLevel | null): void {
    if (level === null) {
      this.stop();
      return;
    }
    this.#level = LEVEL_NUMBER[level];
    this.#endsAt = performance.now() + FORGET_MS;
    if (this.#timer !== null) return;
    const kept = parsed(this.#ring.kept());
    for (let start = 0; start === 0 || start < kept.length; start += SYNC_MAX_LOG_LINES) {
      this.#send({ type: 'log', lines: kept.slice(start, start + SYNC_MAX_LOG_LINES), dropped: 0 });
    }
    this.#ring.listen((line, lineLevel) => this.#take(line, lineLevel));
    this.#timer = setInterval(() => this.#flush(), BATCH_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#ring.listen(null);
    this.#waiting = [];
    this.#dropped = 0;
  }

  #take(line: string, level: number): void {
    if (level < this.#level) return;
    const now = performance.now();
    this.#budget = Math.min(LINES_PER_SECOND, this.#budget + ((now - this.#budgetAt) / 1_000) * LINES_PER_SECOND);
    this.#budgetAt = now;
    if (this.#budget < 1 || this.#waiting.length >= SYNC_MAX_LOG_LINES) {
      this.#dropped++;
      return;
    }
    this.#budget--;
    this.#waiting.push(line);
  }

  #flush(): void {
    if (performance.now() > this.#endsAt) {
      this.stop();
      return;
    }
    if (this.#waiting.length === 0 && this.#dropped === 0) return;
    const lines = parsed(this.#waiting);
    const dropped = this.#dropped + this.#waiting.length - lines.length;
    this.#waiting = [];
    this.#dropped = 0;
    // A link that is down ends the tail, see `ConsoleLink`; what was not sent then is of no use.
    this.#send({ type: 'log', lines, dropped });
  }
}

function parsed(lines: readonly string[]): LogLine[] {
  return lines.map(toLogLine).filter((line) => line !== null);
}
