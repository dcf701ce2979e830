import type { Context } from './context.ts';

/**
 * Where people open the console, without a trailing slash. A passkey belongs to a name and no browser makes one for an IP
 * address, so that on this machine alone it is `localhost`.
 */
export function pagesUrl({ settings }: Pick<Context, 'settings'>): string {
  const url = new URL(settings.publicUrl());
  if (url.hostname === '[::1]' || url.hostname.startsWith('127.')) url.hostname = 'localhost';
  return url.href.replace(/\/+$/, '');
}
