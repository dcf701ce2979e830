import { randomUUID } from 'node:crypto';
import { LOG_KEPT_LINES, LOG_LEVELS, type LogLevel, type LogLine, type SyncFromConsole } from '@zeronaut/model';

/** What somebody who looks at the log of a gateway is told. */
export interface LogPage {
  readonly lines: readonly LogLine[];
  readonly dropped: number;
  readonly cursor: string;
}

/** After the last look the gateway is told to stop, and its lines are forgotten (ms). */
const NOBODY_LOOKS_MS = 40_000;
/** The gateway is told this often that somebody still looks (ms). */
const RENEW_MS = 30_000;
/** For the first lines of a gateway (ms). */
const FIRST_LINES_MS = 3_000;
/** Looks at one gateway that wait for a line at once; more are answered with what there is. */
const MAX_WAITING = 20;

/** The log of one connected gateway while somebody looks at it: asked for, bounded, and gone afterwards. */
export class GatewayLog {
  readonly #send: (message: SyncFromConsole) => void;
  /** Cursors of another life of the tail mean nothing. */
  #epoch = '';
  #level: LogLevel = 'warn';
  #lines: { readonly seq: number; readonly line: LogLine }[] = [];
  #seq = 0;
  /** Lines that the gateway left out, counted as they come, by the `seq` that they stand before. */
  #drops: { readonly seq: number; readonly count: number }[] = [];
  #hasBegun = false;
  #askedAt = 0;
  #end: NodeJS.Timeout | null = null;
  #waiters = new Set<() => void>();

  constructor(send: (message: SyncFromConsole) => void) {
    this.#send = send;
  }

  async read(query: { level: LogLevel; after: string | undefined; waitMs: number }): Promise<LogPage> {
    this.#look(query.level);
    const after = this.#position(query.after);
    if (!this.#hasBegun) await this.#wait(FIRST_LINES_MS, () => this.#hasBegun);
    const minimum = LOG_LEVELS.indexOf(query.level);
    const fresh = () => this.#lines.filter(({ seq, line }) => seq > after && LOG_LEVELS.indexOf(line.level) >= minimum);
    if (fresh().length === 0 && query.waitMs > 0) await this.#wait(query.waitMs, () => fresh().length > 0);
    const oldest = this.#lines[0]?.seq ?? this.#seq + 1;
    const gone = after === 0 ? 0 : Math.max(0, oldest - 1 - after);
    const left = this.#drops.filter(({ seq }) => seq > after).reduce((sum, { count }) => sum + count, 0);
    return { lines: fresh().map(({ line }) => line), dropped: gone + left, cursor: `${this.#epoch}.${this.#seq}` };
  }

  /** False: nobody asked for it. */
  take(lines: readonly LogLine[], dropped: number): boolean {
    if (this.#epoch === '') return false;
    this.#hasBegun = true;
    if (dropped > 0) this.#drops.push({ seq: this.#seq + 1, count: dropped });
    for (const line of lines) this.#lines.push({ seq: ++this.#seq, line });
    if (this.#lines.length > LOG_KEPT_LINES) this.#lines.splice(0, this.#lines.length - LOG_KEPT_LINES);
    if (this.#drops.length > LOG_KEPT_LINES) this.#drops.shift();
    for (const wake of [...this.#waiters]) wake();
    return true;
  }

  stop(): void {
    if (this.#end !== null) clearTimeout(this.#end);
    this.#end = null;
    this.#epoch = '';
    this.#lines = [];
    this.#drops = [];
    for (const wake of [...this.#waiters]) wake();
  }

  /** The gateway sends what the most curious of those who look wants. */
  #look(level: LogLevel): void {
    const now = performance.now();
    const isNew = this.#epoch === '';
    if (isNew) {
      this.#epoch = randomUUID();
      this.#level = level;
      this.#seq = 0;
      this.#hasBegun = false;
    }
    const isLower = LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(this.#level);
    if (isLower) this.#level = level;
    if (isNew || isLower || now - this.#askedAt > RENEW_MS) {
      this.#askedAt = now;
      this.#send({ type: 'tail_log', level: this.#level });
    }
    if (this.#end !== null) clearTimeout(this.#end);
    this.#end = setTimeout(() => {
      this.#send({ type: 'tail_log', level: null });
      this.stop();
    }, NOBODY_LOOKS_MS);
    this.#end.unref();
  }

  #position(cursor: string | undefined): number {
    const [epoch, seq] = cursor?.split('.') ?? [];
    return epoch === this.#epoch && /^\d{1,15}$/.test(seq ?? '') ? Number(seq) : 0;
  }

  async #wait(timeoutMs: number, enough: () => boolean): Promise<void> {
    if (this.#waiters.size >= MAX_WAITING) return;
    const epoch = this.#epoch;
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve();
      };
      const look = () => {
        if (this.#epoch !== epoch || enough()) finish();
      };
      const timer = setTimeout(finish, timeoutMs);
      this.#waiters.add(look);
    });
  }
}
