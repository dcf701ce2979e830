import type { SnapshotResource } from '@zeronaut/model';
import type { Flow } from '../flow.ts';
import { headerValue, type RequestHead } from '../http/request-head.ts';
import type { Tables } from '../tables.ts';

/**
 * Where redirects may lead: only to hosts of the tables, always as an absolute URL whose origin we built, so that a
 * path such as `//evil` can never become one.
 */

/** `https://host` with the port on which the visitor reached us, as far as the request tells. */
export function originOf(host: string, flow: Flow, head: RequestHead): string {
  const port = flow.downstream.tls ? portOfAuthority(head.authority) : flow.tables.snapshot.httpsPort;
  return port === 443 ? `https://${host}` : `https://${host}:${port}`;
}

function portOfAuthority(authority: string): number {
  const match = /:(\d{1,5})$/.exec(authority);
  return match === null ? 443 : Number(match[1]);
}

/** Origin-form and visible ASCII, or `/`. Longer ones would not fit into a token with everything else. */
export function localPath(target: string): string {
  return target.length <= 2_000 && /^\/[\x21-\x7e]*$/.test(target) ? target : '/';
}

export function resourceOfHost(tables: Tables, host: string): SnapshotResource | null {
  const exact = tables.hosts.get(host);
  if (exact !== undefined) return exact;
  const dot = host.indexOf('.');
  return dot <= 0 ? null : (tables.wildcardHosts.get(host.slice(dot + 1)) ?? null);
}

/**
 * Whether a form post comes from our own page on this very host: `Origin` names it, or, where a browser withholds that,
 * `Sec-Fetch-Site` says so. Neither: no.
 */
export function isSameOriginPost(flow: Flow, head: RequestHead): boolean {
  const site = headerValue(head.headers, 'sec-fetch-site');
  if (site !== null && site !== 'same-origin') return false;
  const origin = headerValue(head.headers, 'origin');
  if (origin === null) return site === 'same-origin';
  const expected = `https://${normalAuthority(head.authority, 443)}`;
  if (normalOrigin(origin, 'https://', 443) === expected) return true;
  // Behind a proxy that ends TLS for us, or in plain-text development, the browser's scheme is unknown.
  return (
    !flow.downstream.tls && normalOrigin(origin, 'http://', 80) === `http://${normalAuthority(head.authority, 80)}`
  );
}

function normalOrigin(origin: string, scheme: string, defaultPort: number): string | null {
  return origin.startsWith(scheme) ? scheme + normalAuthority(origin.slice(scheme.length), defaultPort) : null;
}

function normalAuthority(authority: string, defaultPort: number): string {
  const lower = authority.toLowerCase();
  const suffix = `:${defaultPort}`;
  return lower.endsWith(suffix) ? lower.slice(0, -suffix.length) : lower;
}
