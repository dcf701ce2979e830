import { z } from 'zod';
import { group, groupDetail, groupName, id } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { listQuery, pageOf } from './route-parts.ts';

const tag = 'groups';
const byName = z.strictObject({ name: groupName });
const description = group.shape.description;
const members = z.array(id).max(500);

/** Members are listed by `users.list` with `group`. */
export const groupRoutes = defineRoutes({
  'groups.list': {
    method: 'GET',
    path: '/api/v1/groups',
    tag,
    summary: 'Groups of users, and how many are in each',
    permission: 'users:read',
    status: 200,
    query: listQuery(['name', 'created'], {}),
    response: pageOf(group),
  },
  'groups.create': {
    method: 'POST',
    path: '/api/v1/groups',
    tag,
    summary: 'Make a group, which is empty',
    permission: 'users:write',
    status: 201,
    idempotent: true,
    body: z.strictObject({ name: groupName, description: description.default('') }),
    response: group,
  },
  'groups.get': {
    method: 'GET',
    path: '/api/v1/groups/:name',
    tag,
    summary: 'One group, who put its members there, and what names it',
    permission: 'users:read',
    status: 200,
    params: byName,
    response: groupDetail,
  },
  'groups.update': {
    method: 'PATCH',
    path: '/api/v1/groups/:name',
    tag,
    summary: 'Describe a group, put users into it or take them out, or rename one that nothing names',
    permission: 'users:write',
    stepUp: true,
    status: 200,
    asserted: true,
    ifMatch: true,
    params: byName,
    body: z.strictObject({
      name: groupName.optional(),
      description: description.optional(),
      add: members.optional().describe('ids of users'),
      remove: members.optional().describe('ids of users'),
    }),
    response: group,
  },
  'groups.delete': {
    method: 'DELETE',
    path: '/api/v1/groups/:name',
    tag,
    summary: 'Remove a group that nothing names; its members stay, without it',
    permission: 'users:write',
    status: 204,
    asserted: true,
    ifMatch: true,
    params: byName,
  },
});
