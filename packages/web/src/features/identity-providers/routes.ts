import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { identityProviderMessages } from './messages.ts';

export const identityProviderRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/identity-providers',
    /** `create=oidc` opens the dialog that adds one of that kind. */
    validateSearch: listSearch('kind', 'create'),
    component: page(() => import('./identity-providers-page.tsx'), 'IdentityProvidersPage', identityProviderMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/identity-providers/$id',
    validateSearch: listSearch('groups', 'groups.sort', 'mappings', 'mappings.sort'),
    component: page(() => import('./identity-provider-page.tsx'), 'IdentityProviderPage', identityProviderMessages),
  }),
] as const;
