import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { gatewayMessages } from './messages.ts';

export const gatewayRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'gateways',
    /** `enrol=1` opens the dialog that enrols one. */
    validateSearch: listSearch('status', 'enrol'),
    component: page(() => import('./gateways-page.tsx'), 'GatewaysPage', gatewayMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'gateways/$id',
    validateSearch: listSearch('do'),
    component: page(() => import('./gateway-page.tsx'), 'GatewayPage', gatewayMessages),
  }),
] as const;
