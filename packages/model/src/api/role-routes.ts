import { z } from 'zod';
import { permission, role, roleDefinition } from '../entities/index.ts';
import { defineRoutes } from './route.ts';

const tag = 'roles';
const byName = z.strictObject({ name: role });
const description = z.string().max(300);
const permissions = z.array(permission).max(100).describe('beside what every member may');

export const roleRoutes = defineRoutes({
  'roles.list': {
    method: 'GET',
    path: '/api/v1/roles',
    tag,
    summary: 'Roles: the built-in ones and those of the organization',
    permission: 'roles:read',
    status: 200,
    response: z.strictObject({ items: z.array(roleDefinition) }),
  },
  'roles.create': {
    method: 'POST',
    path: '/api/v1/roles',
    tag,
    summary: 'Make a role of permissions; at most what I may myself',
    permission: 'roles:write',
    stepUp: true,
    status: 201,
    idempotent: true,
    body: z.strictObject({ name: role, description: description.default(''), permissions }),
    response: roleDefinition,
  },
  'roles.get': {
    method: 'GET',
    path: '/api/v1/roles/:name',
    tag,
    summary: 'One role, who has it, and the policy that it is',
    permission: 'roles:read',
    status: 200,
    params: byName,
    response: z.strictObject({
      ...roleDefinition.shape,
      policy: z.string().describe('in Cedar, as the console decides by it'),
      usedBy: z
        .array(z.strictObject({ kind: z.string(), name: z.string() }))
        .describe('up to 20 of each kind; empty without the permission users:read'),
    }),
  },
  'roles.update': {
    method: 'PATCH',
    path: '/api/v1/roles/:name',
    tag,
    summary: "Change a role of the organization's own; it counts from the next request of its holders",
    permission: 'roles:write',
    stepUp: true,
    status: 200,
    ifMatch: true,
    params: byName,
    body: z.strictObject({ description: description.optional(), permissions: permissions.optional() }),
    response: roleDefinition,
  },
  'roles.delete': {
    method: 'DELETE',
    path: '/api/v1/roles/:name',
    tag,
    summary: "Remove a role of the organization's own that nothing uses",
    permission: 'roles:write',
    status: 204,
    params: byName,
  },
});
