import type { QueryClient } from '@tanstack/react-query';

/**
 * Changes one thing in what the cache has of some routes, whatever shape it is in there: the thing by itself, a list, pages of a list.
 * `isOf` chooses by the id of the route.
 */
export function patchCached(
  client: QueryClient,
  isOf: (route: string) => boolean,
  id: string,
  change: (shown: object) => object,
): void {
  const patch = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(patch);
    if (typeof value !== 'object' || value === null) return value;
    if ('id' in value) return value.id === id ? change(value) : value;
    if ('items' in value) return { ...value, items: patch(value.items) };
    if ('pages' in value) return { ...value, pages: patch(value.pages) };
    return value;
  };
  client.setQueriesData({ predicate: ({ queryKey }) => isOf(String(queryKey[0])) }, patch);
}
