const ADDRESS = /^(?:127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether a host is what a machine calls itself: no other one reaches it so. */
export function isOfThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || ADDRESS.test(hostname);
}

/**
 * The same page at `localhost`, for one that is open at an address of this machine: there no browser makes a passkey, since
 * one belongs to a name. Null where that is no way out.
 */
export function atLocalhost(href: string): string | null {
  const url = new URL(href);
  if (!ADDRESS.test(url.hostname)) return null;
  url.hostname = 'localhost';
  return url.href;
}
