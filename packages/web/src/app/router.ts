import { createRouter } from '@tanstack/react-router';
import { rootRoute } from '../base/pages.ts';
import { accessRequestRoutes } from '../features/access-requests/routes.ts';
import { apiKeyRoutes } from '../features/api-keys/routes.ts';
import { auditRoutes } from '../features/audit/routes.ts';
import { deviceRoutes } from '../features/devices/routes.ts';
import { firstRunRoutes } from '../features/first-run/routes.ts';
import { gatewayRoutes } from '../features/gateways/routes.ts';
import { groupRoutes } from '../features/groups/routes.ts';
import { identityProviderRoutes } from '../features/identity-providers/routes.ts';
import { invitationRoutes } from '../features/invitations/routes.ts';
import { myAccessRoutes } from '../features/my-access/routes.ts';
import { overviewRoutes } from '../features/overview/routes.ts';
import { personalAccessTokenRoutes } from '../features/personal-access-tokens/routes.ts';
import { policyRoutes } from '../features/policies/routes.ts';
import { relyingPartyRoutes } from '../features/relying-parties/routes.ts';
import { resourceRoutes } from '../features/resources/routes.ts';
import { roleRoutes } from '../features/roles/routes.ts';
import { securityRoutes } from '../features/security/routes.ts';
import { serviceAccountRoutes } from '../features/service-accounts/routes.ts';
import { sessionRoutes } from '../features/sessions/routes.ts';
import { settingsRoutes } from '../features/settings/routes.ts';
import { siteRoutes } from '../features/sites/routes.ts';
import { userRoutes } from '../features/users/routes.ts';
import { workloadTrustRoutes } from '../features/workload-trusts/routes.ts';
import { LoadingPage, NotFoundPage, PageError } from './page-states.tsx';
import { Shell } from './shell.tsx';

const routeTree = rootRoute
  .update({ component: Shell })
  .addChildren([
    ...overviewRoutes,
    ...resourceRoutes,
    ...gatewayRoutes,
    ...siteRoutes,
    ...deviceRoutes,
    ...policyRoutes,
    ...securityRoutes,
    ...auditRoutes,
    ...firstRunRoutes,
    ...userRoutes,
    ...invitationRoutes,
    ...sessionRoutes,
    ...groupRoutes,
    ...serviceAccountRoutes,
    ...apiKeyRoutes,
    ...personalAccessTokenRoutes,
    ...accessRequestRoutes,
    ...myAccessRoutes,
    ...settingsRoutes,
    ...identityProviderRoutes,
    ...roleRoutes,
    ...relyingPartyRoutes,
    ...workloadTrustRoutes,
  ]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  // Data is cached by TanStack Query; the router fetches code alone.
  defaultPreloadStaleTime: 0,
  defaultNotFoundComponent: NotFoundPage,
  defaultErrorComponent: PageError,
  defaultPendingComponent: LoadingPage,
  defaultPendingMs: 200,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
