import { z } from 'zod';
import { alarm, id, timestamp, trafficCounts, trafficPoint, trafficRange } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { listedIds } from './route-parts.ts';

const tag = 'traffic';

export const trafficRoutes = defineRoutes({
  'overview.get': {
    tag,
    permission: 'events:read',
    method: 'GET',
    path: '/api/v1/overview',
    summary: 'What there is, what is wrong, and the traffic of the last full minute',
    status: 200,
    response: z.strictObject({
      at: timestamp,
      lastMinute: trafficCounts,
      counts: z.strictObject({
        gateways: z.int(),
        gatewaysConnected: z.int(),
        resources: z.int(),
        services: z.int(),
        sites: z.int(),
        users: z.int(),
        devices: z.int(),
        pendingRequests: z.int(),
        openIncidents: z.int(),
        /** Open, and nobody said that they look after them. */
        newIncidents: z.int(),
      }),
      /** The worst first. */
      alarms: z.array(alarm).max(200),
      /** All of them. */
      alarmCount: z.int(),
    }),
  },
  'traffic.get': {
    tag,
    permission: 'events:read',
    resource: 'query.resourceId',
    method: 'GET',
    path: '/api/v1/traffic',
    summary: 'Requests, bytes, errors and latency over time: of all, of a gateway, or of a resource',
    status: 200,
    query: z
      .strictObject({ range: trafficRange.default('24h'), gatewayId: id.optional(), resourceId: id.optional() })
      .refine((query) => query.gatewayId === undefined || query.resourceId === undefined, 'either gateway or resource'),
    response: z.strictObject({
      from: timestamp,
      to: timestamp,
      stepSeconds: z.int(),
      total: trafficCounts,
      /** Without holes, oldest first; the last one is not over. */
      points: z.array(trafficPoint),
    }),
  },
  'traffic.top': {
    tag,
    permission: 'events:read',
    method: 'GET',
    path: '/api/v1/traffic/top',
    summary: 'Resources or gateways with the most traffic',
    status: 200,
    query: z.strictObject({
      range: z.enum(['1h', '24h']).default('1h'),
      by: z.enum(['resource', 'gateway']).default('resource'),
      order: z.enum(['requests', 'failed', 'refused', 'bytes']).default('requests'),
      limit: z.coerce.number().int().min(1).max(100).default(10),
    }),
    response: z.strictObject({
      /** `name` is empty for what is no longer there. */
      items: z.array(trafficCounts.extend({ id, name: z.string() })),
    }),
  },
  'traffic.sparklines': {
    tag,
    permission: 'events:read',
    method: 'GET',
    path: '/api/v1/traffic/sparklines',
    summary: 'Small charts of up to 100 resources or gateways at once',
    status: 200,
    query: z.strictObject({ ids: listedIds, range: z.enum(['1h', '24h']).default('1h') }),
    response: z.strictObject({
      from: timestamp,
      stepSeconds: z.int(),
      items: z.array(z.strictObject({ id, requests: z.array(z.int()), failed: z.array(z.int()) })),
    }),
  },
  'traffic.reasons': {
    tag,
    permission: 'events:read',
    resource: 'query.resourceId',
    method: 'GET',
    path: '/api/v1/traffic/reasons',
    summary: 'Why requests were refused, challenged or failed, most frequent first',
    status: 200,
    query: z.strictObject({
      range: z.enum(['1h', '6h', '24h', '7d']).default('24h'),
      resourceId: id.optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    response: z.strictObject({ items: z.array(z.strictObject({ reason: z.string(), count: z.int() })) }),
  },
});
