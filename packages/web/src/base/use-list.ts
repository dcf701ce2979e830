import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { RouteId, RouteInput, RouteResponse, Routes } from '@zeronaut/model';
import { call } from './api.ts';

/** Routes that answer page by page. */
export type ListRouteId = {
  [Id in RouteId]: RouteResponse<Routes[Id]> extends { items: unknown[]; nextCursor: string | null } ? Id : never;
}[RouteId];

export type RowOf<Id extends ListRouteId> =
  RouteResponse<Routes[Id]> extends { items: (infer Row)[]; nextCursor: string | null } ? Row : never;

export interface List<Row> {
  /** Undefined while nothing has come yet. */
  readonly rows: readonly Row[] | undefined;
  readonly error: Error | null;
  readonly isFetching: boolean;
  readonly hasMore: boolean;
  /** Fetches the next page; while one is under way it does nothing. */
  readonly loadMore: () => void;
  readonly reload: () => void;
}

const PAGE_ROWS = 200;

/** A list of the API, page after page. The key is `[id, input]` as with `routeQuery`, so writes make both old alike. */
export function useList<Id extends ListRouteId>(id: Id, input: RouteInput<Routes[Id]>): List<RowOf<Id>> {
  type Page = { items: RowOf<Id>[]; nextCursor: string | null };
  const query = useInfiniteQuery({
    queryKey: [id, input, 'pages'],
    queryFn: async ({ pageParam, signal }) => {
      const asked = (input as { query?: object }).query;
      const paged = {
        ...input,
        query: { ...asked, limit: PAGE_ROWS, ...(pageParam !== null && { cursor: pageParam }) },
      };
      return (await call(id, paged as unknown as RouteInput<Routes[Id]>, { signal })) as unknown as Page;
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
  });
  return {
    rows: query.data?.pages.flatMap((page) => page.items),
    error: query.data === undefined ? query.error : null,
    isFetching: query.isFetching,
    hasMore: query.hasNextPage,
    loadMore: () => {
      if (!query.isFetching) void query.fetchNextPage();
    },
    reload: () => void query.refetch(),
  };
}
