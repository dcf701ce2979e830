import { z } from 'zod';
import {
  displayName,
  groupMapping,
  identityProvider,
  identityProviderDomain,
  identityProviderSettings,
  label,
  mailDomain,
  providerDirectory,
  role,
} from '../entities/index.ts';
import { defineRoutes } from './route.ts';
import { byIdOrName, pageOf, pageQuery } from './route-parts.ts';

export const identityProviderInput = z.strictObject({
  name: label,
  displayName: displayName.optional(),
  enabled: z.boolean().default(true),
  position: z.int().min(0).max(1000).default(100),
  settings: identityProviderSettings,
  /** Client secret or bind password. Absent: what is kept stays. Null: none. */
  secret: z.string().min(1).max(4096).nullable().optional(),
  createUsers: z.boolean().default(false),
  defaultRole: role.default('member'),
  groupMappings: z.array(groupMapping).max(500).default([]),
});
export type IdentityProviderInput = z.infer<typeof identityProviderInput>;

const checks = z.array(
  z.strictObject({ check: z.string(), ok: z.boolean(), reason: z.string().nullable(), detail: z.string() }),
);

export const identityProviderRoutes = defineRoutes({
  'identityProviders.list': {
    method: 'GET',
    path: '/api/v1/identity-providers',
    tag: 'identity providers',
    summary: 'Identity providers, in the order of their buttons',
    permission: 'identity_providers:read',
    status: 200,
    query: pageQuery,
    response: pageOf(identityProvider),
  },
  'identityProviders.create': {
    method: 'POST',
    path: '/api/v1/identity-providers',
    tag: 'identity providers',
    summary: 'Add an identity provider',
    permission: 'identity_providers:write',
    stepUp: true,
    status: 201,
    idempotent: true,
    body: identityProviderInput,
    response: identityProvider,
  },
  'identityProviders.get': {
    method: 'GET',
    path: '/api/v1/identity-providers/:id',
    tag: 'identity providers',
    summary: 'One identity provider',
    permission: 'identity_providers:read',
    status: 200,
    params: byIdOrName,
    response: identityProvider,
  },
  'identityProviders.update': {
    method: 'PUT',
    path: '/api/v1/identity-providers/:id',
    tag: 'identity providers',
    summary: 'Change an identity provider; a new address asks for the secret again',
    permission: 'identity_providers:write',
    stepUp: true,
    status: 200,
    ifMatch: true,
    params: byIdOrName,
    body: identityProviderInput,
    response: identityProvider,
  },
  'identityProviders.delete': {
    method: 'DELETE',
    path: '/api/v1/identity-providers/:id',
    tag: 'identity providers',
    summary: 'Remove an identity provider; sessions that it opened end',
    permission: 'identity_providers:write',
    status: 204,
    params: byIdOrName,
  },
  'identityProviders.test': {
    method: 'POST',
    path: '/api/v1/identity-providers/:id/test',
    tag: 'identity providers',
    summary: 'Ask the other side what it can be asked without a person, and say what is wrong',
    permission: 'identity_providers:write',
    status: 200,
    params: byIdOrName,
    response: z.strictObject({ ok: z.boolean(), checks }),
  },
  'identityProviders.directory': {
    method: 'GET',
    path: '/api/v1/identity-providers/:id/directory',
    tag: 'identity providers',
    summary:
      'What the directory of the company pushes (SCIM): where to, how many people, which groups, and what they give here',
    permission: 'identity_providers:read',
    status: 200,
    params: byIdOrName,
    response: providerDirectory,
  },
  'identityProviders.addDomain': {
    method: 'POST',
    path: '/api/v1/identity-providers/:id/domains',
    tag: 'identity providers',
    summary:
      'Name a mail domain that it vouches for; `dns` asks for a TXT record, `owner` counts in this organization only',
    permission: 'identity_providers:write',
    stepUp: true,
    status: 201,
    params: byIdOrName,
    body: z.strictObject({ domain: mailDomain, proof: z.enum(['dns', 'owner']).default('dns') }),
    response: identityProviderDomain,
  },
  'identityProviders.verifyDomain': {
    method: 'POST',
    path: '/api/v1/identity-providers/:id/domains/:domain/verification',
    tag: 'identity providers',
    summary: 'Look for the TXT record',
    permission: 'identity_providers:write',
    status: 200,
    params: byIdOrName.extend({ domain: mailDomain }),
    response: identityProviderDomain,
  },
  'identityProviders.removeDomain': {
    method: 'DELETE',
    path: '/api/v1/identity-providers/:id/domains/:domain',
    tag: 'identity providers',
    summary: 'It no longer vouches for the domain',
    permission: 'identity_providers:write',
    status: 204,
    params: byIdOrName.extend({ domain: mailDomain }),
  },
});
