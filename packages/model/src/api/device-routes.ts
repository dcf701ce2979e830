import { z } from 'zod';
import {
  device,
  devicePolicy,
  devicePolicyInput,
  deviceTunnel,
  deviceView,
  discoveredService,
  displayName,
  id,
  label,
  place,
  targetAddress,
  timestamp,
} from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byId, flag, listQuery, pageOf } from './route-parts.ts';

/** Gateways that are asked for the tunnels of one device. */
export const MAX_TOLD_GATEWAYS = 100;

/** Listening ports that an agent tells of its machine. */
export const MAX_DISCOVERED = 64;
/** Targets behind one device that its agent is told of. */
export const MAX_DEVICE_TARGETS = 1_000;

export const deviceRoutes = defineRoutes({
  'devices.list': {
    method: 'GET',
    path: '/api/v1/devices',
    tag: 'devices',
    summary: 'Enrolled devices',
    permission: 'devices:read',
    status: 200,
    query: listQuery(['created', 'name', 'seen'], {
      userId: id.optional(),
      state: z.enum(['approved', 'pending', 'revoked']).optional(),
      placed: flag.optional().describe('somebody said where it is'),
    }),
    response: pageOf(deviceView),
  },
  'devices.get': {
    method: 'GET',
    path: '/api/v1/devices/:id',
    tag: 'devices',
    summary: 'A device',
    permission: 'devices:read',
    status: 200,
    params: byId,
    response: deviceView,
  },
  'devices.listTunnels': {
    method: 'GET',
    path: '/api/v1/devices/:id/tunnels',
    tag: 'devices',
    summary: 'The tunnels of a device now, as the gateways that it is connected to say',
    permission: 'devices:read',
    status: 200,
    params: byId,
    response: z.strictObject({
      gateways: z
        .array(
          z.strictObject({
            id,
            name: label,
            /** Null: it did not say. */
            tunnels: z.array(deviceTunnel).nullable(),
          }),
        )
        .max(MAX_TOLD_GATEWAYS),
    }),
  },
  'devices.enrol': {
    method: 'POST',
    path: '/api/v1/devices',
    tag: 'devices',
    summary: 'Enrol this machine with its own key',
    permission: 'self:write',
    status: 201,
    body: z.strictObject({ name: displayName, csr: z.string().max(8192) }),
    response: z.strictObject({ device, certificate: z.string(), certificateAuthority: z.string() }),
  },
  'devices.renew': {
    method: 'POST',
    path: '/api/v1/devices/:id/certificate',
    tag: 'devices',
    summary: 'Renew my device certificate, same key',
    permission: 'self:write',
    status: 201,
    params: byId,
    body: z.strictObject({ csr: z.string().max(8192) }),
    response: z.strictObject({ device, certificate: z.string(), certificateAuthority: z.string() }),
  },
  'devices.delete': {
    method: 'DELETE',
    path: '/api/v1/devices/:id',
    tag: 'devices',
    summary: 'Revoke a device',
    permission: 'devices:write',
    status: 204,
    params: byId,
  },
  'devices.setPlace': {
    method: 'PUT',
    path: '/api/v1/devices/:id/place',
    tag: 'devices',
    summary: 'Say where a device is, for maps; null: nowhere in particular',
    permission: 'devices:write',
    status: 200,
    ifMatch: 'optional',
    params: byId,
    body: z.strictObject({ place: place.nullable() }),
    response: deviceView,
  },
  'devices.approve': {
    method: 'POST',
    path: '/api/v1/devices/:id/approval',
    tag: 'devices',
    summary: 'Approve a device that waits for a person; gateways let it in',
    permission: 'devices:write',
    status: 200,
    params: byId,
    response: device,
  },
  'devices.reportPosture': {
    method: 'POST',
    path: '/api/v1/devices/:id/posture',
    tag: 'devices',
    summary: 'What my device says of itself, signed by its key',
    permission: 'self:write',
    status: 204,
    params: byId,
    body: z.strictObject({ report: z.string().max(32_768).describe('compact JWS, see `postureClaims` of the model') }),
  },
  'devices.reportDiscovered': {
    method: 'PUT',
    path: '/api/v1/devices/:id/discovered',
    tag: 'devices',
    summary: 'What listens on the machine of my agent, which was told to look',
    permission: 'self:write',
    status: 204,
    params: byId,
    body: z.strictObject({
      /** It serves what is published of these without a further word. */
      publishes: z.boolean(),
      services: z.array(discoveredService).max(MAX_DISCOVERED),
    }),
  },
  'devices.listDiscovered': {
    method: 'GET',
    path: '/api/v1/devices/:id/discovered',
    tag: 'devices',
    summary: 'What listens on the machine of an agent, by its own word',
    permission: 'devices:read',
    status: 200,
    params: byId,
    response: z.strictObject({
      /** Null: it does not look, or has not told for a day. */
      reportedAt: timestamp.nullable(),
      publishes: z.boolean(),
      services: z.array(discoveredService).max(MAX_DISCOVERED),
    }),
  },
  'devices.listTargets': {
    method: 'GET',
    path: '/api/v1/devices/:id/targets',
    tag: 'devices',
    summary: 'Targets of declared resources behind my device; the agent decides which of them it serves',
    permission: 'self:read',
    status: 200,
    params: byId,
    response: z.strictObject({
      items: z
        .array(
          z.strictObject({ resourceId: id, name: label, address: targetAddress, protocol: z.enum(['tcp', 'udp']) }),
        )
        .max(MAX_DEVICE_TARGETS),
    }),
  },
  'devicePolicy.get': {
    method: 'GET',
    path: '/api/v1/organizations/current/device-policy',
    tag: 'devices',
    summary: 'How devices are approved, and what they are asked',
    permission: 'organization:read',
    status: 200,
    response: devicePolicy,
  },
  'devicePolicy.update': {
    method: 'PUT',
    path: '/api/v1/organizations/current/device-policy',
    tag: 'devices',
    summary: 'Change how devices are approved, and what they are asked',
    permission: 'organization:write',
    stepUp: true,
    status: 200,
    ifMatch: true,
    body: devicePolicyInput,
    response: devicePolicy,
  },
});
