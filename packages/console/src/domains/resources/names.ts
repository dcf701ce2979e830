import { INTERNAL_DOMAIN } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { GatewayRow } from '../gateways/gateways.ts';

/** The label of every gateway's own sign-in pages. */
export const PORTAL_LABEL = 'portal';

export function portalHost(gateway: Pick<GatewayRow, 'base_domain'>): string {
  return `${PORTAL_LABEL}.${gateway.base_domain}`;
}

/**
 * Our CA makes a certificate for every published host, and gateways hold the keys. One for a name under which console
 * or gateways prove themselves would let the holder stand in for them.
 */
export function isInternalName(host: string): boolean {
  return host === INTERNAL_DOMAIN || host.endsWith(`.${INTERNAL_DOMAIN}`);
}

/**
 * No host may mean two resources: neither by name, nor by domain, nor by a domain that is the automatic host
 * `<name>.<base domain>` of another. Null when all is well.
 */
export async function checkNames(
  queries: Queries,
  organizationId: string,
  gateways: readonly GatewayRow[],
  wanted: { id: string; name: string; domains: readonly string[]; protocol: string },
): Promise<Refusal | null> {
  if (wanted.name === PORTAL_LABEL) {
    return new Refusal('api.name_taken', { detail: `${PORTAL_LABEL} is the name of the sign-in pages` });
  }
  const byName = await queries
    .selectFrom('resources')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('name', '=', wanted.name)
    .where('id', '!=', wanted.id)
    .executeTakeFirst();
  if (byName !== undefined) return new Refusal('api.name_taken', { detail: `${wanted.name} is taken` });
  if (wanted.protocol !== 'http') return null;

  const automatic = gateways.map((gateway) => `${wanted.name}.${gateway.base_domain}`);
  const hosts = [...new Set([...automatic, ...wanted.domains])];
  const byDomain =
    hosts.length === 0
      ? undefined
      : await queries
          .selectFrom('resource_domains')
          .select('domain')
          .where('organization_id', '=', organizationId)
          .where('domain', 'in', hosts)
          .where('resource_id', '!=', wanted.id)
          .executeTakeFirst();
  if (byDomain !== undefined) {
    return automatic.includes(byDomain.domain)
      ? new Refusal('api.name_taken', { detail: `${byDomain.domain} is a domain of another resource` })
      : domainTaken(wanted.domains.indexOf(byDomain.domain), 'is a domain of another resource');
  }
  for (const [i, domain] of wanted.domains.entries()) {
    if (wanted.domains.indexOf(domain) !== i) return domainTaken(i, 'is named twice');
    if (isInternalName(domain)) return domainTaken(i, 'is kept for console and gateways');
    for (const gateway of gateways) {
      if (domain === gateway.base_domain || domain === `*.${gateway.base_domain}`) {
        return domainTaken(i, 'is the base domain of a gateway');
      }
      if (!domain.endsWith(`.${gateway.base_domain}`)) continue;
      const label = domain.slice(0, -gateway.base_domain.length - 1);
      if (label === PORTAL_LABEL) return domainTaken(i, 'belongs to the sign-in pages');
      const owner = await queries
        .selectFrom('resources')
        .select('id')
        .where('organization_id', '=', organizationId)
        .where('name', '=', label)
        .where('id', '!=', wanted.id)
        .executeTakeFirst();
      if (owner !== undefined) return domainTaken(i, 'is the host of another resource');
    }
  }
  return null;
}

function domainTaken(index: number, message: string): Refusal {
  return new Refusal('api.conflict', { errors: [{ path: `/domains/${index}`, message }] });
}
