import { createRoute, redirect } from '@tanstack/react-router';
import { queryClient } from '../../base/api.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { mayCall, meQuery } from '../../base/session.ts';
import { overviewMessages } from './messages.ts';

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/',
    // Who may not see what passes through has nothing to oversee, and lands where they find what is theirs.
    beforeLoad: () => {
      const me = queryClient.getQueryData(meQuery.queryKey);
      if (me !== undefined && !mayCall(me, 'accessEvents.list')) throw redirect({ to: '/my-access', replace: true });
    },
    component: page(() => import('./overview-page.tsx'), 'OverviewPage', overviewMessages),
  }),
] as const;
