import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { workloadTrustMessages } from './messages.ts';

export const workloadTrustRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'service-accounts/workload-trusts',
    validateSearch: listSearch('status', 'create'),
    component: page(() => import('./workload-trusts-page.tsx'), 'WorkloadTrustsPage', workloadTrustMessages),
  }),
] as const;
