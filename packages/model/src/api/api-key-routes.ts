import { z } from 'zod';
import { apiKey, displayName, id, role, scopes } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, flag, listQuery, pageOf } from './route-parts.ts';

const created = z.strictObject({ apiKey, key: z.string() });
const rotation = z
  .strictObject({
    overlapSeconds: z.int().min(0).max(2_592_000).default(86_400).describe('how long the old key goes on working'),
  })
  .prefault({});

export const apiKeyRoutes = defineRoutes({
  'apiKeys.list': {
    method: 'GET',
    path: '/api/v1/api-keys',
    tag: 'api keys',
    summary: 'API keys',
    permission: 'api_keys:read',
    status: 200,
    query: listQuery(['created', 'name', 'used'], {
      userId: id.optional(),
      usable: flag.optional().describe('neither revoked nor past its end'),
    }),
    response: pageOf(apiKey),
  },
  'apiKeys.create': {
    method: 'POST',
    path: '/api/v1/api-keys',
    tag: 'api keys',
    summary: 'Create an API key, of my own or of a service account; the key is shown once',
    permission: 'api_keys:write',
    stepUp: true,
    status: 201,
    body: z.strictObject({
      name: displayName,
      role,
      scopes: scopes.nullable().default(null).describe('null: everything that the role allows'),
      serviceAccountId: id.nullable().default(null).describe('null: my own key'),
      expiresInSeconds: z.int().min(60).max(315_360_000).nullable().default(7_776_000),
    }),
    response: created,
  },
  'apiKeys.rotate': {
    method: 'POST',
    path: '/api/v1/api-keys/:id/rotation',
    tag: 'api keys',
    summary: 'A new key in the place of an old one, with the same role, scopes and life',
    permission: 'api_keys:write',
    status: 201,
    params: byId,
    body: rotation,
    response: created,
  },
  'apiKeys.rotateCurrent': {
    method: 'POST',
    path: '/api/v1/api-keys/current/rotation',
    tag: 'api keys',
    summary: 'A new key in the place of the one that makes this call',
    permission: 'self:write',
    status: 201,
    body: rotation,
    response: created,
  },
  'apiKeys.delete': {
    method: 'DELETE',
    path: '/api/v1/api-keys/:id',
    tag: 'api keys',
    summary: 'Revoke an API key',
    permission: 'api_keys:write',
    status: 204,
    params: byId,
  },
});
