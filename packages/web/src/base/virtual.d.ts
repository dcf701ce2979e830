/** Made by build/route-table.ts. */
declare module 'virtual:route-table' {
  export const routeTable: import('./api-client.ts').RouteTable;
}

/** Made by build/world-outline.ts. */
declare module 'virtual:world-outline' {
  /** Address of a shape of an SVG file of ours, in the units of world-projection.ts. */
  export const worldOutline: string;
}
