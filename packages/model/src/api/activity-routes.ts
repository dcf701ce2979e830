import { z } from 'zod';
import { activity, activityDifference, activityRange, policyHits, timestamp } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId } from './route-parts.ts';

const common = { tag: 'activity', permission: 'events:read', method: 'GET', status: 200 } as const;

export const activityRoutes = defineRoutes({
  'activity.get': {
    ...common,
    path: '/api/v1/activity/:id',
    summary: 'What a user or device did over time, and with what',
    params: byId,
    query: z.strictObject({ range: activityRange.default('24h') }),
    response: activity,
  },
  'activity.differing': {
    ...common,
    path: '/api/v1/activity',
    summary: 'Users and devices that do at least twice as much today as they usually do in a whole day',
    query: z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
    response: z.strictObject({
      /** Looked at again after five minutes. */
      at: timestamp,
      items: z.array(activityDifference),
    }),
  },
  'policies.hits': {
    ...common,
    tag: 'policies',
    permission: 'policies:read',
    path: '/api/v1/policies/hits',
    summary: 'How often each policy permitted, forbade, or would have',
    query: z.strictObject({ range: activityRange.default('30d') }),
    response: z.strictObject({ items: z.array(policyHits) }),
  },
});
