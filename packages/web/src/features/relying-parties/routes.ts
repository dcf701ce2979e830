import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { relyingPartyMessages } from './messages.ts';

export const relyingPartyRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/relying-parties',
    validateSearch: listSearch('status', 'create'),
    component: page(() => import('./relying-parties-page.tsx'), 'RelyingPartiesPage', relyingPartyMessages),
  }),
] as const;
