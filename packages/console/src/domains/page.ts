import { Refusal } from '../store/refusal.ts';

export interface PageQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

type CursorPart = string | number;

/** The place after which a page begins: the sort key of the last row before it. Null: the first page. */
export function parseCursor(
  text: string | undefined,
  shape: readonly ('string' | 'number')[],
): CursorPart[] | null | Refusal {
  if (text === undefined) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (
      Array.isArray(parts) &&
      parts.length === shape.length &&
      parts.every((part, i) => typeof part === shape[i] && (typeof part !== 'number' || Number.isSafeInteger(part)))
    ) {
      return parts;
    }
  } catch {
    // Not ours: refused below like any other text that is no cursor.
  }
  return new Refusal('api.invalid', { errors: [{ path: 'query/cursor', message: 'not a cursor of this list' }] });
}

/** `rows` holds up to one row more than the page; that one only tells that there is a next page. */
export function toPage<Row, T>(
  rows: Row[],
  limit: number,
  view: (row: Row) => T,
  cursorOf: (row: Row) => CursorPart[],
): Page<T> {
  const shown = rows.slice(0, limit);
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit ? encodeCursor(cursorOf(shown.at(-1)!)) : null,
  };
}

/**
 * Of `rows`, at most `scanned` of them, those whose body holds the text. When the page is not full although there were more rows,
 * the next page goes on after the last one that was looked at.
 */
export function searchPage<Row extends { readonly body: string }, T>(
  rows: readonly Row[],
  query: { readonly q: string; readonly limit: number },
  scanned: number,
  view: (row: Row) => T,
  cursorOf: (row: Row) => CursorPart[],
): Page<T> {
  // As it stands in the JSON, without the quotation marks around it.
  const text = JSON.stringify(query.q.toLowerCase()).slice(1, -1);
  const items: T[] = [];
  for (const row of rows) {
    if (!row.body.toLowerCase().includes(text)) continue;
    items.push(view(row));
    if (items.length === query.limit) return { items, nextCursor: encodeCursor(cursorOf(row)) };
  }
  return { items, nextCursor: rows.length < scanned ? null : encodeCursor(cursorOf(rows.at(-1)!)) };
}

function encodeCursor(parts: CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

export function isoTime(ms: number): string;
export function isoTime(ms: number | null): string | null;
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
