import { keepPreviousData, type UseQueryResult, useInfiniteQuery } from '@tanstack/react-query';
import type { RouteId, RouteInput, RouteResponse, Routes } from '@zeronaut/model';
import { call } from './api.ts';
import { type FetchedPage, fillPage } from './fill-page.ts';
import type { ListSearch } from './list-search.ts';

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
  /** The API searched it: what it found is what matches. */
  readonly isSearched?: boolean;
  /** The API ordered it. */
  readonly isOrdered?: boolean;
}

const PAGE_ROWS = 200;
/** How long a search goes on by itself: at first there shall be something soon, later somebody wants more of it. */
const FIRST_PAGE_MS = 250;
const FURTHER_PAGE_MS = 4_000;

/** A list of the API, page after page. The key is `[id, input]` as with `routeQuery`, so writes make both old alike. */
export function useList<Id extends ListRouteId>(id: Id, input: RouteInput<Routes[Id]>, isOn = true): List<RowOf<Id>> {
  type Page = FetchedPage<RowOf<Id>>;
  const query = useInfiniteQuery({
    queryKey: [id, input, 'pages'],
    queryFn: ({ pageParam, signal }) => {
      const asked = (input as { query?: object }).query;
      const fetchPage = async (cursor: string | null) => {
        const query = { ...asked, limit: PAGE_ROWS, ...(cursor !== null && { cursor }) };
        return (await call(id, { ...input, query } as unknown as RouteInput<Routes[Id]>, {
          signal,
        })) as unknown as Page;
      };
      return fillPage(fetchPage, pageParam, pageParam === null ? FIRST_PAGE_MS : FURTHER_PAGE_MS);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: keepPreviousData,
    enabled: isOn,
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

/** A list that comes whole with one answer. */
export function wholeList<Row>(query: UseQueryResult<{ readonly items: readonly Row[] }>): List<Row> {
  return {
    rows: query.data?.items,
    error: query.data === undefined ? query.error : null,
    isFetching: query.isFetching,
    hasMore: false,
    loadMore: () => undefined,
    reload: () => void query.refetch(),
  };
}

/** What a list route takes of `ListSearch`, see `listQuery` of model. */
export interface ServerSearch {
  /** By column: how the API calls its order. */
  readonly sorts: Readonly<Record<string, string>>;
  /** Filters that have the same name and values there. */
  readonly filters?: readonly string[];
  /** What is asked in any case, unless the search says otherwise. */
  readonly always?: Readonly<Record<string, string>>;
}

/**
 * A list that is searched here while all of it is here, at once and by every word; what is longer than a page the API searches,
 * sorts and filters as far as it can, and the rest happens here over what it found.
 */
export function useSearchedList<Id extends ListRouteId>(
  id: Id,
  search: ListSearch,
  { sorts, filters = [], always }: ServerSearch,
): List<RowOf<Id>> {
  const whole = useList(id, (always === undefined ? {} : { query: always }) as RouteInput<Routes[Id]>);
  const { q, sort } = search;
  const column = sort?.replace(/^-/, '');
  const order = column !== undefined && Object.hasOwn(sorts, column) ? sorts[column] : undefined;
  const query = {
    ...(q !== undefined && { q }),
    ...(order !== undefined && { sort: sort!.startsWith('-') ? `-${order}` : order }),
    ...Object.fromEntries(filters.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]]))),
  };
  const isAsked = whole.hasMore && Object.keys(query).length > 0;
  const asked = useList(id, { query: { ...always, ...query } } as unknown as RouteInput<Routes[Id]>, isAsked);
  return isAsked ? { ...asked, isSearched: true, isOrdered: order !== undefined } : whole;
}
