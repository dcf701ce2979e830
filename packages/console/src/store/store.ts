import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault } from '@zeronaut/model';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import pg from 'pg';
import type { Logger } from 'pino';
import { migrations } from './migrations/index.ts';
import { NOBODY_TO_TELL, type Notices, openNotices } from './notices.ts';
import { Refusal } from './refusal.ts';
import type { Schema } from './schema.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';

/** Reads and writes within one transaction. */
export type Queries = Kysely<Schema>;

/**
 * The console's database. Everything that a gateway must learn is written through `change`, which tells the sync room
 * after the commit; whoever writes past it writes only what no snapshot holds.
 */
export interface Store {
  readonly kind: 'sqlite' | 'postgres';
  /** For single statements outside a transaction. */
  readonly db: Queries;
  /** One transaction. A `Refusal` that is returned, and anything thrown, rolls it back. */
  transaction<T>(run: (queries: Queries) => Promise<T>): Promise<T>;
  /** Reads of many rows that lie far from each other: PostgreSQL asks the disk for many of them at a time instead of one after the other. */
  readScattered<T>(run: (queries: Queries) => Promise<T>): Promise<T>;
  /** The same, and listeners hear of it after a commit. */
  change<T>(organizationId: string, run: (queries: Queries) => Promise<T>): Promise<T>;
  /** Runs `told` once the transaction of `queries` is committed, at once where there is none; never after a rollback. Must not throw. */
  afterCommit(queries: Queries, told: () => void): void;
  /**
   * Called after each committed change of an organization, also one that another console on this database made; null: any may have
   * changed. Must not throw. Returns how to stop.
   */
  onChange(listener: (organizationId: string | null) => void): () => void;
  /** To and from the other consoles on this database. */
  readonly notices: Notices;
  /** Makes a consistent copy of the database and says where it is; the caller removes it. Null: PostgreSQL, which has its own tools. */
  readonly copy: (() => Promise<string>) | null;
  close(): Promise<void>;
}

/**
 * PostgreSQL takes the rows of one service for neighbours, as all keys begin with the organization, and would read them in the order of the
 * index; sorted by place, it can prefetch. Systems that cannot have a highest value of 0.
 */
const PREFETCH = sql`
  select set_config('enable_indexscan', 'off', true),
    set_config('effective_io_concurrency', least(64, max_val::int)::text, true)
  from pg_settings where name = 'effective_io_concurrency'`;

/** How long a statement waits for what somebody else has locked: one that waited for ever would take all connections with it. */
const LOCK_TIMEOUT_MS = 5_000;
/** PostgreSQL: lock_not_available, query_canceled, too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now; nobody listens. */
const UNAVAILABLE = new Set(['55P03', '57014', '53300', '57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET']);

// bigint columns hold milliseconds and counters, all far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * `sqlite:<file>` (or a bare path) or `postgres://…`. Creates and migrates as needed. Rejects with a Fault. `onMigrating`: called before
 * migrations are applied to a database that is in use already, with their names: those of large tables may take minutes.
 */
export async function openStore(
  url: string,
  {
    onMigrating,
    log,
  }: { readonly onMigrating?: (names: readonly string[]) => void; readonly log?: Pick<Logger, 'warn'> } = {},
): Promise<Store> {
  const kind = /^postgres(ql)?:/.test(url) ? 'postgres' : 'sqlite';
  const file = url.replace(/^sqlite:(\/\/)?/, '');
  if (kind === 'sqlite') mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const sqlite = kind === 'sqlite' ? createSqliteDialect(file) : null;
  const open = (more: pg.PoolConfig): Queries =>
    new Kysely<Schema>({
      dialect:
        sqlite ??
        new PostgresDialect({
          pool: new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: 5_000, ...more }),
        }),
    });
  const db = open({ lock_timeout: LOCK_TIMEOUT_MS });
  // Another console may be migrating for minutes.
  const migrating = sqlite === null ? open({}) : db;
  let notices: Notices;
  try {
    const migrator = new Migrator({
      db: migrating,
      provider: migrations,
      // They are numbered by area: one of an early area may come after those of a later one were applied.
      allowUnorderedMigrations: true,
    });
    const all = await migrator.getMigrations();
    const waiting = all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
    if (waiting.length > 0 && waiting.length < all.length) onMigrating?.(waiting);
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined) throw error;
    notices = kind === 'sqlite' ? NOBODY_TO_TELL : await openNotices(url, db, log);
  } catch (error) {
    await db.destroy();
    throw openFault(kind, file, error);
  } finally {
    if (migrating !== db) await migrating.destroy();
  }

  const listeners = new Set<(organizationId: string | null) => void>();
  const tellListeners = (organizationId: string | null): void => {
    for (const listener of listeners) listener(organizationId);
  };
  notices.listen({ onChange: tellListeners });
  /** By running transaction. */
  const toTell = new WeakMap<Queries, (() => void)[]>();
  async function transaction<T>(run: (queries: Queries) => Promise<T>): Promise<T> {
    const trx = await db.startTransaction().execute();
    const told: (() => void)[] = [];
    toTell.set(trx, told);
    try {
      const result = await run(trx);
      if (result instanceof Refusal) {
        await trx.rollback().execute();
      } else {
        await trx.commit().execute();
        for (const tell of told) tell();
      }
      return result;
    } catch (error) {
      if (!trx.isCommitted && !trx.isRolledBack) await trx.rollback().execute();
      throw error;
    }
  }
  return {
    kind,
    db,
    transaction,
    async readScattered(run) {
      if (kind === 'sqlite') return await run(db);
      return await transaction(async (queries) => {
        await PREFETCH.execute(queries);
        return await run(queries);
      });
    },
    async change(organizationId, run) {
      const result = await transaction(async (queries) => {
        const made = await run(queries);
        if (!(made instanceof Refusal)) await notices.tellChange(queries, organizationId);
        return made;
      });
      if (!(result instanceof Refusal)) tellListeners(organizationId);
      return result;
    },
    afterCommit(queries, told) {
      const waiting = toTell.get(queries);
      if (waiting === undefined) told();
      else waiting.push(told);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    copy: sqlite?.copy ?? null,
    notices,
    async close() {
      await notices.close();
      await db.destroy();
    },
  };
}

function openFault(kind: Store['kind'], file: string, cause: unknown): Fault {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (kind === 'sqlite' && /database is locked/.test(text)) {
    return new Fault('store.locked', {
      side: 'local',
      message: `the database ${file} is in use by another console; stop that one first`,
      cause,
    });
  }
  return new Fault('store.open_failed', {
    side: kind === 'sqlite' ? 'local' : 'upstream',
    message: `the ${kind} database cannot be opened: ${text}`,
    cause,
  });
}

/** True when the database could not be asked, or had no time: the same may work a moment later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code);
  return (
    UNAVAILABLE.has(code) ||
    /database is locked|timeout exceeded when trying to connect|Connection terminated/.test(error.message)
  );
}

/** True when a statement failed because a unique constraint would be broken. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return code === '23505' || /UNIQUE constraint failed|PRIMARY KEY/.test(error.message);
}
