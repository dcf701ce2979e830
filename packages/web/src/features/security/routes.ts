import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { reasonTexts } from '../../base/reason-texts.ts';
import { FEED_SEARCH } from './feed.ts';
import { securityMessages } from './messages.ts';

export const securityRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security',
    validateSearch: listSearch(...FEED_SEARCH),
    component: page(() => import('./access-feed-page.tsx'), 'AccessFeedPage', securityMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security/refusals',
    validateSearch: listSearch(
      'range',
      ...['reasons', 'reasons.sort'],
      ...['resources', 'resources.sort'],
      ...['policies', 'policies.sort'],
    ),
    component: page(() => import('./refusals-page.tsx'), 'RefusalsPage', securityMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security/incidents',
    validateSearch: listSearch('state', 'kind'),
    component: page(() => import('./incidents-page.tsx'), 'IncidentsPage', securityMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security/incidents/$id',
    component: page(() => import('./incident-page.tsx'), 'IncidentPage', securityMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'security/behaviour',
    validateSearch: listSearch('kind'),
    component: page(() => import('./behaviour-page.tsx'), 'BehaviourPage', securityMessages),
  }),
] as const;
