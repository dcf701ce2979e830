import { z } from 'zod';
import { email, groupName, invitation, role } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, pageOf, pageQuery, searchText } from './route-parts.ts';

const tag = 'users';

export const invitationRoutes = defineRoutes({
  'invitations.list': {
    method: 'GET',
    path: '/api/v1/invitations',
    tag,
    summary: 'Invitations, also those that were used, revoked or have expired',
    permission: 'users:read',
    status: 200,
    query: z.strictObject({ ...pageQuery.shape, q: searchText }),
    response: pageOf(invitation),
  },
  'invitations.create': {
    method: 'POST',
    path: '/api/v1/invitations',
    tag,
    summary: 'Invite a person; the link is shown once, and mailed where the console has a mail server',
    permission: 'users:write',
    stepUp: true,
    status: 201,
    body: z.strictObject({
      email,
      role: role.default('member'),
      groups: z.array(groupName).max(100).default([]),
      expiresInSeconds: z.int().min(300).max(2_592_000).default(604_800),
      mail: z.boolean().default(true).describe('send the link, if there is a mail server'),
      replace: z
        .boolean()
        .default(false)
        .describe('take back an invitation of the address that is open; without it that is a conflict'),
    }),
    response: z.strictObject({
      invitation,
      url: z.string(),
      mail: z
        .enum(['sent', 'failed', 'off'])
        .describe('what became of the mail; off: not asked for, or no mail server'),
    }),
  },
  'invitations.delete': {
    method: 'DELETE',
    path: '/api/v1/invitations/:id',
    tag,
    summary: 'Take an invitation back',
    permission: 'users:write',
    status: 204,
    params: byId,
  },
});
