import type { serviceAccountRoutes } from '@zeronaut/model';
import * as accounts from '../domains/service-accounts/service-accounts.ts';
import * as trusts from '../domains/workloads/workload-trusts.ts';
import type { Handlers } from './handlers.ts';

export const serviceAccountHandlers: Pick<Handlers, keyof typeof serviceAccountRoutes> = {
  'serviceAccounts.list': (context, { caller, query }) => accounts.listServiceAccounts(context, caller, query),
  'serviceAccounts.create': (context, { caller, body, remember }) =>
    accounts.createServiceAccount(context, caller, body, remember),
  'serviceAccounts.update': (context, { caller, params, body, version }) =>
    accounts.updateServiceAccount(context, caller, params.id, version, body),
  'workloadTrusts.list': (context, { caller, query }) => trusts.listWorkloadTrusts(context, caller, query),
  'workloadTrusts.create': (context, { caller, body }) => trusts.createWorkloadTrust(context, caller, body),
  'workloadTrusts.delete': (context, { caller, params }) => trusts.revokeWorkloadTrust(context, caller, params.id),
};
