import { isDeepStrictEqual } from 'node:util';
import { createId, hasLimits, NO_HEADER_RULES, NO_LIMITS, type Resource, type Target } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { isoTime } from '../page.ts';

export type ResourceRow = Selectable<Schema['resources']>;
type TargetRow = Selectable<Schema['targets']>;

/** A resource as its tables hold it, with real hashes in `access`. `redactResource` before it leaves the console. */
export interface StoredResource extends Resource {
  /** The sealed values of `headers` that are secrets, in their order. */
  readonly headerSecrets: readonly string[];
  readonly autoNamed: boolean;
}

function toTarget(row: TargetRow): Target {
  return {
    id: row.id,
    address: row.address,
    deviceId: row.device_id,
    protocol: row.protocol,
    weight: row.weight,
    healthCheck: row.health_check === null ? null : JSON.parse(row.health_check),
    tlsVerify: row.tls_verify === 1,
    tlsServerName: row.tls_server_name,
  };
}

/** Reads domains and targets of all rows in two queries, whatever their number. */
export async function loadResources(
  queries: Queries,
  organizationId: string,
  rows: readonly ResourceRow[],
): Promise<StoredResource[]> {
  if (rows.length === 0) return [];
  let domainQuery = queries
    .selectFrom('resource_domains')
    .select(['resource_id', 'domain'])
    .where('organization_id', '=', organizationId)
    .orderBy('position');
  let targetQuery = queries
    .selectFrom('targets')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('position');
  if (rows.length <= 500) {
    const ids = rows.map((row) => row.id);
    domainQuery = domainQuery.where('resource_id', 'in', ids);
    targetQuery = targetQuery.where('resource_id', 'in', ids);
  }
  const domains = Map.groupBy(await domainQuery.execute(), (row) => row.resource_id);
  const targets = Map.groupBy(await targetQuery.execute(), (row) => row.resource_id);
  return rows.map((row) => ({
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    origin: row.origin,
    protocol: row.protocol,
    domains: (domains.get(row.id) ?? []).map(({ domain }) => domain),
    port: row.port,
    access: JSON.parse(row.access),
    targets: (targets.get(row.id) ?? []).map(toTarget),
    proxyProtocol: row.proxy_protocol,
    headers: row.headers === null ? NO_HEADER_RULES : JSON.parse(row.headers),
    limits: row.limits === null ? NO_LIMITS : JSON.parse(row.limits),
    balancing: row.balancing ?? 'weighted',
    headerSecrets: row.header_secrets === null ? [] : JSON.parse(row.header_secrets),
    segments: JSON.parse(row.segments),
    deviceId: row.device_id,
    enabled: row.enabled === 1,
    createdAt: isoTime(row.created_at),
    updatedAt: isoTime(row.updated_at),
    version: row.version,
    autoNamed: row.auto_named === 1,
  }));
}

/** Inserts or replaces a resource whole, with its domains and targets. Unique constraints may still refuse it. */
export async function saveResource(queries: Queries, resource: StoredResource): Promise<void> {
  const row: ResourceRow = {
    id: resource.id,
    organization_id: resource.organizationId,
    name: resource.name,
    origin: resource.origin,
    protocol: resource.protocol,
    port: resource.port,
    access: JSON.stringify(resource.access),
    proxy_protocol: resource.proxyProtocol,
    headers: isDeepStrictEqual(resource.headers, NO_HEADER_RULES) ? null : JSON.stringify(resource.headers),
    limits: hasLimits(resource.limits) ? JSON.stringify(resource.limits) : null,
    balancing: resource.balancing === 'weighted' ? null : resource.balancing,
    header_secrets: resource.headerSecrets.length === 0 ? null : JSON.stringify(resource.headerSecrets),
    segments: JSON.stringify(resource.segments),
    device_id: resource.deviceId,
    enabled: resource.enabled ? 1 : 0,
    auto_named: resource.autoNamed ? 1 : 0,
    created_at: Date.parse(resource.createdAt),
    updated_at: Date.parse(resource.updatedAt),
    version: resource.version,
  };
  const { id, ...columns } = row;
  if (resource.version === 1) {
    await queries.insertInto('resources').values(row).execute();
  } else {
    await queries
      .updateTable('resources')
      .set(columns)
      .where('id', '=', id)
      .where('organization_id', '=', resource.organizationId)
      .execute();
    await queries
      .deleteFrom('resource_domains')
      .where('resource_id', '=', id)
      .where('organization_id', '=', resource.organizationId)
      .execute();
    await queries
      .deleteFrom('targets')
      .where('resource_id', '=', id)
      .where('organization_id', '=', resource.organizationId)
      .execute();
  }
  if (resource.domains.length > 0) {
    await queries
      .insertInto('resource_domains')
      .values(
        resource.domains.map((domain, position) => ({
          organization_id: resource.organizationId,
          resource_id: id,
          domain,
          position,
        })),
      )
      .execute();
  }
  if (resource.targets.length > 0) {
    await queries
      .insertInto('targets')
      .values(
        resource.targets.map((target, position) => ({
          id: target.id,
          organization_id: resource.organizationId,
          resource_id: id,
          position,
          address: target.address,
          device_id: target.deviceId,
          protocol: target.protocol,
          weight: target.weight,
          health_check: target.healthCheck === null ? null : JSON.stringify(target.healthCheck),
          tls_verify: target.tlsVerify ? 1 : 0,
          tls_server_name: target.tlsServerName,
        })),
      )
      .execute();
  }
}

/** A target that is the same as one before keeps its id, so that gateways keep what they know of its health. */
export function keepTargetIds(
  wanted: readonly Omit<Target, 'id'>[],
  before: readonly Target[],
  nowMs: number,
): Target[] {
  const left = [...before];
  return wanted.map((target) => {
    const at = left.findIndex(
      (known) =>
        known.address === target.address && known.deviceId === target.deviceId && known.protocol === target.protocol,
    );
    return { id: at === -1 ? createId('target', nowMs) : left.splice(at, 1)[0]!.id, ...target };
  });
}
