import { z } from 'zod';
import { displayName, personalAccessToken } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, pageOf, pageQuery } from './route-parts.ts';

const ALL = '/api/v1/organizations/current/personal-access-tokens';
const tag = 'personal access tokens';

export const personalAccessTokenRoutes = defineRoutes({
  'personalAccessTokens.list': {
    method: 'GET',
    path: '/api/v1/personal-access-tokens',
    tag,
    summary: 'My personal access tokens',
    permission: 'self:read',
    status: 200,
    query: pageQuery,
    response: pageOf(personalAccessToken),
  },
  'personalAccessTokens.create': {
    method: 'POST',
    path: '/api/v1/personal-access-tokens',
    tag,
    summary: 'Create a token for programs that reach resources as me; it is shown once',
    permission: 'self:write',
    stepUp: true,
    status: 201,
    body: z.strictObject({
      name: displayName,
      resources: z.array(z.string().min(1).max(64)).min(1).max(50).describe('ids or names of HTTP resources'),
      expiresInSeconds: z.int().min(60).max(31_622_400).default(7_776_000),
    }),
    response: z.strictObject({ personalAccessToken, token: z.string() }),
  },
  'personalAccessTokens.delete': {
    method: 'DELETE',
    path: '/api/v1/personal-access-tokens/:id',
    tag,
    summary: 'Revoke a token of mine',
    permission: 'self:write',
    status: 204,
    params: byId,
  },
  'personalAccessTokens.listAll': {
    method: 'GET',
    path: ALL,
    tag,
    summary: 'Personal access tokens of everybody in the organization',
    permission: 'api_keys:read',
    status: 200,
    query: pageQuery,
    response: pageOf(personalAccessToken),
  },
  'personalAccessTokens.deleteAny': {
    method: 'DELETE',
    path: `${ALL}/:id`,
    tag,
    summary: 'Revoke a token of anybody',
    permission: 'api_keys:write',
    status: 204,
    params: byId,
  },
});
