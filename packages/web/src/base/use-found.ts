import { useEffect } from 'react';
import type { List } from './use-list.ts';

/** One row of a list whose noun has no route of its own for one: pages are fetched until it comes. Null: there is none. */
export function useFound<Row extends { readonly id: string }>(list: List<Row>, id: string): Row | null | undefined {
  const { rows, hasMore, isFetching, loadMore } = list;
  const row = rows?.find((one) => one.id === id);
  const isSearching = rows !== undefined && row === undefined && hasMore;
  useEffect(() => {
    if (isSearching && !isFetching) loadMore();
  }, [isSearching, isFetching, loadMore]);
  return row ?? (rows === undefined || isSearching ? undefined : null);
}
