import { z } from 'zod';
import {
  accessEvent,
  accessRule,
  apiKey,
  auditEntry,
  destination,
  device,
  displayName,
  email,
  gateway,
  gatewayEndpoint,
  groupName,
  healthCheck,
  hostname,
  id,
  label,
  network,
  organization,
  port,
  portRange,
  principal,
  proxyProtocol,
  publicJwk,
  resource,
  resourceProtocol,
  role,
  session,
  share,
  site,
  targetAddress,
  timestamp,
  user,
} from '../entities/index.ts';
import { defineRoutes } from './route.ts';

const byId = z.strictObject({ id });
const byIdOrName = z.strictObject({ id: z.string().min(1).max(64).describe('id or name') });
const page = { cursor: z.string().max(200).optional(), limit: z.coerce.number().int().min(1).max(500).default(100) };
const pageQuery = z.strictObject(page);
function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const password = z.string().min(1).max(1024);

/** The access part of a request: plain passwords come in here and only their hashes go further. */
export const accessInput = z.strictObject({
  mode: z.enum(['login', 'public']).default('login'),
  allow: z.array(principal).max(200).default([]),
  addresses: z.array(network).max(200).default([]),
  basic: z
    .array(
      z.strictObject({
        username: z
          .string()
          .min(1)
          .max(128)
          .regex(/^[^:\u0000-\u001f\u007f]+$/, 'no colon, no control characters'),
        password: z.string().min(1).max(256),
      }),
    )
    .max(20)
    .default([]),
  tokens: accessRule.shape.tokens,
});
export type AccessInput = z.infer<typeof accessInput>;

export const targetInput = z.strictObject({
  address: targetAddress,
  /** Device id or name of the agent behind which the target is; absent: the gateway dials it itself. */
  agent: z.string().min(1).max(120).nullable().default(null),
  /** Default: `http` for HTTP resources, else the resource's protocol. */
  protocol: z.enum(['http', 'https', 'tcp', 'udp']).optional(),
  weight: z.int().min(0).max(1000).default(1),
  healthCheck: healthCheck.nullable().default(null),
  tlsVerify: z.boolean().default(true),
  tlsServerName: hostname.nullable().default(null),
});

export const resourceInput = z.strictObject({
  name: label,
  protocol: resourceProtocol.default('http'),
  domains: z.array(hostname).max(100).default([]),
  port: port.nullable().default(null),
  access: accessInput.prefault({}),
  targets: z.array(targetInput).min(1).max(200),
  proxyProtocol: proxyProtocol.default('none'),
  enabled: z.boolean().default(true),
});
export type ResourceInput = z.infer<typeof resourceInput>;

/** The file of `zeronaut resources apply`. */
export const resourcesFile = z.strictObject({ resources: z.array(resourceInput).max(5000) });

export const serviceInput = z.strictObject({
  deviceId: id,
  /** Absent: a readable random name, the same one again for the same device, protocol and address. */
  name: label.optional(),
  protocol: resourceProtocol,
  /** As the agent sees it. Only shown to people; the agent itself decides what it dials. */
  address: targetAddress,
  /** `https` when the local service speaks TLS. */
  targetProtocol: z.enum(['http', 'https', 'tcp', 'udp']).optional(),
  port: port.optional(),
  access: accessInput.prefault({}),
  proxyProtocol: proxyProtocol.default('none'),
});

export const serviceView = resource.extend({
  /** What a visitor opens: one per gateway. `https://name.base:8443` or `host:port`. */
  urls: z.array(z.string()),
  /** DNS records that a real domain needs, as zone-file lines. Empty for local base domains. */
  dns: z.array(z.string()),
  gateways: z.array(gatewayEndpoint),
  /** Whether the publishing device has a tunnel to any gateway is known to gateways only; this is the last event seen. */
  lastEventAt: timestamp.nullable(),
});
export type ServiceView = z.infer<typeof serviceView>;

const me = z.strictObject({
  user: user.nullable(),
  organization,
  role,
  credential: z.enum(['session', 'api_key', 'local']),
  sessionId: id.nullable(),
});

const token = z.strictObject({ token: z.string(), expiresAt: timestamp });

export const routes = defineRoutes({
  'health.get': {
    method: 'GET',
    path: '/api/v1/health',
    tag: 'system',
    summary: 'Whether the console is ready',
    permission: 'none',
    status: 200,
    response: z.strictObject({
      status: z.literal('ok'),
      version: z.string(),
      database: z.enum(['sqlite', 'postgres']),
      setupNeeded: z.boolean(),
    }),
  },

  'setup.create': {
    method: 'POST',
    path: '/api/v1/setup',
    tag: 'system',
    summary: 'Create the first owner with the one-time link',
    permission: 'none',
    status: 201,
    body: z.strictObject({
      token: z.string().min(20).max(200),
      email,
      name: displayName,
      password,
      organizationName: displayName.optional(),
    }),
    response: z.strictObject({ user, session: token }),
  },

  'sessions.create': {
    method: 'POST',
    path: '/api/v1/sessions',
    tag: 'sessions',
    summary: 'Sign in',
    permission: 'none',
    status: 201,
    body: z.strictObject({ email, password }),
    response: z.strictObject({ user, session: token }),
  },
  'sessions.list': {
    method: 'GET',
    path: '/api/v1/sessions',
    tag: 'sessions',
    summary: 'Sessions of the organization',
    permission: 'sessions:read',
    status: 200,
    query: pageQuery,
    response: pageOf(session),
  },
  'sessions.deleteCurrent': {
    method: 'DELETE',
    path: '/api/v1/sessions/current',
    tag: 'sessions',
    summary: 'Sign out',
    permission: 'self:write',
    status: 204,
  },
  'sessions.delete': {
    method: 'DELETE',
    path: '/api/v1/sessions/:id',
    tag: 'sessions',
    summary: 'Revoke a session everywhere',
    permission: 'sessions:write',
    status: 204,
    params: byId,
  },

  'oauth.deviceAuthorization': {
    method: 'POST',
    path: '/api/v1/oauth/device_authorization',
    tag: 'oauth',
    summary: 'Device authorization request (RFC 8628, 3.1)',
    permission: 'none',
    status: 200,
    form: true,
    body: z.strictObject({ client_id: z.literal('zeronaut-cli'), scope: z.string().max(200).optional() }),
    response: z.strictObject({
      device_code: z.string(),
      user_code: z.string(),
      verification_uri: z.string(),
      verification_uri_complete: z.string(),
      expires_in: z.int(),
      interval: z.int(),
    }),
  },
  'oauth.token': {
    method: 'POST',
    path: '/api/v1/oauth/token',
    tag: 'oauth',
    summary: 'Device access token request (RFC 8628, 3.4)',
    permission: 'none',
    status: 200,
    form: true,
    body: z.strictObject({
      grant_type: z.literal('urn:ietf:params:oauth:grant-type:device_code'),
      device_code: z.string().min(20).max(200),
      client_id: z.literal('zeronaut-cli'),
    }),
    response: z.strictObject({ access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.int() }),
  },
  'oauth.approve': {
    method: 'POST',
    path: '/api/v1/oauth/approvals',
    tag: 'oauth',
    summary: 'Approve or refuse a device that waits',
    permission: 'self:write',
    status: 204,
    body: z.strictObject({ userCode: z.string().min(8).max(12), approve: z.boolean() }),
  },

  'me.get': {
    method: 'GET',
    path: '/api/v1/me',
    tag: 'me',
    summary: 'Who I am',
    permission: 'self:read',
    status: 200,
    response: me,
  },

  'organizations.getCurrent': {
    method: 'GET',
    path: '/api/v1/organizations/current',
    tag: 'organizations',
    summary: 'My organization',
    permission: 'organization:read',
    status: 200,
    response: organization,
  },

  'users.list': {
    method: 'GET',
    path: '/api/v1/users',
    tag: 'users',
    summary: 'Users',
    permission: 'users:read',
    status: 200,
    query: pageQuery,
    response: pageOf(user),
  },
  'users.create': {
    method: 'POST',
    path: '/api/v1/users',
    tag: 'users',
    summary: 'Create a user',
    permission: 'users:write',
    status: 201,
    idempotent: true,
    body: z.strictObject({
      email,
      name: displayName,
      password,
      role: role.default('member'),
      groups: z.array(groupName).max(100).default([]),
    }),
    response: user,
  },
  'users.get': {
    method: 'GET',
    path: '/api/v1/users/:id',
    tag: 'users',
    summary: 'One user',
    permission: 'users:read',
    status: 200,
    params: byId,
    response: user,
  },
  'users.update': {
    method: 'PATCH',
    path: '/api/v1/users/:id',
    tag: 'users',
    summary: 'Change a user',
    permission: 'users:write',
    status: 200,
    ifMatch: true,
    params: byId,
    body: z.strictObject({
      name: displayName.optional(),
      role: role.optional(),
      groups: z.array(groupName).max(100).optional(),
      status: z.enum(['active', 'disabled']).optional(),
      password: password.optional(),
    }),
    response: user,
  },

  'apiKeys.list': {
    method: 'GET',
    path: '/api/v1/api-keys',
    tag: 'api keys',
    summary: 'API keys',
    permission: 'api_keys:read',
    status: 200,
    query: pageQuery,
    response: pageOf(apiKey),
  },
  'apiKeys.create': {
    method: 'POST',
    path: '/api/v1/api-keys',
    tag: 'api keys',
    summary: 'Create an API key; the key is shown once',
    permission: 'api_keys:write',
    status: 201,
    body: z.strictObject({
      name: displayName,
      role,
      expiresInSeconds: z.int().min(60).max(315_360_000).nullable().default(7_776_000),
    }),
    response: z.strictObject({ apiKey, key: z.string() }),
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

  'devices.list': {
    method: 'GET',
    path: '/api/v1/devices',
    tag: 'devices',
    summary: 'Enrolled devices',
    permission: 'devices:read',
    status: 200,
    query: pageQuery,
    response: pageOf(device),
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

  'gateways.list': {
    method: 'GET',
    path: '/api/v1/gateways',
    tag: 'gateways',
    summary: 'Gateways',
    permission: 'gateways:read',
    status: 200,
    query: pageQuery,
    response: pageOf(gateway),
  },
  'gateways.get': {
    method: 'GET',
    path: '/api/v1/gateways/:id',
    tag: 'gateways',
    summary: 'One gateway',
    permission: 'gateways:read',
    status: 200,
    params: byId,
    response: gateway,
  },
  'gateways.createEnrolment': {
    method: 'POST',
    path: '/api/v1/gateways/enrolments',
    tag: 'gateways',
    summary: 'A short-lived, single-use token that enrols a gateway',
    permission: 'gateways:write',
    status: 201,
    body: z.strictObject({ ttlSeconds: z.int().min(60).max(86_400).default(3_600) }).prefault({}),
    response: token,
  },
  'gateways.enrol': {
    method: 'POST',
    path: '/api/v1/gateways/enrol',
    tag: 'gateways',
    summary: 'A gateway enrols with its token',
    permission: 'none',
    status: 201,
    body: z.strictObject({
      token: z.string().min(20).max(200),
      csr: z.string().max(8192),
      name: label,
      region: label.default('default'),
      baseDomain: hostname,
      publicHost: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[A-Za-z0-9.:_-]+$/),
      httpsPort: port,
      tunnelPort: port,
      portRange,
      signingKey: publicJwk,
      tlsPublicKey: z
        .string()
        .max(2048)
        .describe('SubjectPublicKeyInfo, PEM: the key that its certificates are made for'),
    }),
    response: z.strictObject({
      gateway,
      certificate: z.string(),
      tunnelCertificate: z.string(),
      certificateAuthority: z.string(),
      snapshotKey: publicJwk,
      syncAddress: z.string(),
    }),
  },
  'gateways.delete': {
    method: 'DELETE',
    path: '/api/v1/gateways/:id',
    tag: 'gateways',
    summary: 'Revoke a gateway',
    permission: 'gateways:write',
    status: 204,
    params: byId,
  },
  'endpoints.list': {
    method: 'GET',
    path: '/api/v1/endpoints',
    tag: 'gateways',
    summary: 'Where agents and clients dial',
    permission: 'self:read',
    status: 200,
    response: z.strictObject({ gateways: z.array(gatewayEndpoint), certificateAuthority: z.string() }),
  },

  'resources.list': {
    method: 'GET',
    path: '/api/v1/resources',
    tag: 'resources',
    summary: 'Resources, services included',
    permission: 'resources:read',
    status: 200,
    query: pageQuery,
    response: pageOf(resource),
  },
  'resources.create': {
    method: 'POST',
    path: '/api/v1/resources',
    tag: 'resources',
    summary: 'Declare a resource',
    permission: 'resources:write',
    status: 201,
    idempotent: true,
    body: resourceInput,
    response: resource,
  },
  'resources.apply': {
    method: 'POST',
    path: '/api/v1/resources/apply',
    tag: 'resources',
    summary: 'Make the declared resources as the list says; those not named are left alone unless prune is set',
    permission: 'resources:write',
    status: 200,
    body: z.strictObject({
      resources: resourcesFile.shape.resources,
      prune: z.boolean().default(false),
      dryRun: z.boolean().default(false),
    }),
    response: z.strictObject({
      changes: z.array(
        z.strictObject({
          name: label,
          action: z.enum(['create', 'update', 'delete', 'none']),
          resource: resource.nullable(),
        }),
      ),
    }),
  },
  'resources.get': {
    method: 'GET',
    path: '/api/v1/resources/:id',
    tag: 'resources',
    summary: 'One resource',
    permission: 'resources:read',
    status: 200,
    params: byIdOrName,
    response: resource,
  },
  'resources.update': {
    method: 'PUT',
    path: '/api/v1/resources/:id',
    tag: 'resources',
    summary: 'Change a declared resource',
    permission: 'resources:write',
    status: 200,
    ifMatch: true,
    params: byId,
    body: resourceInput,
    response: resource,
  },
  'resources.delete': {
    method: 'DELETE',
    path: '/api/v1/resources/:id',
    tag: 'resources',
    summary: 'Delete a resource',
    permission: 'resources:write',
    status: 204,
    params: byId,
  },

  'services.list': {
    method: 'GET',
    path: '/api/v1/services',
    tag: 'services',
    summary: 'Services that agents publish',
    permission: 'resources:read',
    status: 200,
    query: pageQuery,
    response: pageOf(serviceView),
  },
  'services.publish': {
    method: 'POST',
    path: '/api/v1/services',
    tag: 'services',
    summary: 'Publish, or publish again, a service of my device',
    permission: 'resources:write',
    status: 200,
    body: serviceInput,
    response: serviceView,
  },
  'services.get': {
    method: 'GET',
    path: '/api/v1/services/:id',
    tag: 'services',
    summary: 'One service',
    permission: 'resources:read',
    status: 200,
    params: byIdOrName,
    response: serviceView,
  },
  'services.delete': {
    method: 'DELETE',
    path: '/api/v1/services/:id',
    tag: 'services',
    summary: 'Stop a service and forget its name',
    permission: 'resources:write',
    status: 204,
    params: byIdOrName,
  },
  'shares.create': {
    method: 'POST',
    path: '/api/v1/resources/:id/shares',
    tag: 'services',
    summary: 'A signed link that lets guests in until it expires',
    permission: 'resources:write',
    status: 201,
    params: byId,
    body: z.strictObject({ ttlSeconds: z.int().min(60).max(2_592_000) }),
    response: z.strictObject({ share, token: z.string(), urls: z.array(z.string()) }),
  },
  'shares.list': {
    method: 'GET',
    path: '/api/v1/resources/:id/shares',
    tag: 'services',
    summary: 'Share links of a resource',
    permission: 'resources:read',
    status: 200,
    params: byId,
    query: pageQuery,
    response: pageOf(share),
  },
  'shares.delete': {
    method: 'DELETE',
    path: '/api/v1/shares/:id',
    tag: 'services',
    summary: 'Revoke a share link',
    permission: 'resources:write',
    status: 204,
    params: byId,
  },

  'sites.list': {
    method: 'GET',
    path: '/api/v1/sites',
    tag: 'sites',
    summary: 'Sites',
    permission: 'sites:read',
    status: 200,
    query: pageQuery,
    response: pageOf(site),
  },
  'sites.publish': {
    method: 'POST',
    path: '/api/v1/sites',
    tag: 'sites',
    summary: 'Create or change a site by name',
    permission: 'sites:write',
    status: 200,
    body: z.strictObject({
      name: label,
      connection: z.enum(['tunnel', 'local']),
      deviceId: id.nullable().default(null),
      destinations: z.array(destination).min(1).max(500),
      access: accessInput.prefault({ allow: ['role:owner', 'role:admin'] }),
    }),
    response: site,
  },
  'sites.delete': {
    method: 'DELETE',
    path: '/api/v1/sites/:id',
    tag: 'sites',
    summary: 'Delete a site',
    permission: 'sites:write',
    status: 204,
    params: byId,
  },

  'accessEvents.list': {
    method: 'GET',
    path: '/api/v1/access-events',
    tag: 'events',
    summary: 'What gateways let through and refused, newest first',
    permission: 'events:read',
    status: 200,
    query: z.strictObject({
      ...page,
      resourceId: id.optional(),
      gatewayId: id.optional(),
      effect: z.enum(['pass', 'challenge', 'deny']).optional(),
    }),
    response: pageOf(accessEvent),
  },
  'audit.list': {
    method: 'GET',
    path: '/api/v1/audit',
    tag: 'audit',
    summary: 'Administrative changes and sign-ins, newest first, with the hash chain',
    permission: 'audit:read',
    status: 200,
    query: pageQuery,
    response: pageOf(auditEntry),
  },
  'audit.verify': {
    method: 'GET',
    path: '/api/v1/audit/verification',
    tag: 'audit',
    summary: 'Check the whole chain',
    permission: 'audit:read',
    status: 200,
    response: z.strictObject({
      valid: z.boolean(),
      entries: z.int(),
      firstBadSeq: z.int().nullable(),
      head: z.string(),
    }),
  },
});

export type Routes = typeof routes;
export type RouteId = keyof Routes;
