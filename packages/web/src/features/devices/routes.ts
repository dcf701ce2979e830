import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { deviceMessages } from './messages.ts';

export const deviceRoutes = [
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'devices',
    validateSearch: listSearch('state', 'kind', 'enrol'),
    component: page(() => import('./devices-page.tsx'), 'DevicesPage', deviceMessages),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: 'devices/$id',
    validateSearch: listSearch('do', 'tunnels', 'discovered', 'discovered.sort', 'publishes'),
    component: page(() => import('./device-page.tsx'), 'DevicePage', deviceMessages),
  }),
] as const;
