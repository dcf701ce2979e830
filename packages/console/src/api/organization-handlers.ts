import type { organizationRoutes } from '@zeronaut/model';
import * as memberships from '../domains/memberships/memberships.ts';
import { isoTime } from '../domains/page.ts';
import { Refusal } from '../store/refusal.ts';
import type { Handlers } from './handlers.ts';

export const organizationHandlers: Pick<Handlers, keyof typeof organizationRoutes> = {
  'organizations.list': async (context, { caller }) => ({ items: await memberships.listMemberships(context, caller) }),
  'organizations.create': (context, { caller, body }) => memberships.createOrganization(context, caller, body.name),
  'organizations.join': (context, { caller, body }) => memberships.joinOrganization(context, caller, body.token),
  'organizations.switch': async (context, { caller, body }) => {
    const switched = await memberships.switchOrganization(context, caller, body.organizationId);
    if (switched instanceof Refusal) return switched;
    const { organization, token, expiresAtMs } = switched;
    return { organization, session: { token, expiresAt: isoTime(expiresAtMs) } };
  },
};
