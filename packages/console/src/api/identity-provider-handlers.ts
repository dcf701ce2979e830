import type { identityProviderRoutes } from '@zeronaut/model';
import * as providers from '../domains/identity-providers/identity-providers.ts';
import * as domains from '../domains/identity-providers/mail-domains.ts';
import { testProvider } from '../domains/identity-providers/test-provider.ts';
import { directoryStatus } from '../domains/scim/directory-status.ts';
import type { Handlers } from './handlers.ts';

export const identityProviderHandlers: Pick<Handlers, keyof typeof identityProviderRoutes> = {
  'identityProviders.list': (context, { caller, query }) => providers.listProviders(context, caller, query),
  'identityProviders.create': (context, { caller, body, remember }) =>
    providers.createProvider(context, caller, body, remember),
  'identityProviders.get': (context, { caller, params }) => providers.getProvider(context, caller, params.id),
  'identityProviders.update': (context, { caller, params, body, version }) =>
    providers.updateProvider(context, caller, params.id, version, body),
  'identityProviders.delete': (context, { caller, params }) => providers.deleteProvider(context, caller, params.id),
  'identityProviders.test': (context, { caller, params }) => testProvider(context, caller, params.id),
  'identityProviders.directory': (context, { caller, params }) => directoryStatus(context, caller, params.id),
  'identityProviders.addDomain': (context, { caller, params, body }) =>
    domains.addDomain(context, caller, params.id, body),
  'identityProviders.verifyDomain': (context, { caller, params }) =>
    domains.verifyDomain(context, caller, params.id, params.domain),
  'identityProviders.removeDomain': (context, { caller, params }) =>
    domains.removeDomain(context, caller, params.id, params.domain),
};
