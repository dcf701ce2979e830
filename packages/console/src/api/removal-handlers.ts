import * as removals from '../domains/removals/removals.ts';
import type { Handlers } from './handlers.ts';

export const removalHandlers: Pick<
  Handlers,
  'resources.previewRemoval' | 'sites.previewRemoval' | 'devices.previewRemoval' | 'identityProviders.previewRemoval'
> = {
  'resources.previewRemoval': (context, { caller, params }) =>
    removals.previewResourceRemoval(context, caller, params.id),
  'sites.previewRemoval': (context, { caller, params }) => removals.previewSiteRemoval(context, caller, params.id),
  'devices.previewRemoval': (context, { caller, params }) => removals.previewDeviceRemoval(context, caller, params.id),
  'identityProviders.previewRemoval': (context, { caller, params }) =>
    removals.previewProviderRemoval(context, caller, params.id),
};
