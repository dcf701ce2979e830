const PAGES = new Set(['/', '/account', '/device', '/api/docs']);

/** Where to go after sign-in: one of our own pages, whatever was asked for. */
export function safeNext(wanted: unknown): string {
  if (typeof wanted !== 'string' || !wanted.startsWith('/') || wanted.length > 300) return '/';
  const base = 'http://console.invalid';
  if (!URL.canParse(wanted, base)) return '/';
  const url = new URL(wanted, base);
  return url.origin === base && PAGES.has(url.pathname) ? url.pathname + url.search : '/';
}
