import type { auditRoutes } from '@zeronaut/model';
import * as audit from '../domains/audit/audit.ts';
import * as checkpoints from '../domains/audit/checkpoints.ts';
import * as erasure from '../domains/audit/erasure.ts';
import * as retention from '../domains/audit/retention.ts';
import type { Handlers } from './handlers.ts';

export const auditHandlers: Pick<Handlers, keyof typeof auditRoutes> = {
  'audit.list': (context, { caller, query }) => audit.listAudit(context, caller, query),
  'audit.verify': (context, { caller }) => audit.verifyAudit(context, caller),
  'audit.checkpoint': (context, { caller }) => checkpoints.getCheckpoint(context, caller),
  'audit.proveInclusion': (context, { caller, query }) => checkpoints.proveInclusion(context, caller, query.seq),
  'audit.proveConsistency': (context, { caller, query }) => checkpoints.proveConsistency(context, caller, query.from),
  'audit.export': (context, { caller, query }) => checkpoints.exportPage(context, caller, query),
  'audit.getRetention': (context, { caller }) => retention.getRetention(context.store.db, caller.organizationId),
  'audit.setRetention': (context, { caller, body, version }) => retention.setRetention(context, caller, version, body),
  'audit.previewErasure': (context, { caller, params }) => erasure.previewErasure(context, caller, params.id),
  'audit.erase': (context, { caller, params }) => erasure.erase(context, caller, params.id),
};
