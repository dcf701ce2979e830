import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { settingsMessages } from './messages.ts';

export const settingsRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings',
    component: page(() => import('./organization-page.tsx'), 'OrganizationPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/sign-in',
    component: page(() => import('./sign-in-policy-page.tsx'), 'SignInPolicyPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/devices',
    component: page(() => import('./device-policy-page.tsx'), 'DevicePolicyPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/retention',
    component: page(() => import('./retention-page.tsx'), 'RetentionPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/audit-exports',
    validateSearch: listSearch('kind', 'status', 'create'),
    component: page(() => import('./audit-exports-page.tsx'), 'AuditExportsPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/branding',
    component: page(() => import('./branding-page.tsx'), 'BrandingPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/notifications',
    validateSearch: listSearch('kind', 'status', 'create'),
    component: page(() => import('./notifications-page.tsx'), 'NotificationsPage', settingsMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'settings/backup',
    component: page(() => import('./backup-page.tsx'), 'BackupPage', settingsMessages),
  }),
] as const;
