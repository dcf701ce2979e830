import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { serviceAccountMessages } from './messages.ts';

export const serviceAccountRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'service-accounts',
    /** `create=1` opens the dialog that creates one. */
    validateSearch: listSearch('status', 'create'),
    component: page(() => import('./service-accounts-page.tsx'), 'ServiceAccountsPage', serviceAccountMessages),
  }),
] as const;
