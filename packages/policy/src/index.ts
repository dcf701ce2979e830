/** Access decisions: pure, deny by default, safe in a browser. */
export * from './destination.ts';
export * from './evaluate-access.ts';
export * from './principal.ts';
