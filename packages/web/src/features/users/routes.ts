import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { userMessages } from './messages.ts';

export const userRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'users',
    /** `create=1` opens the dialog that creates one. */
    validateSearch: listSearch('role', 'status', 'group', 'create'),
    component: page(() => import('./users-page.tsx'), 'UsersPage', userMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'users/$id',
    validateSearch: listSearch(
      'do',
      'sessions',
      'sessions.sort',
      'devices',
      'devices.sort',
      'addresses',
      'addresses.sort',
      'keys',
    ),
    component: page(() => import('./user-page.tsx'), 'UserPage', userMessages),
  }),
] as const;
