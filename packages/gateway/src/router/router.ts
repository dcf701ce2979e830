import type { SnapshotResource } from '@zeronaut/model';
import type { Tables } from '../tables.ts';

/**
 * Which resource a host name means. First stage of a request: the exact name, then a wildcard that stands for exactly
 * one label. Null: nothing answers to that name.
 */
export function routeHost(tables: Tables, host: string): SnapshotResource | 'portal' | null {
  const exact = tables.hosts.get(host);
  if (exact !== undefined) return exact;
  if (host === tables.portalHost) return 'portal';
  const dot = host.indexOf('.');
  if (dot <= 0) return null;
  return tables.wildcardHosts.get(host.slice(dot + 1)) ?? null;
}
