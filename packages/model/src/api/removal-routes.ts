import { removal } from '../entities/removal.ts';
import { defineRoutes } from './route.ts';
import { byId, byIdOrName } from './route-parts.ts';

const preview = { method: 'GET', status: 200, response: removal } as const;

/** What a removal would end, before somebody says that it shall. */
export const removalRoutes = defineRoutes({
  'resources.previewRemoval': {
    ...preview,
    path: '/api/v1/resources/:id/removal',
    tag: 'resources',
    summary: 'What removing or stopping a resource or service would end, and what would go on naming it',
    permission: 'resources:write',
    resource: 'params.id',
    params: byIdOrName,
  },
  'sites.previewRemoval': {
    ...preview,
    path: '/api/v1/sites/:id/removal',
    tag: 'sites',
    summary: 'What removing a site would end, and what would go on naming it',
    permission: 'sites:write',
    params: byId,
  },
  'devices.previewRemoval': {
    ...preview,
    path: '/api/v1/devices/:id/removal',
    tag: 'devices',
    summary: 'What revoking a device would end, and what would go on naming it',
    permission: 'devices:write',
    params: byId,
  },
  'identityProviders.previewRemoval': {
    ...preview,
    path: '/api/v1/identity-providers/:id/removal',
    tag: 'identity providers',
    summary: 'Who could no longer sign in without an identity provider',
    permission: 'identity_providers:write',
    params: byIdOrName,
  },
  'serviceAccounts.previewRemoval': {
    ...preview,
    path: '/api/v1/service-accounts/:id/removal',
    tag: 'service accounts',
    summary: 'What disabling or removing a service account would end, and what would go on naming it',
    permission: 'service_accounts:write',
    params: byId,
  },
  'workloadTrusts.previewRemoval': {
    ...preview,
    path: '/api/v1/workload-trusts/:id/removal',
    tag: 'service accounts',
    summary: 'Which access tokens would end with a workload trust',
    permission: 'service_accounts:write',
    params: byId,
  },
  'apiKeys.previewRemoval': {
    ...preview,
    path: '/api/v1/api-keys/:id/removal',
    tag: 'api keys',
    summary: 'What an API key was used for within the last day',
    permission: 'api_keys:write',
    params: byId,
  },
  'relyingParties.previewRemoval': {
    ...preview,
    path: '/api/v1/relying-parties/:id/removal',
    tag: 'relying parties',
    summary: 'Of whom a relying party holds tokens, and who allowed it to sign them in',
    permission: 'relying_parties:write',
    params: byId,
  },
  'accessRequests.previewRemoval': {
    ...preview,
    path: '/api/v1/access-requests/:id/removal',
    tag: 'access requests',
    summary: 'What whoever asked did with an access request within the last day',
    permission: 'self:write',
    params: byId,
  },
});
