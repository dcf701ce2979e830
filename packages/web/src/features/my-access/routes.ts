import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { myAccessMessages } from './messages.ts';

export const myAccessRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'my-access',
    validateSearch: listSearch('kind'),
    component: page(() => import('./my-access-page.tsx'), 'MyAccessPage', myAccessMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'my-access/sign-in',
    validateSearch: listSearch(
      'sessions',
      'sessions.sort',
      'devices',
      'devices.sort',
      'addresses',
      'addresses.sort',
      'consents',
    ),
    component: page(() => import('./my-sign-in-page.tsx'), 'MySignInPage', myAccessMessages),
  }),
] as const;
