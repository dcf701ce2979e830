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
import { tellBroken } from './broken-assertions.ts';
import { patchCached } from './patch-cached.ts';

export const call = createCall(routeTable, (...args) => fetch(...args), tellBroken);
export const download = createDownload(routeTable, (...args) => fetch(...args));

const STALE_AFTER_MS = 15_000;
const RETRIES = 2;

export const queryClient = new QueryClient({
  defaultOptions: {
    // A browser without a network says nothing of a console on the same machine: ask, and say that it does not answer.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
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

/** What a write will have changed in one thing, shown before the console has answered. */
export interface Expected {
  readonly id: string;
  readonly change: Readonly<Record<string, unknown>>;
}

/**
 * A write. `changes`: routes whose answers are old when it is done. `expect`: where nothing is lost by a refusal, what the write will have
 * changed is shown at once, and as it was before when it was refused.
 */
export function useRouteMutation<Id extends RouteId>(
  id: Id,
  changes: readonly RouteId[],
  expect?: (sent: Sent<Id>) => Expected,
): UseMutationResult<RouteResponse<Routes[Id]>, Error, Sent<Id>> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ version, ...input }: Sent<Id>) =>
      call(id, input as unknown as RouteInput<Routes[Id]>, version === undefined ? {} : { version }),
    onMutate: async (sent) => {
      if (expect === undefined) return [];
      // An answer that is under way does not know of it.
      await Promise.all(changes.map((route) => client.cancelQueries({ queryKey: [route] })));
      const before = changes.flatMap((route) => client.getQueriesData({ queryKey: [route] }));
      const { id: changed, change } = expect(sent);
      patchCached(
        client,
        (route) => (changes as readonly string[]).includes(route),
        changed,
        (shown) => ({ ...shown, ...change }),
      );
      return before;
    },
    onError: (_error, _sent, before) => {
      for (const [key, data] of before ?? []) client.setQueryData(key, data);
    },
    onSettled: () => Promise.all(changes.map((route) => client.invalidateQueries({ queryKey: [route] }))),
  });
}
