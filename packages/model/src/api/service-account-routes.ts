import { z } from 'zod';
import { groupName, label, role, user, workloadTrust, workloadTrustInput } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, listQuery, pageOf, pageQuery } from './route-parts.ts';

const accounts = { tag: 'service accounts', permission: 'service_accounts:read' } as const;
const manage = { tag: 'service accounts', permission: 'service_accounts:write' } as const;

export const serviceAccountRoutes = defineRoutes({
  'serviceAccounts.list': {
    ...accounts,
    method: 'GET',
    path: '/api/v1/service-accounts',
    summary: 'Service accounts: users that are programs',
    status: 200,
    query: listQuery(['created', 'name'], { status: user.shape.status.optional() }),
    response: pageOf(user),
  },
  'serviceAccounts.create': {
    ...manage,
    method: 'POST',
    path: '/api/v1/service-accounts',
    summary: 'Create a service account',
    status: 201,
    idempotent: true,
    body: z.strictObject({
      name: label,
      role: role.default('member'),
      groups: z.array(groupName).max(100).default([]),
    }),
    response: user,
  },
  'serviceAccounts.update': {
    ...manage,
    method: 'PATCH',
    path: '/api/v1/service-accounts/:id',
    summary: 'Change a service account; disabled, its keys and tokens open nothing',
    status: 200,
    ifMatch: true,
    params: byId,
    body: z.strictObject({
      role: role.optional(),
      groups: z.array(groupName).max(100).optional(),
      status: z.enum(['active', 'disabled']).optional(),
    }),
    response: user,
  },
  'workloadTrusts.list': {
    ...accounts,
    method: 'GET',
    path: '/api/v1/workload-trusts',
    summary: 'Which tokens of CI and clusters are exchanged, and for which service account',
    status: 200,
    query: pageQuery,
    response: pageOf(workloadTrust),
  },
  'workloadTrusts.create': {
    ...manage,
    method: 'POST',
    path: '/api/v1/workload-trusts',
    summary: 'Trust tokens of an issuer (RFC 8693 exchange at /api/v1/oauth/token)',
    stepUp: true,
    status: 201,
    body: workloadTrustInput,
    response: workloadTrust,
  },
  'workloadTrusts.delete': {
    ...manage,
    method: 'DELETE',
    path: '/api/v1/workload-trusts/:id',
    summary: 'Trust them no longer; access tokens that came of it end',
    status: 204,
    params: byId,
  },
});
