import { createRoute } from '@tanstack/react-router';
import { page, rootRoute } from '../../base/pages.ts';
import { firstRunMessages } from './messages.ts';

export const firstRunRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'first-steps',
    component: page(() => import('./first-run-page.tsx'), 'FirstRunPage', firstRunMessages),
  }),
] as const;
