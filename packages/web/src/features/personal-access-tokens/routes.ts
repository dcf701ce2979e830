import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { tokenMessages } from './messages.ts';

export const personalAccessTokenRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'service-accounts/personal-access-tokens',
    validateSearch: listSearch('status'),
    component: page(() => import('./all-tokens-page.tsx'), 'AllTokensPage', tokenMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'my-access/personal-access-tokens',
    /** `create=1` opens the dialog that creates one. */
    validateSearch: listSearch('status', 'create'),
    component: page(() => import('./my-tokens-page.tsx'), 'MyTokensPage', tokenMessages),
  }),
] as const;
