import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { reasonTexts } from '../../base/reason-texts.ts';
import { auditMessages } from './messages.ts';

export const auditRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'audit',
    validateSearch: listSearch('action', 'from', 'to', 'object', 'actor', 'entry'),
    component: page(() => import('./audit-page.tsx'), 'AuditPage', auditMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'audit/verify',
    component: page(() => import('./verify-page.tsx'), 'VerifyPage', auditMessages),
  }),
] as const;
