import { z } from 'zod';
import { alarmKind, incident, incidentNote } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, flag, listQuery, pageOf } from './route-parts.ts';

const read = { tag: 'incidents', permission: 'incidents:read', method: 'GET', status: 200 } as const;
const write = { tag: 'incidents', permission: 'incidents:write', method: 'POST', status: 200 } as const;

export const incidentRoutes = defineRoutes({
  'incidents.list': {
    ...read,
    path: '/api/v1/incidents',
    summary: 'What was wrong, from when to when, and who looked after it',
    query: listQuery(['opened', 'seen'], {
      open: flag.optional(),
      acknowledged: flag.optional(),
      kind: alarmKind.optional(),
      severity: z.enum(['bad', 'warn']).optional(),
    }).extend({ sort: z.enum(['-opened', 'opened', '-seen', 'seen']).default('-opened') }),
    response: pageOf(incident),
  },
  'incidents.get': {
    ...read,
    path: '/api/v1/incidents/:id',
    summary: 'One incident',
    params: byId,
    response: incident,
  },
  'incidents.acknowledge': {
    ...write,
    path: '/api/v1/incidents/:id/acknowledge',
    summary: 'Say that somebody looks after it',
    params: byId,
    body: incidentNote,
    response: incident,
  },
  'incidents.close': {
    ...write,
    path: '/api/v1/incidents/:id/close',
    summary: 'Close what is over; what still goes on is refused, and closes by itself when it is mended',
    params: byId,
    body: incidentNote,
    response: incident,
  },
});
