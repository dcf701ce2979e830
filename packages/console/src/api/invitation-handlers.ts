import type { invitationRoutes } from '@zeronaut/model';
import * as invitations from '../domains/invitations/invitations.ts';
import type { Handlers } from './handlers.ts';

export const invitationHandlers: Pick<Handlers, keyof typeof invitationRoutes> = {
  'invitations.list': (context, { caller, query }) => invitations.listInvitations(context, caller, query),
  'invitations.create': (context, { caller, body }) => invitations.createInvitation(context, caller, body),
  'invitations.delete': (context, { caller, params }) => invitations.revokeInvitation(context, caller, params.id),
};
