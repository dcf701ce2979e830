/** The shared vocabulary. Schemas, names and pure functions only: no I/O, and safe in a browser. */
export * from './address.ts';
export * from './api/inputs.ts';
export * from './api/problem.ts';
export * from './api/route.ts';
export * from './api/routes.ts';
export * from './entities/index.ts';
export * from './fault.ts';
export * from './gateway-file.ts';
export * from './ids.ts';
export * from './local-credential.ts';
export * from './permissions.ts';
export * from './reasons.ts';
export * from './snapshot.ts';
export * from './sync-messages.ts';
export * from './tokens.ts';
export * from './tunnel-messages.ts';
export * from './verdict.ts';
