import { createRootRoute, lazyRouteComponent } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import type { Catalogue, Messages } from './messages.ts';

/** Parent of every page; the app puts the shell around it. */
export const rootRoute = createRootRoute();

/**
 * A page that is fetched when it is first opened, together with its texts, and those of `more`:
 * `component: page(() => import('./gateways-page.tsx'), 'GatewaysPage', gatewayMessages)`.
 */
export function page<Module extends Record<string, unknown>, Name extends keyof Module & string, M extends Messages>(
  load: () => Promise<Module>,
  name: Name,
  texts: Catalogue<M>,
  ...more: readonly Pick<Catalogue<Messages>, 'load'>[]
) {
  return lazyRouteComponent(async () => {
    const [module] = await Promise.all([load(), texts.load(), ...more.map((one) => one.load())]);
    return { default: module[name] as ComponentType };
  });
}
