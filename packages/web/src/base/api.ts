/** The console's API as React sees it: by route id, typed by the route table, cached by TanStack Query. */

import { routeTable } from 'virtual:route-table';
import {
  keepPreviousData,
  QueryClient,
  queryOptions,
  type UseMutationResult,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';
import type { RouteId, RouteInput, RouteResponse, Routes } from '@zeronaut/model';
import { ApiProblem, type CallOptions, createCall, createDownload } from './api-client.ts';

export const call = createCall(routeTable, (...args) => fetch(...args));
export const download = createDownload(routeTable, (...args) => fetch(...args));

const STALE_AFTER_MS = 15_000;
const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: STALE_AFTER_MS,
      // A "no" stays a "no"; what may pass is tried again.
      retry: (failures, error) =>
        failures < RETRIES &&
        error instanceof ApiProblem &&
        (error.problem.status === 0 || error.problem.status >= 500),
    },
  },
});

/** `useQuery(routeQuery('gateways.get', { params: { id } }))`. The key is `[id, input]`, so `[id]` names all of a route. */
export function routeQuery<Id extends RouteId>(id: Id, input: RouteInput<Routes[Id]>) {
  return queryOptions<RouteResponse<Routes[Id]>>({
    queryKey: [id, input],
    queryFn: ({ signal }) => call(id, input, { signal }),
    placeholderData: keepPreviousData as never,
  });
}

type Sent<Id extends RouteId> = RouteInput<Routes[Id]> & Pick<CallOptions, 'version'>;

/** A write. `changes`: routes whose answers are old when it is done. */
export function useRouteMutation<Id extends RouteId>(
  id: Id,
  changes: readonly RouteId[],
): UseMutationResult<RouteResponse<Routes[Id]>, Error, Sent<Id>> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ version, ...input }: Sent<Id>) =>
      call(id, input as unknown as RouteInput<Routes[Id]>, version === undefined ? {} : { version }),
    onSettled: () => Promise.all(changes.map((route) => client.invalidateQueries({ queryKey: [route] }))),
  });
}
