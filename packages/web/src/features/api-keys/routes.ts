import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { apiKeyMessages } from './messages.ts';

export const apiKeyRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'service-accounts/api-keys',
    /** `create=1` opens the dialog that creates one, for `owner`. */
    validateSearch: listSearch('status', 'owner', 'create'),
    component: page(() => import('./api-keys-page.tsx'), 'ApiKeysPage', apiKeyMessages),
  }),
] as const;
