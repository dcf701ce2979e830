/** By the beginning of their ids, what is counted from access events. */
const ROUTES = ['traffic.', 'overview.', 'accessEvents.', 'activity.', 'policies.hits'] as const;

/** Whether the answer of a route is another one after an access. */
export function isMadeOfTraffic(route: string): boolean {
  return ROUTES.some((start) => route.startsWith(start));
}
