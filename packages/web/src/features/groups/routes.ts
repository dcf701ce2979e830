import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { groupMessages } from './messages.ts';

export const groupRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'users/groups',
    validateSearch: listSearch('members', 'create'),
    component: page(() => import('./groups-page.tsx'), 'GroupsPage', groupMessages),
  }),
] as const;
