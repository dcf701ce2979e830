/**
 * zod tries out at its first schema whether it may make programs from text. Our policy forbids it, and the browser would report
 * the attempt as a violation. This has to run before the first schema exists, and without loading zod into the first route.
 */
const global = globalThis as { __zod_globalConfig?: { jitless?: boolean } };
global.__zod_globalConfig = Object.assign(global.__zod_globalConfig ?? {}, { jitless: true });

export {};
