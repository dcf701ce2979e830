/** Made by build/route-table.ts. */
declare module 'virtual:route-table' {
  export const routeTable: import('./api-client.ts').RouteTable;
}
