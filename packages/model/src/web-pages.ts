/**
 * First path segments that belong to the web console: the console answers them with its page, and a sign-in leads back to them.
 * Everything else that is unknown stays a 404.
 */
export const WEB_PAGES = [
  'access-requests',
  'audit',
  'devices',
  'first-steps',
  'gateways',
  'my-access',
  'policies',
  'resources',
  'security',
  'service-accounts',
  'settings',
  'sites',
  'users',
] as const;

/** True for `/` and everything below a segment of the web console. */
export function isWebPage(path: string): boolean {
  const [, segment] = path.split('/');
  return path === '/' || (WEB_PAGES as readonly (string | undefined)[]).includes(segment);
}

/**
 * Goes with each call that the web console makes. Writes that a cookie vouches for are refused without it: no other site
 * can send it without being asked for leave first, and leave is never given.
 */
export const OWN_PAGE_HEADER = 'x-zeronaut-page';

/** The service worker of the web console. */
export const WEB_WORKER = '/service-worker.js';

/** `BrokenAssertions` as JSON in ASCII, with few items; absent: the change broke none. Here, as schemas beside it would come along into the first route. */
export const BROKEN_ASSERTIONS_HEADER = 'zeronaut-broken-assertions';

/** Where the web console keeps its appearance in the browser: `light`, `dark` or `system`. The console's own pages follow it. */
export const THEME_STORAGE_KEY = 'zeronaut.theme';
