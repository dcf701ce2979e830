export interface FetchedPage<Row> {
  readonly items: Row[];
  readonly nextCursor: string | null;
}

/** Rows that make a page worth showing. */
const ENOUGH_ROWS = 20;

/**
 * A page of a search holds what was found among those that were looked through for it: few, or none. Several of them are one here, until
 * there is enough to show, or `budgetMs` is over. All of what is fetched is in the answer.
 */
export async function fillPage<Row>(
  fetchPage: (cursor: string | null) => Promise<FetchedPage<Row>>,
  cursor: string | null,
  budgetMs: number,
): Promise<FetchedPage<Row>> {
  const startedAt = performance.now();
  const first = await fetchPage(cursor);
  const items = [...first.items];
  let { nextCursor } = first;
  while (nextCursor !== null && items.length < ENOUGH_ROWS && performance.now() - startedAt < budgetMs) {
    const next = await fetchPage(nextCursor);
    items.push(...next.items);
    nextCursor = next.nextCursor;
  }
  return { items, nextCursor };
}
