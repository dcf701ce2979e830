import { isWebPage } from '@zeronaut/model';

/** Those that the console renders by itself. */
const PAGES = new Set(['/account', '/organizations', '/invitation', '/device', '/api/docs', '/requests']);
/** Where a relying party waits. */
const INTERACTION = /^\/oidc\/interaction\/[\w-]{10,64}$/;
const BASE = 'http://console.invalid';
const MAX_LENGTH = 300;
/** The address of a page that is open may hold more, such as the link of an invitation with what comes after it. */
const MAX_OPEN_LENGTH = 2_000;

/** Where to go after sign-in: one of our own pages, whatever was asked for. */
export function safeNext(wanted: unknown): string {
  const url = typeof wanted === 'string' ? ownUrl(wanted, MAX_LENGTH) : null;
  if (url === null) return '/';
  const isOurs = isWebPage(url.pathname) || PAGES.has(url.pathname) || INTERACTION.test(url.pathname);
  return isOurs ? url.pathname + url.search : '/';
}

/** Some address of this console, without its origin; null: it leads elsewhere. */
export function ownPath(wanted: string): string | null {
  const url = ownUrl(wanted, MAX_OPEN_LENGTH);
  return url === null ? null : url.pathname + url.search;
}

function ownUrl(wanted: string, maxLength: number): URL | null {
  if (!wanted.startsWith('/') || wanted.length > maxLength || !URL.canParse(wanted, BASE)) return null;
  const url = new URL(wanted, BASE);
  // `/..//evil.example` is ours as a URL, and would be another site's as the text of a Location.
  return url.origin === BASE && !url.pathname.startsWith('//') ? url : null;
}
