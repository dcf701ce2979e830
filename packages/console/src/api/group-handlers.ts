import * as groups from '../domains/groups/groups.ts';
import type { Handlers } from './handlers.ts';

export const groupHandlers: Pick<Handlers, Extract<keyof Handlers, `groups.${string}`>> = {
  'groups.list': (context, { caller, query }) => groups.listGroups(context, caller, query),
  'groups.create': (context, { caller, body, remember }) => groups.createGroup(context, caller, body, remember),
  'groups.get': (context, { caller, params }) => groups.showGroup(context, caller, params.name),
  'groups.update': (context, { caller, params, body, version }) =>
    groups.updateGroup(context, caller, params.name, version, body),
  'groups.delete': (context, { caller, params, version }) => groups.deleteGroup(context, caller, params.name, version),
};
