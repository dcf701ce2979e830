import type { auditExportRoutes } from '@zeronaut/model';
import * as auditExports from '../domains/audit-exports/audit-exports.ts';
import { testExport } from '../domains/audit-exports/deliver.ts';
import type { Handlers } from './handlers.ts';

export const auditExportHandlers: Pick<Handlers, keyof typeof auditExportRoutes> = {
  'auditExports.list': (context, { caller }) => auditExports.listExports(context, caller),
  'auditExports.create': (context, { caller, body }) => auditExports.createExport(context, caller, body),
  'auditExports.get': (context, { caller, params }) => auditExports.getExport(context, caller, params.id),
  'auditExports.update': (context, { caller, params, body, version }) =>
    auditExports.updateExport(context, caller, params.id, version, body),
  'auditExports.test': (context, { caller, params }) => testExport(context, caller, params.id),
  'auditExports.delete': (context, { caller, params }) => auditExports.deleteExport(context, caller, params.id),
};
