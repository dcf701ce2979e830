import type { HeaderList } from '../http/request-head.ts';

/** Two cookies of one name cannot come from a browser that honours `__Host-`; guessing between them would be a choice. */
export type CookieRead =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly value: string }
  | typeof AMBIGUOUS;
const AMBIGUOUS = Object.freeze({ kind: 'ambiguous' } as const);
const NONE = Object.freeze({ kind: 'none' } as const);

/** One of our cookies. Names are compared exactly; a value in quotes is taken as it stands. */
export function readCookie(headers: HeaderList, name: string): CookieRead {
  let found: string | null = null;
  for (let i = 0; i < headers.names.length; i++) {
    if (headers.names[i] !== 'cookie') continue;
    const header = headers.values[i]!;
    if (!header.includes(name)) continue;
    for (const pair of header.split(';')) {
      const equals = pair.indexOf('=');
      if (equals === -1 || pair.slice(0, equals).trim() !== name) continue;
      if (found !== null) return AMBIGUOUS;
      found = pair.slice(equals + 1).trim();
    }
  }
  return found === null ? NONE : { kind: 'one', value: found };
}

/** A `Set-Cookie` header for one of our `__Host-` cookies. `value` is base64url and dots, nothing to quote. */
export function setCookie(name: string, value: string, maxAgeSeconds: number): readonly [string, string] {
  const age = Math.max(0, Math.floor(maxAgeSeconds));
  // Lax: the callback and links from elsewhere must carry them; forms and frames of other sites must not.
  return ['set-cookie', `${name}=${value}; Path=/; Max-Age=${age}; Secure; HttpOnly; SameSite=Lax`];
}

export function clearCookie(name: string): readonly [string, string] {
  return setCookie(name, '', 0);
}
