import * as credentials from '../domains/removals/credential-removals.ts';
import * as removals from '../domains/removals/removals.ts';
import type { Handlers } from './handlers.ts';

export const removalHandlers: Pick<
  Handlers,
  | 'resources.previewRemoval'
  | 'sites.previewRemoval'
  | 'devices.previewRemoval'
  | 'identityProviders.previewRemoval'
  | 'serviceAccounts.previewRemoval'
  | 'workloadTrusts.previewRemoval'
  | 'apiKeys.previewRemoval'
  | 'relyingParties.previewRemoval'
  | 'accessRequests.previewRemoval'
> = {
  'resources.previewRemoval': (context, { caller, params }) =>
    removals.previewResourceRemoval(context, caller, params.id),
  'sites.previewRemoval': (context, { caller, params }) => removals.previewSiteRemoval(context, caller, params.id),
  'devices.previewRemoval': (context, { caller, params }) => removals.previewDeviceRemoval(context, caller, params.id),
  'identityProviders.previewRemoval': (context, { caller, params }) =>
    removals.previewProviderRemoval(context, caller, params.id),
  'serviceAccounts.previewRemoval': (context, { caller, params }) =>
    credentials.previewServiceAccount(context, caller, params.id),
  'workloadTrusts.previewRemoval': (context, { caller, params }) =>
    credentials.previewWorkloadTrust(context, caller, params.id),
  'apiKeys.previewRemoval': (context, { caller, params }) => credentials.previewApiKey(context, caller, params.id),
  'relyingParties.previewRemoval': (context, { caller, params }) =>
    credentials.previewRelyingParty(context, caller, params.id),
  'accessRequests.previewRemoval': (context, { caller, params }) =>
    credentials.previewRequestEnd(context, caller, params.id),
};
