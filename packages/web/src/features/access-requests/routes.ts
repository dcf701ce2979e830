import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { accessRequestMessages } from './messages.ts';

export const accessRequestRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'access-requests',
    /** `ask=NAME` opens the dialog that asks for it; `ask=1` for nothing in particular. */
    validateSearch: listSearch('status', 'whose', 'ask'),
    component: page(() => import('./access-requests-page.tsx'), 'AccessRequestsPage', accessRequestMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'access-requests/approval-rules',
    validateSearch: listSearch('approver', 'edit'),
    component: page(() => import('./approval-rules-page.tsx'), 'ApprovalRulesPage', accessRequestMessages),
  }),
] as const;
