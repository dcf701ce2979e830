import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Refusal } from '../store/refusal.ts';

/**
 * A page of somebody else can point its own name at 127.0.0.1 (DNS rebinding) and then talks to us as the same origin.
 * So while we listen on loopback only names are answered that nobody else can own, and the configured public URL's.
 */
export function createHostGuard(options: { loopbackOnly: boolean; publicUrl: () => string }) {
  const ours = new Set(['localhost', '127.0.0.1', '[::1]']);
  return (host: string | undefined): Refusal | null => {
    if (!options.loopbackOnly) return null;
    const name = (host ?? '').toLowerCase().replace(/:\d{1,5}$/, '');
    if (ours.has(name) || name === new URL(options.publicUrl()).hostname) return null;
    return new Refusal('api.forbidden', { detail: 'this console does not answer under that name' });
  };
}

/**
 * For requests that a cookie vouches for: a browser says where they come from, and only our own origin may write.
 * Null when it is ours.
 */
export function checkSameOrigin(
  headers: IncomingHttpHeaders,
  isOwnOrigin: (origin: string) => boolean,
): Refusal | null {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  if (typeof site === 'string' && site !== 'same-origin') return new Refusal('access.csrf');
  if (origin !== undefined) return isOwnOrigin(origin) ? null : new Refusal('access.csrf');
  // Neither header: no browser of today, and nothing that needs a cookie.
  return site === 'same-origin' ? null : new Refusal('access.csrf');
}

/** True for `http(s)://<host of this request>`; the host itself was checked by the guard above. */
export function ownOrigin(host: string | undefined, publicUrl: string): (origin: string) => boolean {
  const allowed = new Set([new URL(publicUrl).origin]);
  if (host !== undefined && URL.canParse(`http://${host}`)) {
    allowed.add(new URL(`http://${host}`).origin);
    allowed.add(new URL(`https://${host}`).origin);
  }
  return (origin) => allowed.has(origin);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
