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
