import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { sessionMessages } from './messages.ts';

export const sessionRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'users/sessions',
    validateSearch: listSearch('kind'),
    component: page(() => import('./sessions-page.tsx'), 'SessionsPage', sessionMessages),
  }),
] as const;
