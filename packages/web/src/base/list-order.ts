import type { ListSearch } from './list-search.ts';

/** What a row says to search and sort: texts compare as people order them (`app2` before `app10`), null comes last. */
export type Value = string | number | null;

/** Rows that have every word of `q`, in any case. */
export function matching<Row>(rows: readonly Row[], q: string, textOf: (row: Row) => string): readonly Row[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textOf(row).toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function sorted<Row>(
  rows: readonly Row[],
  readValue: (row: Row) => Value,
  descending: boolean,
  language: string,
): readonly Row[] {
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, value: readValue(row) }))
    .sort(({ value: a }, { value: b }) => {
      if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
      return sign * (typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b)));
    })
    .map(({ row }) => row);
}

/** How the rows of a list are found and ordered by what the URL says of it. */
export interface Narrowing<Row> {
  /** What the search looks through. */
  readonly textOf: (row: Row) => string;
  readonly filters?: readonly { readonly key: string; readonly matches: (row: Row, value: string) => boolean }[];
  /** By what it can be ordered, by its name in the URL. */
  readonly orders?: readonly { readonly key: string; readonly value?: ((row: Row) => Value) | undefined }[];
}

/** The column of `?sort=`, and which way. */
function orderOf(sort: string | undefined): { readonly key: string | undefined; readonly descending: boolean } {
  return { key: sort?.replace(/^-/, ''), descending: sort?.startsWith('-') ?? false };
}

export function narrowed<Row>(
  rows: readonly Row[],
  search: ListSearch,
  { textOf, filters = [], orders = [] }: Narrowing<Row>,
  language: string,
): readonly Row[] {
  let found = matching(rows, search.q ?? '', textOf);
  for (const { key, matches } of filters) {
    const value = search[key];
    if (value !== undefined) found = found.filter((row) => matches(row, value));
  }
  const order = orderOf(search.sort);
  const by = orders.find(({ key }) => key === order.key)?.value;
  return by === undefined ? found : sorted(found, by, order.descending, language);
}

/** Whether the URL asks for less than all of the rows. An order alone takes none away. */
export function isNarrowing(search: ListSearch, filters: readonly { readonly key: string }[] = []): boolean {
  return (search.q ?? '') !== '' || filters.some(({ key }) => search[key] !== undefined);
}
