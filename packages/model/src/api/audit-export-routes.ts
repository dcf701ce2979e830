import { z } from 'zod';
import { auditExport, auditExportChange, auditExportInput } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byIdOrName } from './route-parts.ts';

export const auditExportRoutes = defineRoutes({
  'auditExports.list': {
    method: 'GET',
    path: '/api/v1/audit/exports',
    tag: 'audit',
    summary: 'Where audit entries are sent, and how far that has come',
    permission: 'audit_exports:read',
    status: 200,
    response: z.strictObject({ items: z.array(auditExport) }),
  },
  'auditExports.create': {
    method: 'POST',
    path: '/api/v1/audit/exports',
    tag: 'audit',
    summary: 'Send audit entries to a syslog or OpenTelemetry receiver from now on',
    permission: 'audit_exports:write',
    stepUp: true,
    status: 201,
    body: auditExportInput,
    response: auditExport,
  },
  'auditExports.get': {
    method: 'GET',
    path: '/api/v1/audit/exports/:id',
    tag: 'audit',
    summary: 'One export',
    permission: 'audit_exports:read',
    status: 200,
    params: byIdOrName,
    response: auditExport,
  },
  'auditExports.update': {
    method: 'PATCH',
    path: '/api/v1/audit/exports/:id',
    tag: 'audit',
    summary: 'Change where entries are sent, or the secret; they go on from where the receiver is',
    permission: 'audit_exports:write',
    stepUp: true,
    status: 200,
    ifMatch: true,
    params: byIdOrName,
    body: auditExportChange,
    response: auditExport,
  },
  'auditExports.test': {
    method: 'POST',
    path: '/api/v1/audit/exports/:id/test',
    tag: 'audit',
    summary: 'Send one test message now; entries go on as before',
    permission: 'audit_exports:write',
    status: 200,
    params: byIdOrName,
    response: z.strictObject({
      delivered: z.boolean(),
      error: z.string().max(500).nullable().describe('why not; null: the receiver took it'),
    }),
  },
  'auditExports.delete': {
    method: 'DELETE',
    path: '/api/v1/audit/exports/:id',
    tag: 'audit',
    summary: 'Send nothing there any more',
    permission: 'audit_exports:write',
    stepUp: true,
    status: 204,
    params: byIdOrName,
  },
});
