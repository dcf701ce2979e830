import { createRoute } from '@tanstack/react-router';
import { page, rootRoute } from '../../base/pages.ts';
import { reasonTexts } from '../../base/reason-texts.ts';
import { firstRunMessages } from './messages.ts';

export const firstRunRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'first-steps',
    component: page(() => import('./first-run-page.tsx'), 'FirstRunPage', firstRunMessages, reasonTexts),
  }),
] as const;
