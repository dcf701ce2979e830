import { type RawBuilder, sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Filter, FilterOperator } from './filter.ts';

/** What an attribute of a filter is in the database. */
export type FilterColumn =
  /** Compared as it is, or without regard to case. */
  | { readonly kind: 'text'; readonly column: RawBuilder<unknown>; readonly exact: boolean }
  | { readonly kind: 'boolean'; readonly column: RawBuilder<boolean> }
  /** Milliseconds there, RFC 3339 here. */
  | { readonly kind: 'time'; readonly column: RawBuilder<unknown> }
  /** The same for all. */
  | { readonly kind: 'constant'; readonly value: string }
  /** Somebody among several: only whether there is one, or who. */
  | { readonly kind: 'member'; readonly some: (value: string | null) => RawBuilder<boolean> };

export type FilterColumns = Readonly<Record<string, FilterColumn>>;

const YES = sql<boolean>`1 = 1`;
const NO = sql<boolean>`1 = 0`;

/** Every value is a parameter; of the text of a filter nothing becomes SQL. */
export function compileFilter(filter: Filter, columns: FilterColumns): RawBuilder<boolean> | Refusal {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts: RawBuilder<boolean>[] = [];
      for (const one of filter.parts) {
        const part = compileFilter(one, columns);
        if (part instanceof Refusal) return part;
        parts.push(part);
      }
      return sql<boolean>`(${sql.join(parts, filter.kind === 'and' ? sql` and ` : sql` or `)})`;
    }
    case 'not': {
      const part = compileFilter(filter.part, columns);
      return part instanceof Refusal ? part : sql<boolean>`not (${part})`;
    }
    case 'compare': {
      const column = Object.hasOwn(columns, filter.path) ? columns[filter.path] : undefined;
      if (column === undefined) return invalid(`${filter.path} cannot be asked for`);
      return compare(column, filter.operator, filter.value, filter.path);
    }
  }
}

function compare(
  column: FilterColumn,
  operator: FilterOperator,
  value: string | number | boolean | null,
  path: string,
): RawBuilder<boolean> | Refusal {
  const wrong = () => invalid(`${path} ${operator} with such a value`);
  switch (column.kind) {
    case 'text': {
      if (operator === 'pr') return sql`(${column.column} is not null and ${column.column} <> '')`;
      if (value === null && operator === 'eq') return sql`${column.column} is null`;
      if (value === null && operator === 'ne') return sql`${column.column} is not null`;
      return typeof value === 'string' ? compareText(column.column, column.exact, operator, value) : wrong();
    }
    case 'boolean': {
      if (operator === 'pr') return YES;
      // Entra writes "True".
      const wanted = typeof value === 'string' ? parseBoolean(value) : value;
      if (typeof wanted !== 'boolean' || (operator !== 'eq' && operator !== 'ne')) return wrong();
      return wanted === (operator === 'eq') ? column.column : sql`not (${column.column})`;
    }
    case 'time': {
      if (operator === 'pr') return YES;
      const atMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
      const signs: Partial<Record<FilterOperator, RawBuilder<unknown>>> = {
        eq: sql`=`,
        ne: sql`<>`,
        gt: sql`>`,
        ge: sql`>=`,
        lt: sql`<`,
        le: sql`<=`,
      };
      const sign = signs[operator];
      return Number.isNaN(atMs) || sign === undefined ? wrong() : sql`${column.column} ${sign} ${atMs}`;
    }
    case 'constant': {
      if (operator === 'pr') return YES;
      if (operator !== 'eq' && operator !== 'ne') return wrong();
      const same = String(value).toLowerCase() === column.value.toLowerCase();
      return same === (operator === 'eq') ? YES : NO;
    }
    case 'member':
      if (operator === 'pr') return column.some(null);
      return operator === 'eq' && typeof value === 'string' ? column.some(value) : wrong();
  }
}

function compareText(
  column: RawBuilder<unknown>,
  exact: boolean,
  operator: FilterOperator,
  value: string,
): RawBuilder<boolean> {
  // Both sides are folded by the database: its idea of case may differ from ours.
  const left = exact ? column : sql`lower(${column})`;
  const fold = (text: string) => (exact ? sql`${text}` : sql`lower(${text})`);
  const escaped = value.replace(/[\\%_]/g, (character) => `\\${character}`);
  switch (operator) {
    case 'ne':
      return sql`(${column} is null or ${left} <> ${fold(value)})`;
    case 'co':
      return sql`${left} like ${fold(`%${escaped}%`)} escape '\\'`;
    case 'sw':
      return sql`${left} like ${fold(`${escaped}%`)} escape '\\'`;
    case 'ew':
      return sql`${left} like ${fold(`%${escaped}`)} escape '\\'`;
    case 'gt':
      return sql`${left} > ${fold(value)}`;
    case 'ge':
      return sql`${left} >= ${fold(value)}`;
    case 'lt':
      return sql`${left} < ${fold(value)}`;
    case 'le':
      return sql`${left} <= ${fold(value)}`;
    default:
      return sql`${left} = ${fold(value)}`;
  }
}

/** `true`, and `"True"` as Entra writes it. */
export function parseBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return null;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : null;
}

function invalid(detail: string): Refusal {
  return new Refusal('scim.filter_invalid', { detail });
}
