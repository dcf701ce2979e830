import { sql } from 'kysely';
import { encodeArray } from './postgres-array.ts';
import type { Store } from './store.ts';

/**
 * Whether a column of texts has one of these values, one at least. In PostgreSQL they are one parameter, so that the statement is as short, and
 * planned as fast, for five hundred as for one.
 */
export function isOneOf(kind: Store['kind'], column: string, values: readonly string[]) {
  const given =
    kind === 'postgres' ? sql`= any(${encodeArray('text', values)}::text[])` : sql`in (${sql.join(values)})`;
  return sql<boolean>`${sql.ref(column)} ${given}`;
}
