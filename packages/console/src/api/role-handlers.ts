import * as roles from '../domains/roles/roles.ts';
import type { Handlers } from './handlers.ts';

export const roleHandlers: Pick<Handlers, Extract<keyof Handlers, `roles.${string}`>> = {
  'roles.list': async (context, { caller }) => ({ items: await roles.listRoles(context, caller) }),
  'roles.create': (context, { caller, body, remember }) => roles.createRole(context, caller, body, remember),
  'roles.get': (context, { caller, params }) => roles.showRole(context, caller, params.name),
  'roles.update': (context, { caller, params, body, version }) =>
    roles.updateRole(context, caller, params.name, version, body),
  'roles.delete': (context, { caller, params }) => roles.deleteRole(context, caller, params.name),
};
