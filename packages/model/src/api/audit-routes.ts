import { z } from 'zod';
import {
  auditCheckpoint,
  auditEntry,
  auditErasure,
  auditExportPage,
  auditProof,
  timestamp,
} from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, page, pageOf, searchText } from './route-parts.ts';

const seq = z.coerce
  .number()
  .int()
  .min(1)
  .max(2 ** 48);

export const auditRoutes = defineRoutes({
  'audit.list': {
    method: 'GET',
    path: '/api/v1/audit',
    tag: 'audit',
    summary: 'Administrative changes and sign-ins, newest first, with the hash chain',
    permission: 'audit:read',
    status: 200,
    query: z.strictObject({
      ...page,
      q: searchText.describe('text in the entry; looks through 5,000 entries a page'),
      action: z.string().max(64).optional().describe('such as resource.update, or resource.* for all of a kind'),
      objectId: z.string().max(64).optional(),
      actorId: z.string().max(64).optional(),
      from: timestamp.optional(),
      to: timestamp.optional().describe('not included'),
    }),
    response: pageOf(auditEntry),
  },
  'audit.verify': {
    method: 'GET',
    path: '/api/v1/audit/verification',
    tag: 'audit',
    summary: 'Check the whole chain',
    permission: 'audit:read',
    status: 200,
    response: z.strictObject({
      valid: z.boolean(),
      entries: z.int(),
      firstBadSeq: z.int().nullable(),
      head: z.string(),
    }),
  },
  'audit.checkpoint': {
    method: 'GET',
    path: '/api/v1/audit/checkpoint',
    tag: 'audit',
    summary: 'A signed checkpoint of the whole log as it is now, and the keys it is signed with',
    permission: 'audit:read',
    status: 200,
    response: auditCheckpoint,
  },
  'audit.proveInclusion': {
    method: 'GET',
    path: '/api/v1/audit/inclusion',
    tag: 'audit',
    summary: 'Prove that an entry is in the log of the newest checkpoint (RFC 9162, 2.1.3)',
    permission: 'audit:read',
    status: 200,
    query: z.strictObject({ seq }),
    response: auditProof,
  },
  'audit.proveConsistency': {
    method: 'GET',
    path: '/api/v1/audit/consistency',
    tag: 'audit',
    summary: 'Prove that an older log is how the log of the newest checkpoint begins (RFC 9162, 2.1.4)',
    permission: 'audit:read',
    status: 200,
    query: z.strictObject({ from: seq.describe('entries of the older log') }),
    response: auditProof,
  },
  'audit.export': {
    method: 'GET',
    path: '/api/v1/audit/export',
    tag: 'audit',
    summary: 'Entries, oldest first, with the checkpoints behind them: what an export is made of',
    permission: 'audit:read',
    status: 200,
    query: z.strictObject({
      from: seq.default(1),
      to: seq.default(2 ** 48),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
    }),
    response: auditExportPage,
  },
  'audit.previewErasure': {
    method: 'GET',
    path: '/api/v1/users/:id/audit-erasure',
    tag: 'audit',
    summary: 'What erasing a person in the audit log would take away',
    permission: 'audit_erasures:write',
    status: 200,
    params: byId,
    response: auditErasure,
  },
  'audit.erase': {
    method: 'POST',
    path: '/api/v1/users/:id/audit-erasure',
    tag: 'audit',
    summary: 'Destroy the keys of what the audit log says of a person; the log stays provable',
    permission: 'audit_erasures:write',
    stepUp: true,
    status: 200,
    params: byId,
    response: auditErasure,
  },
});
