import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { resourceMessages } from './messages.ts';

export const resourceRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'resources',
    validateSearch: listSearch('protocol', 'access', 'origin', 'status'),
    component: page(() => import('./resources-page.tsx'), 'ResourcesPage', resourceMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'resources/new',
    /** What listens behind an agent fills the form in. */
    validateSearch: listSearch('agent', 'address', 'kind', 'name'),
    component: page(() => import('./resource-new-page.tsx'), 'ResourceNewPage', resourceMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'resources/test',
    validateSearch: ({ url }: Record<string, unknown>): { url?: string } => (typeof url === 'string' ? { url } : {}),
    component: page(() => import('./test-route-page.tsx'), 'TestRoutePage', resourceMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'resources/$id/edit',
    component: page(() => import('./resource-edit-page.tsx'), 'ResourceEditPage', resourceMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'resources/$id',
    validateSearch: listSearch('do', 'targets', 'shares'),
    component: page(() => import('./resource-page.tsx'), 'ResourcePage', resourceMessages),
  }),
] as const;
