import { z } from 'zod';
import { pushSubscription, pushSubscriptionInput } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId } from './route-parts.ts';

/** For everybody: who may not read events is told of no alarm, but perhaps of requests that wait for their word. */
const common = { tag: 'notifications', permission: 'self:write' } as const;

export const pushRoutes = defineRoutes({
  'push.list': {
    ...common,
    permission: 'self:read',
    method: 'GET',
    path: '/api/v1/me/push-subscriptions',
    summary:
      'My browsers that are told of alarms and of what waits, and the key that a browser subscribes with (VAPID)',
    status: 200,
    response: z.strictObject({ publicKey: z.string(), items: z.array(pushSubscription) }),
  },
  'push.subscribe': {
    ...common,
    method: 'POST',
    path: '/api/v1/me/push-subscriptions',
    summary: 'Tell this browser of alarms and of what waits, until its session ends; said again, it is the same one',
    status: 201,
    body: pushSubscriptionInput,
    response: pushSubscription,
  },
  'push.test': {
    ...common,
    method: 'POST',
    path: '/api/v1/me/push-subscriptions/:id/test',
    summary: 'Send one test message now',
    status: 200,
    params: byId,
    response: z.strictObject({
      delivered: z.boolean(),
      error: z.string().max(500).nullable().describe('why not; null: it was taken'),
    }),
  },
  'push.unsubscribe': {
    ...common,
    method: 'DELETE',
    path: '/api/v1/me/push-subscriptions/:id',
    summary: 'Tell it nothing any more',
    status: 204,
    params: byId,
  },
});
