import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { invitationMessages } from './messages.ts';

export const invitationRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'users/invitations',
    /** `invite=1` opens the dialog that makes one. */
    validateSearch: listSearch('status', 'invite'),
    component: page(() => import('./invitations-page.tsx'), 'InvitationsPage', invitationMessages),
  }),
] as const;
