import type { accessRequestRoutes } from '@zeronaut/model';
import * as requests from '../domains/access-requests/access-requests.ts';
import * as rules from '../domains/access-requests/approval-rules.ts';
import type { Handlers } from './handlers.ts';

export const accessRequestHandlers: Pick<Handlers, keyof typeof accessRequestRoutes> = {
  'accessRequests.list': (context, { caller, query }) => requests.listRequests(context, caller, query),
  'accessRequests.create': (context, { caller, body, remember }) =>
    requests.createRequest(context, caller, body, remember),
  'accessRequests.get': (context, { caller, params }) => requests.getRequest(context, caller, params.id),
  'accessRequests.decide': (context, { caller, params, body }) =>
    requests.decideRequest(context, caller, params.id, body),
  'accessRequests.end': (context, { caller, params }) => requests.endRequest(context, caller, params.id),
  'approvalRules.list': (context, { caller, query }) => rules.listRules(context, caller, query),
  'approvalRules.set': (context, { caller, params, body, version }) =>
    rules.setRule(context, caller, params.id, version, body),
  'approvalRules.delete': (context, { caller, params }) => rules.deleteRule(context, caller, params.id),
};
