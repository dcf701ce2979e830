import { type ReferenceExpression, type SelectQueryBuilder, sql } from 'kysely';
import { Refusal } from '../store/refusal.ts';
import type { Schema } from '../store/schema.ts';
import { type Page, type PageQuery, parseCursor, toPage } from './page.ts';

export interface ListQuery<Sort extends string> extends PageQuery {
  readonly q?: string | undefined;
  readonly sort: Sort | `-${Sort}`;
}

/** A column by which a list can be sorted. Ids sort by the time when they were made. */
export interface SortColumn<T extends keyof Schema> {
  readonly column: keyof Schema[T] & string;
  readonly type: 'string' | 'number';
  /** Null counts as 0, or as the empty text. */
  readonly nullable?: boolean;
}

/**
 * One page of rows, sorted by one column and then by id, so that the order is whole and a page begins where the last one ended,
 * whatever was added meanwhile. A cursor counts only for the order in which it was given.
 */
export async function listPage<T extends keyof Schema, O extends { id: string }, V>(
  select: SelectQueryBuilder<Schema, T, O>,
  query: ListQuery<string>,
  sorts: Readonly<Record<string, SortColumn<T>>>,
  view: (row: O) => V,
): Promise<Page<V> | Refusal> {
  const rows = await listRows(select, query, sorts);
  return rows instanceof Refusal ? rows : toPage(rows.items, query.limit, view, rows.cursorOf);
}

/** The same before it is shown: up to one row more than the page. */
export async function listRows<T extends keyof Schema, O extends { id: string }>(
  select: SelectQueryBuilder<Schema, T, O>,
  query: ListQuery<string>,
  sorts: Readonly<Record<string, SortColumn<T>>>,
): Promise<{ items: O[]; cursorOf: (row: O) => (string | number)[] } | Refusal> {
  const downwards = query.sort.startsWith('-');
  const { column, type, nullable } = sorts[downwards ? query.sort.slice(1) : query.sort]!;
  const after = parseCursor(query.cursor, ['string', type, 'string']);
  if (after instanceof Refusal) return after;
  if (after !== null && after[0] !== query.sort) {
    return new Refusal('api.invalid', { errors: [{ path: 'query/cursor', message: 'a cursor of another order' }] });
  }
  const nothing = type === 'number' ? sql.lit(0) : sql.lit('');
  const value = nullable === true ? sql`coalesce(${sql.ref(column)}, ${nothing})` : sql`${sql.ref(column)}`;
  const direction = downwards ? ('desc' as const) : ('asc' as const);
  let page = select;
  if (after !== null) {
    const compare = sql.raw(downwards ? '<' : '>');
    page = page.where(sql<boolean>`(${value}, id) ${compare} (${after[1]}, ${after[2]})`);
  }
  const items = await page
    .orderBy(value, direction)
    .orderBy(sql`id`, direction)
    .limit(query.limit + 1)
    .execute();
  return {
    items,
    cursorOf: (row) => [
      query.sort,
      ((row as Record<string, unknown>)[column] as string | number | null) ?? (type === 'number' ? 0 : ''),
      row.id,
    ],
  };
}

/** True where one of the columns contains the text, in any case. */
export function contains<T extends keyof Schema>(text: string, columns: readonly ReferenceExpression<Schema, T>[]) {
  const pattern = `%${text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`(${sql.join(
    columns.map((column) => sql`lower(${sql.ref(column as string)}) like ${pattern} escape '\\'`),
    sql` or `,
  )})`;
}
