import type { meRoutes } from '@zeronaut/model';
import { listDevices, revokeDevice } from '../domains/devices/devices.ts';
import { listOwnReach } from '../domains/policies/own-reach.ts';
import { listConsents, withdrawConsent } from '../domains/relying-parties/consents.ts';
import { listSessions, revokeSession } from '../domains/sessions/sessions.ts';
import { changePassword } from '../domains/users/change-password.ts';
import type { Handlers } from './handlers.ts';

export const meHandlers: Pick<Handlers, keyof typeof meRoutes> = {
  'me.listReach': (context, { caller, query }) => listOwnReach(context, caller, query),
  'me.listSessions': (context, { caller, query }) =>
    listSessions(context, caller, { ...query, sort: '-created', userId: caller.userId, open: true }),
  'me.deleteSession': (context, { caller, params }) => revokeSession(context, caller, params.id, caller.userId),
  'me.changePassword': (context, { caller, body }) => changePassword(context, caller, body),
  'me.listDevices': (context, { caller, query }) =>
    listDevices(context, caller, { ...query, sort: '-created', userId: caller.userId, revoked: false }),
  'me.deleteDevice': (context, { caller, params }) => revokeDevice(context, caller, params.id, caller.userId),
  'me.listConsents': async (context, { caller }) => ({ items: await listConsents(context, caller) }),
  'me.deleteConsent': (context, { caller, params }) => withdrawConsent(context, caller, params.id),
};
