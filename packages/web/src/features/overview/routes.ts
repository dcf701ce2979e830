import { createRoute } from '@tanstack/react-router';
import { page, rootRoute } from '../../base/pages.ts';
import { overviewMessages } from './messages.ts';

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/',
    component: page(() => import('./overview-page.tsx'), 'OverviewPage', overviewMessages),
  }),
] as const;
