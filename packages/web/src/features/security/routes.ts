import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { securityMessages } from './messages.ts';

export const securityRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security',
    validateSearch: listSearch('effect', 'resource', 'reason', 'subject', 'address'),
    component: page(() => import('./access-feed-page.tsx'), 'AccessFeedPage', securityMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security/refusals',
    validateSearch: listSearch('range'),
    component: page(() => import('./refusals-page.tsx'), 'RefusalsPage', securityMessages),
  }),
] as const;
