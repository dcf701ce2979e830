import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { backup, DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** Prepared statements that are kept. Our queries are few and fixed; the bound only stops growth by `in (…)` lists. */
const STATEMENT_CACHE_SIZE = 500;
/** How long a statement waits for another process that writes (a backup tool) before it fails. */
const BUSY_TIMEOUT_MS = 5_000;
/** What a copy of the database ends with while it is there. */
const COPY_SUFFIX = '.copy';
/** Pages that are copied at once, 1 MiB: between two of them the queries go on. */
const COPY_PAGES = 256;

/**
 * Kysely on `node:sqlite`. One connection: Kysely's own mutex queues transactions, and every query runs to its end at
 * once. WAL with `synchronous=FULL`: what was answered (an audit entry above all) survives a power cut.
 */
export function createSqliteDialect(file: string): Dialect & { readonly copy: () => Promise<string> } {
  let driver: NodeSqliteDriver | null = null;
  return {
    copy: () => driver!.copy(),
    createAdapter: () => new Adapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createDriver: () => {
      driver = new NodeSqliteDriver(file);
      return driver;
    },
  };
}

/** Kysely leaves it off for those who switch foreign keys off in a migration, which a transaction would not let them. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class NodeSqliteDriver implements Driver {
  readonly #file: string;
  #connection: NodeSqliteConnection | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    // Copies that a console left which was killed meanwhile.
    for (const name of readdirSync(dirname(this.#file))) {
      if (name.startsWith(`${basename(this.#file)}-`) && name.endsWith(COPY_SUFFIX))
        rmSync(join(dirname(this.#file), name), { force: true });
    }
    // Made before SQLite opens it, for this user alone; the WAL file beside it gets the same mode.
    closeSync(openSync(this.#file, 'a', 0o600));
    const database = new DatabaseSync(this.#file, {
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      timeout: BUSY_TIMEOUT_MS,
    });
    // One console per file. In exclusive mode the first access takes the lock for as long as the file is open, which
    // also spares WAL its shared-memory file.
    database.exec('pragma busy_timeout = 300');
    database.exec('pragma locking_mode = exclusive');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('begin immediate; commit');
    database.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    this.#connection = new NodeSqliteConnection(database);
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection!;
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async releaseConnection(): Promise<void> {
    // The one connection lives as long as the driver.
  }

  /**
   * A consistent copy beside the file, for this user alone; whoever asked for it removes it. Page by page beside the queries, and whole
   * whatever they write meanwhile: SQLite keeps a copy up with writes of its own connection, and waits for an open transaction.
   */
  async copy(): Promise<string> {
    const target = `${this.#file}-${randomBytes(6).toString('hex')}${COPY_SUFFIX}`;
    closeSync(openSync(target, 'wx', 0o600));
    try {
      await backup(this.#connection!.database, target, { rate: COPY_PAGES });
    } catch (error) {
      await rm(target, { force: true });
      throw error;
    }
    return target;
  }

  async destroy(): Promise<void> {
    this.#connection?.close();
    this.#connection = null;
  }
}

class NodeSqliteConnection implements DatabaseConnection {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, { statement: StatementSync; reads: boolean }>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { statement, reads } = this.#prepare(query.sql);
    const parameters = query.parameters as SQLInputValue[];
    if (reads) return { rows: statement.all(...parameters) as R[] };
    const { changes } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing of ours streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not supported: read by pages');
  }

  close(): void {
    this.#statements.clear();
    this.database.close();
  }

  #prepare(sql: string): { statement: StatementSync; reads: boolean } {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    const prepared = { statement, reads: statement.columns().length > 0 };
    if (this.#statements.size >= STATEMENT_CACHE_SIZE) {
      this.#statements.delete(this.#statements.keys().next().value!);
    }
    this.#statements.set(sql, prepared);
    return prepared;
  }
}
