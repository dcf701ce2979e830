import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Queries } from './store.ts';

/**
 * What consoles on one PostgreSQL tell each other (`LISTEN` and `NOTIFY`). A change is told with the commit that makes it: who
 * does not hear it was not connected, and is told so when it is again. Everything else is told soon, and at best. One console
 * on SQLite has nobody to tell.
 */
export interface Notices {
  /** An organization changed; with the commit of `queries`, never after a rollback. */
  tellChange(queries: Queries, organizationId: string): Promise<void>;
  /** A value of JSON, to those who listen for this topic. */
  tell(topic: NoticeTopic, value: unknown): void;
  /** From now on `listener` hears what other consoles tell. */
  listen(listener: NoticeListener): void;
  close(): Promise<void>;
}

/**
 * `live`: what pages watch. `gateways`: how those are that are linked to the console that tells it. `checkpoints`: of which
 * organization there is a new one, for its gateways to co-sign.
 */
const TOPICS = ['live', 'gateways', 'checkpoints'] as const;
export type NoticeTopic = (typeof TOPICS)[number];

/** Must not throw. */
export interface NoticeListener {
  /** Null: for a while nothing was heard; any organization may have changed. */
  onChange?(organizationId: string | null): void;
  /** `console`: which one tells it, in this life of it. */
  onTold?(topic: NoticeTopic, value: unknown, console: string): void;
  /** Something was not told. */
  onLost?(): void;
}

export const NOBODY_TO_TELL: Notices = {
  tellChange: async () => undefined,
  tell: () => undefined,
  listen: () => undefined,
  close: async () => undefined,
};

const CHANNEL = 'zeronaut';
/** PostgreSQL takes payloads that are shorter than 8,000 bytes: what is longer is told in parts, up to so many. */
const PART_BYTES = 7_500;
const MAX_PARTS = 64;
/** What comes within this time goes out as one statement; beyond so many parts, that something is missing. */
const SETTLE_MS = 10;
const MAX_AT_ONCE = 500;
const FIRST_RETRY_MS = 200;
const LAST_RETRY_MS = 5_000;
/** A connection that says nothing for so long is asked whether it is there, and given up if it does not answer in time. */
const ASK_EVERY_MS = 10_000;
const ANSWER_TIMEOUT_MS = 5_000;

/** Rejects when the database does not take the first connection. */
export async function openNotices(url: string, db: Queries, log: Pick<Logger, 'warn'> | undefined): Promise<Notices> {
  const notices = new PostgresNotices(url, db, log);
  await notices.connect();
  return notices;
}

class PostgresNotices implements Notices {
  readonly #url: string;
  readonly #db: Queries;
  readonly #log: Pick<Logger, 'warn'> | undefined;
  /** Of this console: what it tells comes back to it as well. */
  readonly #id = randomUUID();
  readonly #listeners = new Set<NoticeListener>();
  #client: pg.Client | null = null;
  #retry: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  #watch: NodeJS.Timeout | null = null;
  #waiting: string[] = [];
  /** Of a notice of which more parts are to come, by console. */
  readonly #parts = new Map<string, readonly string[]>();
  #flush: NodeJS.Timeout | null = null;
  #telling: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(url: string, db: Queries, log: Pick<Logger, 'warn'> | undefined) {
    this.#url = url;
    this.#db = db;
    this.#log = log;
  }

  async tellChange(queries: Queries, organizationId: string): Promise<void> {
    await notify(queries, [`${this.#id} change ${organizationId}`]);
  }

  tell(topic: NoticeTopic, value: unknown): void {
    if (this.#closed) return;
    const text = asciiJson(value);
    const count = Math.ceil(text.length / PART_BYTES);
    if (count > MAX_PARTS) this.#waiting.push(`${this.#id} lost`);
    for (let index = 0; index < count && count <= MAX_PARTS; index++) {
      const part = text.slice(index * PART_BYTES, (index + 1) * PART_BYTES);
      this.#waiting.push(`${this.#id} ${topic} ${index} ${count} ${part}`);
    }
    this.#flush ??= setTimeout(() => {
      this.#flush = null;
      this.#telling = this.#telling.then(() => this.#tell());
    }, SETTLE_MS);
  }

  listen(listener: NoticeListener): void {
    this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#flush !== null) clearTimeout(this.#flush);
    if (this.#retry !== null) clearTimeout(this.#retry);
    if (this.#watch !== null) clearInterval(this.#watch);
    await this.#telling;
    await this.#client?.end();
  }

  async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
    });
    let ended = false;
    const lose = (error?: Error): void => {
      if (ended) return;
      ended = true;
      void client.end().catch(() => undefined);
      if (this.#client !== client) return;
      this.#client = null;
      if (this.#watch !== null) clearInterval(this.#watch);
      if (this.#closed) return;
      this.#log?.warn({ err: error }, 'other consoles are not heard, connecting again');
      this.#again();
    };
    client.on('error', lose);
    client.on('end', () => lose());
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    try {
      await client.connect();
      await client.query(`listen ${CHANNEL}`);
      if (ended || this.#closed) throw new Error('the connection has ended');
    } catch (error) {
      lose();
      throw error;
    }
    this.#client = client;
    this.#parts.clear();
    this.#retryMs = FIRST_RETRY_MS;
    this.#watch = setInterval(() => void client.query('select 1').catch(lose), ASK_EVERY_MS);
  }

  #again(): void {
    const delayMs = this.#retryMs / 2 + Math.random() * (this.#retryMs / 2);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
    this.#retry = setTimeout(() => {
      this.connect().then(
        () => {
          if (this.#closed) return;
          for (const listener of this.#listeners) listener.onChange?.(null);
          this.#lost();
        },
        () => {
          if (!this.#closed) this.#again();
        },
      );
    }, delayMs);
  }

  #hear(payload: string): void {
    const [, from, topic, rest] = /^(\S+) (\S+) ?(.*)$/.exec(payload) ?? [];
    if (from === undefined || from === this.#id) return;
    if (topic === 'change') for (const listener of this.#listeners) listener.onChange?.(rest!);
    else if (topic === 'lost') this.#lost();
    else if (isTopic(topic)) this.#takePart(from, topic, rest!);
  }

  /** Parts of one notice were told by one statement, and come one after the other. */
  #takePart(from: string, topic: NoticeTopic, text: string): void {
    const [, index, count, part] = /^(\d+) (\d+) (.*)$/.exec(text) ?? [];
    const before = index === '0' ? [] : (this.#parts.get(from) ?? []);
    this.#parts.delete(from);
    if (part === undefined || before.length !== Number(index)) {
      this.#lost();
      return;
    }
    const parts = [...before, part];
    if (parts.length < Number(count)) {
      this.#parts.set(from, parts);
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(parts.join(''));
    } catch {
      this.#lost();
      return;
    }
    for (const listener of this.#listeners) listener.onTold?.(topic, value, from);
  }

  #lost(): void {
    for (const listener of this.#listeners) listener.onLost?.();
  }

  async #tell(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await notify(this.#db, waiting.length > MAX_AT_ONCE ? [`${this.#id} lost`] : waiting).catch((error: unknown) =>
      this.#log?.warn({ err: error }, 'other consoles were not told what happens here'),
    );
  }
}

function isTopic(word: string | undefined): word is NoticeTopic {
  return (TOPICS as readonly (string | undefined)[]).includes(word);
}

/** So that a character is a byte. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

async function notify(queries: Queries, payloads: readonly string[]): Promise<void> {
  await sql`select pg_notify(${CHANNEL}, payload) from unnest(${payloads}::text[]) as payload`.execute(queries);
}
