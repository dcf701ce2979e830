import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { siteMessages } from './messages.ts';

export const siteRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'sites',
    validateSearch: listSearch('connection', 'add'),
    component: page(() => import('./sites-page.tsx'), 'SitesPage', siteMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'sites/$id',
    validateSearch: listSearch(),
    component: page(() => import('./site-page.tsx'), 'SitePage', siteMessages),
  }),
] as const;
