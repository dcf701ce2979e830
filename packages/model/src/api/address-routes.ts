import { z } from 'zod';
import { addressGrantView, id } from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, flag, listQuery, pageOf, pageQuery } from './route-parts.ts';

const tag = 'addresses';

/** Addresses that people authorised for raw ports. They are made on the portal of a gateway; here they are seen and ended. */
export const addressRoutes = defineRoutes({
  'me.listAddresses': {
    tag,
    permission: 'self:read',
    method: 'GET',
    path: '/api/v1/me/addresses',
    summary: 'The addresses that I authorised for raw ports, while they count',
    status: 200,
    query: pageQuery,
    response: pageOf(addressGrantView),
  },
  'me.deleteAddress': {
    tag,
    permission: 'self:write',
    method: 'DELETE',
    path: '/api/v1/me/addresses/:id',
    summary: 'Close a port again that I opened for an address; open connections are cut',
    status: 204,
    params: byId,
  },
  'me.deleteAddresses': {
    tag,
    permission: 'self:write',
    method: 'DELETE',
    path: '/api/v1/me/addresses',
    summary: 'The same for all of mine',
    status: 200,
    response: z.strictObject({ ended: z.int().min(0).describe('how many that counted do no more') }),
  },
  'addresses.list': {
    tag,
    permission: 'sessions:read',
    method: 'GET',
    path: '/api/v1/addresses',
    summary: 'Addresses that people of the organization authorised for raw ports, and those of the last days',
    status: 200,
    query: listQuery(['created'], {
      userId: id.optional(),
      resourceId: id.optional(),
      gatewayId: id.optional(),
      open: flag.optional().describe('neither ended nor past its time'),
    }),
    response: pageOf(addressGrantView),
  },
  'addresses.delete': {
    tag,
    permission: 'sessions:write',
    method: 'DELETE',
    path: '/api/v1/addresses/:id',
    summary: 'Close a port that somebody opened for an address; open connections are cut',
    status: 204,
    params: byId,
  },
});
