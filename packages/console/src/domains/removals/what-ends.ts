import type { Removal } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';

export const DAY_MS = 86_400_000;
/** Somebody waits for it: the newest of a busy day say enough. */
export const MAX_ACCESSES = 20_000;
export const SHOWN_USES = 20;
export const NOTHING: Removal['ends'] = {
  ...{ visitors: 0, accesses: 0, shares: 0, accessRequests: 0 },
  ...{ sessions: 0, tunnels: 0, people: 0 },
  ...{ apiKeys: 0, workloadTrusts: 0, tokens: 0, changes: 0 },
  ...{ signedIn: 0, consents: 0 },
};

/** Of the last day, by whom and when; a subquery. */
export function newestAccesses(queries: Queries, organizationId: string, resourceId: string, nowMs: number) {
  return (
    queries
      .selectFrom('access_events')
      .select(['subject', 'at'])
      .where('organization_id', '=', organizationId)
      .where('resource_id', '=', resourceId)
      .where('effect', '=', 'pass')
      // Coming back from a sign-in is no access yet.
      .where('reason', '<>', 'access.portal')
      .where('at', '>', nowMs - DAY_MS)
      .orderBy('at', 'desc')
      .limit(MAX_ACCESSES)
  );
}
