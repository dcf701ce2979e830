import { z } from 'zod';
import { consent, deviceView, id, label, resourceProtocol, session } from '../entities/index.ts';
import { password } from './inputs.ts';
import { defineRoutes } from './route.ts';
import { byId, pageOf, pageQuery } from './route-parts.ts';

const tag = 'me';

/** What somebody sees and ends of their own, whatever their role. */
export const meRoutes = defineRoutes({
  'me.listReach': {
    tag,
    permission: 'self:read',
    method: 'GET',
    path: '/api/v1/me/reach',
    summary: 'The resources and sites that let me in, and where they are opened',
    status: 200,
    query: pageQuery,
    response: pageOf(
      z.strictObject({
        id,
        name: label,
        kind: z.enum(['resource', 'site']),
        /** Null for sites. */
        protocol: resourceProtocol.nullable(),
        /** `https://…` or `host:port`; none for sites, and where there is no gateway. */
        urls: z.array(z.string()),
        gateways: z
          .array(label)
          .optional()
          .describe('where others keep me out: the gateways that let me in, which alone `urls` names'),
        portals: z
          .array(z.string())
          .optional()
          .describe(
            'of a port that is not public: where I authorise the address I come from, without which it stays closed',
          ),
        depends: z.boolean().describe('whether it hangs on facts of the moment, such as the device'),
      }),
    ),
  },
  'me.listSessions': {
    tag,
    permission: 'self:read',
    method: 'GET',
    path: '/api/v1/me/sessions',
    summary: 'My open sessions',
    status: 200,
    query: pageQuery,
    response: pageOf(session),
  },
  'me.deleteSession': {
    tag,
    permission: 'self:write',
    method: 'DELETE',
    path: '/api/v1/me/sessions/:id',
    summary: 'End a session of mine everywhere',
    status: 204,
    params: byId,
  },
  'me.changePassword': {
    tag,
    permission: 'self:write',
    method: 'POST',
    path: '/api/v1/me/password',
    summary: 'Another password for myself; my other sessions end',
    status: 204,
    body: z.strictObject({ currentPassword: password, newPassword: password }),
  },
  'me.listDevices': {
    tag,
    permission: 'self:read',
    method: 'GET',
    path: '/api/v1/me/devices',
    summary: 'My devices that were not revoked',
    status: 200,
    query: pageQuery,
    response: pageOf(deviceView),
  },
  'me.deleteDevice': {
    tag,
    permission: 'self:write',
    method: 'DELETE',
    path: '/api/v1/me/devices/:id',
    summary: 'Revoke a device of mine',
    status: 204,
    params: byId,
  },
  'me.listConsents': {
    tag,
    permission: 'self:read',
    method: 'GET',
    path: '/api/v1/me/consents',
    summary: 'The services that I allowed to sign me in, and what they may know',
    status: 200,
    response: z.strictObject({ items: z.array(consent) }),
  },
  'me.deleteConsent': {
    tag,
    permission: 'self:write',
    method: 'DELETE',
    path: '/api/v1/me/consents/:id',
    summary: 'Take a consent back: the service is given nothing more, and asks again; the id is that of the service',
    status: 204,
    params: byId,
  },
});
