import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { roleMessages } from './messages.ts';

export const roleRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'users/roles',
    /** `create=1` opens the dialog that makes one. */
    validateSearch: listSearch('create', 'permission', 'permission.of'),
    component: page(() => import('./roles-page.tsx'), 'RolesPage', roleMessages),
  }),
] as const;
