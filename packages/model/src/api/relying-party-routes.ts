import { z } from 'zod';
import { relyingParty, relyingPartyChange, relyingPartyInput } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, pageOf, pageQuery } from './route-parts.ts';

const withSecret = z.strictObject({ relyingParty, secret: z.string().nullable().describe('null for `none`') });

export const relyingPartyRoutes = defineRoutes({
  'relyingParties.list': {
    method: 'GET',
    path: '/api/v1/relying-parties',
    tag: 'relying parties',
    summary: 'Services that sign people in through this console',
    permission: 'relying_parties:read',
    status: 200,
    query: pageQuery,
    response: pageOf(relyingParty),
  },
  'relyingParties.create': {
    method: 'POST',
    path: '/api/v1/relying-parties',
    tag: 'relying parties',
    summary: 'Let a service sign people in (OpenID Connect); the secret is shown once',
    permission: 'relying_parties:write',
    stepUp: true,
    status: 201,
    body: relyingPartyInput,
    response: withSecret,
  },
  'relyingParties.update': {
    method: 'PATCH',
    path: '/api/v1/relying-parties/:id',
    tag: 'relying parties',
    summary: 'Change name, addresses, groups or consent; asking people after all ends what was given without asking',
    permission: 'relying_parties:write',
    stepUp: true,
    status: 200,
    ifMatch: 'optional',
    params: byId,
    body: relyingPartyChange,
    response: relyingParty,
  },
  'relyingParties.renewSecret': {
    method: 'POST',
    path: '/api/v1/relying-parties/:id/secret',
    tag: 'relying parties',
    summary: 'A new secret; the old one ends at once',
    permission: 'relying_parties:write',
    stepUp: true,
    status: 200,
    params: byId,
    response: withSecret,
  },
  'relyingParties.delete': {
    method: 'DELETE',
    path: '/api/v1/relying-parties/:id',
    tag: 'relying parties',
    summary: 'Let it sign nobody in any more; its tokens end',
    permission: 'relying_parties:write',
    status: 204,
    params: byId,
  },
});
