/** Development only: what tests of several packages share. */
export * from './authenticator-maker.ts';
export * from './certificates.ts';
export * from './each-database.ts';
export * from './free-port.ts';
export * from './manual-clock.ts';
export * from './network-namespaces.ts';
export * from './pages-in-one-language.ts';
export * from './platform-statements.ts';
export * from './postgres-cluster.ts';
export * from './recording-upstream.ts';
export * from './seeded-random.ts';
export * from './snapshots.ts';
export * from './spawn-process.ts';
export * from './temporary-directory.ts';
export * from './tmpfs.ts';
export * from './virtual-passkey.ts';
export * from './wait-for.ts';
