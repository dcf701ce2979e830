/** Development only: what tests of several packages share. */
export * from './certificates.ts';
export * from './each-database.ts';
export * from './free-port.ts';
export * from './postgres-cluster.ts';
export * from './seeded-random.ts';
export * from './spawn-process.ts';
export * from './temporary-directory.ts';
export * from './wait-for.ts';
