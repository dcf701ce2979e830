import { formatHostPort, type Gateway, type GatewayView, type Place } from '@zeronaut/model';
import { type Selectable, sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { versionOfRow } from '../if-match.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page } from '../page.ts';
import { setPlace, toPlace } from '../places.ts';
import { portalHost } from '../resources/names.ts';
import { lagOf, loadOf } from './gateway-load.ts';

export type GatewayRow = Selectable<Schema['gateways']>;

export function toGateway(row: GatewayRow, connected: ReadonlySet<string>): Gateway {
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    region: row.region,
    baseDomain: row.base_domain,
    publicHost: row.public_host,
    httpsPort: row.https_port,
    tunnelPort: row.tunnel_port,
    portRange: { from: row.port_from, to: row.port_to },
    signingKey: JSON.parse(row.signing_key),
    status: row.status,
    draining: drainingOf(row),
    connected: connected.has(row.id),
    lease: leaseOf(row, connected.has(row.id)),
    lastSeenAt: isoTime(row.last_seen_at),
    snapshotVersion: row.applied_version,
    softwareVersion: row.software_version,
    place: toPlace(row.place),
    segments: JSON.parse(row.segments),
    createdAt: isoTime(row.created_at),
    version: versionOfRow(row),
  };
}

export function drainingOf(row: Pick<GatewayRow, 'drain_since' | 'drain_until'>): Gateway['draining'] {
  if (row.drain_since === null || row.drain_until === null) return null;
  return { since: isoTime(row.drain_since), until: isoTime(row.drain_until) };
}

export function leaseOf(
  row: Pick<GatewayRow, 'lease_seconds' | 'last_seen_at'>,
  isConnected: boolean,
): Gateway['lease'] {
  const { lease_seconds: maxAgeSeconds, last_seen_at: seenAt } = row;
  if (maxAgeSeconds === null) return null;
  return { maxAgeSeconds, endsAt: isConnected || seenAt === null ? null : isoTime(seenAt + maxAgeSeconds * 1_000) };
}

const GATEWAY_SORTS = {
  created: { column: 'id', type: 'string' },
  name: { column: 'name', type: 'string' },
  seen: { column: 'last_seen_at', type: 'number', nullable: true },
  cpu: { column: 'cpu_percent', type: 'number', nullable: true },
  connections: { column: 'open_connections', type: 'number', nullable: true },
} as const;

export async function listGateways(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof GATEWAY_SORTS> & {
    readonly status?: Gateway['status'] | undefined;
    readonly connected?: boolean | undefined;
    readonly region?: string | undefined;
  },
): Promise<Page<GatewayView> | Refusal> {
  const connected = context.connectedGateways();
  const { gateways } = context.presence(caller.organizationId);
  const nowMs = context.clock();
  let select = context.store.db.selectFrom('gateways').selectAll().where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['name', 'region', 'base_domain', 'public_host']));
  if (query.status !== undefined) select = select.where('status', '=', query.status);
  if (query.region !== undefined) select = select.where('region', '=', query.region);
  if (query.connected !== undefined) {
    // One parameter, however many there are; of others' gateways the condition above leaves nothing.
    const ids = sql<string>`(select value from json_each(${JSON.stringify([...connected])}))`;
    const postgresIds = sql<string>`(select jsonb_array_elements_text(${JSON.stringify([...connected])}::jsonb))`;
    const among = context.store.kind === 'sqlite' ? ids : postgresIds;
    select = select.where(query.connected ? sql<boolean>`id in ${among}` : sql<boolean>`id not in ${among}`);
  }
  return await listPage(select, query, GATEWAY_SORTS, (row) => ({
    ...toGateway(row, connected),
    ...lagOf(row),
    ...loadOf(row, gateways.get(row.id), nowMs),
  }));
}

export async function getGateway(context: Context, caller: Caller, id: string): Promise<Gateway | Refusal> {
  const row = await context.store.db
    .selectFrom('gateways')
    .selectAll()
    .where('organization_id', '=', caller.organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
  return row === undefined ? new Refusal('api.not_found') : toGateway(row, context.connectedGateways());
}

/** Gateways that carry traffic, oldest first; all of them, or the first `limit`. */
export function activeGateways(queries: Queries, organizationId: string, limit?: number): Promise<GatewayRow[]> {
  const rows = queries
    .selectFrom('gateways')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('status', '=', 'active')
    .orderBy('id');
  return (limit === undefined ? rows : rows.limit(limit)).execute();
}

export function toEndpoint(row: GatewayRow) {
  return {
    gatewayId: row.id,
    name: row.name,
    baseDomain: row.base_domain,
    address: formatHostPort(row.public_host, row.tunnel_port),
    portalUrl: portalUrl(row),
  };
}

export function portalUrl(row: Pick<GatewayRow, 'base_domain' | 'https_port'>): string {
  return `https://${portalHost(row)}${row.https_port === 443 ? '' : `:${row.https_port}`}`;
}

export async function listEndpoints(context: Context, caller: Caller) {
  const gateways = await activeGateways(context.store.db, caller.organizationId);
  const isDraining = (row: GatewayRow) => row.drain_since !== null;
  return {
    gateways: gateways.filter((row) => !isDraining(row)).map(toEndpoint),
    draining: gateways.filter(isDraining).map(toEndpoint),
    certificateAuthority: context.authority.certificates.certificate,
  };
}

export async function setGatewayPlace(
  context: Context,
  caller: Caller,
  id: string,
  version: number | null,
  input: Place | null,
): Promise<Gateway | Refusal> {
  const refused = await setPlace(context, caller, id, version, input, { table: 'gateways', objectKind: 'gateway' });
  return refused ?? (await getGateway(context, caller, id));
}

export async function revokeGateway(context: Context, caller: Caller, id: string): Promise<undefined | Refusal> {
  return await context.store.change(caller.organizationId, async (queries) => {
    const row = await queries
      .selectFrom('gateways')
      .selectAll()
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) return new Refusal('api.not_found');
    if (row.status === 'revoked') return undefined;
    await queries
      .updateTable('gateways')
      .set({ status: 'revoked' })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .execute();
    await queries
      .updateTable('address_grants')
      .set({ ended_at: context.clock() })
      .where('organization_id', '=', caller.organizationId)
      .where('gateway_id', '=', id)
      .where('ended_at', 'is', null)
      .execute();
    await appendAudit(queries, context, caller, {
      action: 'gateway.revoke',
      objectKind: 'gateway',
      objectId: id,
      before: toGateway(row, context.connectedGateways()),
    });
    return undefined;
  });
}
