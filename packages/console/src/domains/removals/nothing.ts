import type { Removal } from '@zeronaut/model';

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
