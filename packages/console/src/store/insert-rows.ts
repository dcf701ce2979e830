import { type RawBuilder, sql } from 'kysely';
import { encodeArray } from './postgres-array.ts';
import type { Schema } from './schema.ts';
import type { Queries, Store } from './store.ts';

/** Of one statement in SQLite, below what it takes (32,766). */
const SQLITE_PARAMETERS = 10_000;

type Row = Readonly<Record<string, string | number | null>>;
export type RowColumns<R extends Row> = {
  readonly [K in keyof R & string]: R[K] extends number | null ? 'bigint' : 'text';
};

/**
 * Inserts rows, one at least. PostgreSQL gets each column as one array, in binary: a list of values makes it parse and plan a thousand parameters for a
 * hundred rows, which costs it as much as storing them. SQLite, which has no wire, takes values.
 *
 * `columns`: all that a row has, with their types. `conflict`: an `on conflict` clause; none by default. `beside`: what changes with them, in
 * PostgreSQL in the same statement.
 */
export async function insertRows<R extends Row>(
  queries: Queries,
  kind: Store['kind'],
  table: keyof Schema & string,
  columns: RowColumns<R>,
  rows: readonly R[],
  { conflict = sql``, beside }: { readonly conflict?: RawBuilder<unknown>; readonly beside?: RawBuilder<unknown> } = {},
): Promise<void> {
  const names = Object.keys(columns) as (keyof R & string)[];
  const into = sql`into ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))})`;
  if (kind === 'postgres') {
    const first = beside === undefined ? sql`` : sql`with beside as (${beside}) `;
    const arrays = names.map((name) => {
      const values = rows.map((row) => row[name]!);
      return sql`${encodeArray(columns[name], values)}::${sql.raw(columns[name])}[]`;
    });
    await sql`${first}insert ${into} select * from unnest(${sql.join(arrays)}) ${conflict}`.execute(queries);
    return;
  }
  const atOnce = Math.floor(SQLITE_PARAMETERS / names.length);
  for (let at = 0; at < rows.length; at += atOnce) {
    const values = rows.slice(at, at + atOnce).map((row) => sql`(${sql.join(names.map((name) => row[name]!))})`);
    await sql`insert ${into} values ${sql.join(values)} ${conflict}`.execute(queries);
  }
  if (beside !== undefined) await beside.execute(queries);
}
