import { z } from 'zod';
import { displayName, id, organization, role, timestamp } from '../entities/index.ts';
import { defineRoutes } from './route.ts';

const tag = 'organizations';
const session = z.strictObject({ token: z.string(), expiresAt: timestamp });

export const organizationRoutes = defineRoutes({
  'organizations.list': {
    method: 'GET',
    path: '/api/v1/organizations',
    tag,
    summary: 'Organizations that I belong to',
    permission: 'self:read',
    status: 200,
    response: z.strictObject({
      items: z.array(
        z.strictObject({
          organization,
          role,
          home: z.boolean().describe('where my password and factors are'),
          current: z.boolean(),
        }),
      ),
    }),
  },
  'organizations.create': {
    method: 'POST',
    path: '/api/v1/organizations',
    tag,
    summary: 'Make an organization, which I then own; takes a session of my home',
    permission: 'organization:write',
    stepUp: true,
    status: 201,
    body: z.strictObject({ name: displayName }),
    response: organization,
  },
  'organizations.join': {
    method: 'POST',
    path: '/api/v1/organizations/join',
    tag,
    summary: 'Accept an invitation to my address; takes a session of my home',
    permission: 'self:write',
    stepUp: true,
    status: 200,
    body: z.strictObject({ token: z.string().min(20).max(200) }),
    response: organization,
  },
  'organizations.switch': {
    method: 'POST',
    path: '/api/v1/organizations/switch',
    tag,
    summary: 'A session of another organization of mine, if its sign-in policy is content with what I showed',
    permission: 'self:write',
    status: 201,
    body: z.strictObject({ organizationId: id }),
    response: z.strictObject({ organization, session }),
  },
});
