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
 * A page of a search that looks through `scanned` rows at most: `found` are the matches among them, up to one more than the page.
 * When the page is not full although there were more rows, the next one goes on after the last row that was looked at.
 */
export function searchPage<Row, T>(
  found: readonly Row[],
  limit: number,
  lastScanned: CursorPart[] | null,
  view: (row: Row) => T,
  cursorOf: (row: Row) => CursorPart[],
): Page<T> {
  const items = found.slice(0, limit).map(view);
  if (found.length > limit) return { items, nextCursor: encodeCursor(cursorOf(found[limit - 1]!)) };
  return { items, nextCursor: lastScanned === null ? null : encodeCursor(lastScanned) };
}

/** A text as it stands in a JSON body in lower case, without the quotation marks around it. */
export function bodyText(text: string): string {
  return JSON.stringify(text.toLowerCase()).slice(1, -1);
}

function encodeCursor(parts: CursorPart[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

export function isoTime(ms: number): string;
export function isoTime(ms: number | null): string | null;
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
