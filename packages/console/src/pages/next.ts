import { isWebPage } from '@zeronaut/model';

/** Those that the console renders by itself. */
const PAGES = new Set(['/account', '/organizations', '/invitation', '/device', '/api/docs', '/requests']);
/** Where a relying party waits. */
const INTERACTION = /^\/oidc\/interaction\/[\w-]{10,64}$/;

/** Where to go after sign-in: one of our own pages, whatever was asked for. */
export function safeNext(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || wanted.length > 300) return '/';
  const base = 'http://console.invalid';
  if (!URL.canParse(wanted, base)) return '/';
  const url = new URL(wanted, base);
  const isOurs = isWebPage(url.pathname) || PAGES.has(url.pathname) || INTERACTION.test(url.pathname);
  return url.origin === base && isOurs ? url.pathname + url.search : '/';
}
