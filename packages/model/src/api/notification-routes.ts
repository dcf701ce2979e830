import { z } from 'zod';
import { notification, notificationChange, notificationInput } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byIdOrName } from './route-parts.ts';

const common = { tag: 'notifications', permission: 'organization:write' } as const;

export const notificationRoutes = defineRoutes({
  'notifications.list': {
    ...common,
    method: 'GET',
    path: '/api/v1/notifications',
    summary: 'Who is told of alarms and of what waits, and whether that works',
    status: 200,
    response: z.strictObject({ items: z.array(notification) }),
  },
  'notifications.create': {
    ...common,
    method: 'POST',
    path: '/api/v1/notifications',
    summary: 'Tell alarms and what waits to a webhook, a Slack-compatible channel, or by mail',
    status: 201,
    body: notificationInput,
    response: notification,
  },
  'notifications.update': {
    ...common,
    method: 'PATCH',
    path: '/api/v1/notifications/:id',
    summary: 'Change who is told, of what, or where; secrets stay unless others are given',
    status: 200,
    ifMatch: true,
    params: byIdOrName,
    body: notificationChange,
    response: notification,
  },
  'notifications.test': {
    ...common,
    method: 'POST',
    path: '/api/v1/notifications/:id/test',
    summary: 'Send one test message now',
    status: 200,
    params: byIdOrName,
    response: z.strictObject({
      delivered: z.boolean(),
      error: z.string().max(500).nullable().describe('why not; null: it was taken'),
    }),
  },
  'notifications.delete': {
    ...common,
    method: 'DELETE',
    path: '/api/v1/notifications/:id',
    summary: 'Tell nothing there any more',
    status: 204,
    params: byIdOrName,
  },
});
