import { type RouteDefinition, routes } from '@zeronaut/model';
import type { Plugin } from 'vite';

const NAME = 'virtual:route-table';

/**
 * What the browser has to know of the route table of `model`: method, path and what goes along, without the schemas,
 * which are most of its weight and are loaded with the forms that need them. Types come from `model` itself.
 */
export function routeTable(): Plugin {
  return {
    name: 'zeronaut-route-table',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const rows = Object.entries(routes as Record<string, RouteDefinition>).map(([name, route]) => [
        name,
        { method: route.method, path: route.path, permission: route.permission },
      ]);
      return `export const routeTable = ${JSON.stringify(Object.fromEntries(rows))};`;
    },
  };
}
