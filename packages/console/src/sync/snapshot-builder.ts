import { createHash } from 'node:crypto';
import type { SignedSnapshot, Snapshot, SnapshotResource } from '@zeronaut/model';
import type { Context } from '../domains/context.ts';
import type { GatewayRow } from '../domains/gateways/gateways.ts';
import { personalAccessTokensOf } from '../domains/personal-access-tokens/personal-access-tokens.ts';
import { portalHost } from '../domains/resources/names.ts';
import { loadResources, type StoredResource } from '../domains/resources/resource-rows.ts';
import { toSite } from '../domains/sites/sites.ts';
import type { HostCertificates } from './host-certificates.ts';

/** Everything in a snapshot that all gateways of an organization share, read in one transaction. */
export interface OrganizationFacts {
  readonly organizationId: string;
  readonly gateways: readonly GatewayRow[];
  readonly gatewayKeys: Snapshot['gatewayKeys'];
  readonly users: Snapshot['users'];
  readonly devices: Snapshot['devices'];
  readonly revokedSessions: Snapshot['revokedSessions'];
  readonly personalAccessTokens: Snapshot['personalAccessTokens'];
  readonly resources: readonly StoredResource[];
  readonly shares: ReadonlyMap<string, SnapshotResource['shares']>;
  readonly sites: Snapshot['sites'];
}

/** Reads what is active: what is missing in a snapshot is refused by gateways. */
export async function readOrganization(context: Context, organizationId: string): Promise<OrganizationFacts> {
  const nowMs = context.clock();
  return await context.store.transaction(async (queries) => {
    const gateways = await queries
      .selectFrom('gateways')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('status', '=', 'active')
      .orderBy('id')
      .execute();
    const users = await queries
      .selectFrom('users')
      .select(['id', 'email', 'name', 'role', 'groups'])
      .where('organization_id', '=', organizationId)
      .where('status', '=', 'active')
      .orderBy('id')
      .execute();
    const devices = await queries
      .selectFrom('devices')
      .innerJoin('users', 'users.id', 'devices.user_id')
      .leftJoin('device_postures', 'device_postures.device_id', 'devices.id')
      .select([
        'devices.id',
        'devices.user_id',
        'devices.key_fingerprint',
        'devices.approved_at',
        'device_postures.facts',
        'device_postures.collected_at',
      ])
      .where('devices.organization_id', '=', organizationId)
      .where('devices.revoked_at', 'is', null)
      .where('users.status', '=', 'active')
      .orderBy('devices.id')
      .execute();
    const revoked = await queries
      .selectFrom('sessions')
      .select(['id', 'expires_at'])
      .where('organization_id', '=', organizationId)
      .where('revoked_at', 'is not', null)
      .where('expires_at', '>', nowMs)
      .orderBy('id')
      .execute();
    const rows = await queries
      .selectFrom('resources')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('enabled', '=', 1)
      .orderBy('id')
      .execute();
    const shares = await queries
      .selectFrom('shares')
      .select(['id', 'resource_id', 'expires_at'])
      .where('organization_id', '=', organizationId)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', nowMs)
      .orderBy('id')
      .execute();
    const sites = await queries
      .selectFrom('sites')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .orderBy('id')
      .execute();
    return {
      organizationId,
      gateways,
      gatewayKeys: gateways.map((row) => ({ gatewayId: row.id, key: JSON.parse(row.signing_key) })),
      users: users.map((row) => ({
        id: row.id,
        organizationId,
        email: row.email,
        name: row.name,
        role: row.role,
        groups: JSON.parse(row.groups),
      })),
      devices: devices.map((row) => ({
        id: row.id,
        organizationId,
        userId: row.user_id,
        keyFingerprint: row.key_fingerprint,
        ...(row.approved_at === null ? { pending: true as const } : {}),
        ...(row.facts === null || row.collected_at === null
          ? {}
          : { posture: { facts: JSON.parse(row.facts), collectedAt: new Date(row.collected_at).toISOString() } }),
      })),
      revokedSessions: revoked.map((row) => ({ id: row.id, expiresAt: new Date(row.expires_at).toISOString() })),
      personalAccessTokens: await personalAccessTokensOf(queries, organizationId, nowMs),
      resources: await loadResources(queries, organizationId, rows),
      shares: Map.groupBy(
        shares.map((row) => ({ ...row, expiresAt: new Date(row.expires_at).toISOString() })),
        (row) => row.resource_id,
      ) as Map<string, SnapshotResource['shares'] & { resource_id: string }[]>,
      sites: sites.map((row) => {
        const { createdAt: _c, updatedAt: _u, version: _v, ...site } = toSite(row);
        return site;
      }),
    };
  });
}

/**
 * The snapshot of one gateway. Its version is kept with the gateway's row and grows only when the content's hash does
 * change, so that building again, or a restart, sends nothing. `floor`: what the gateway says that it runs; a console
 * that was restored from a backup must not fall behind it.
 */
export async function buildSnapshot(
  context: Context,
  facts: OrganizationFacts,
  gateway: GatewayRow,
  certificates: HostCertificates,
  floor: number,
): Promise<{ version: number; signed: SignedSnapshot; complete: boolean }> {
  const base = gateway.base_domain;
  const portal = portalHost(gateway);
  const resources = facts.resources.map((resource) => toSnapshotResource(resource, facts, base));
  const hosts = [...new Set([portal, ...resources.flatMap((resource) => resource.hosts)])];
  const issued = await certificates.of(gateway, hosts);
  const content: Omit<Snapshot, 'version' | 'issuedAt'> = {
    format: 1,
    gatewayId: gateway.id,
    organizationId: facts.organizationId,
    baseDomain: base,
    portalHost: portal,
    httpsPort: gateway.https_port,
    portRange: { from: gateway.port_from, to: gateway.port_to },
    certificateAuthority: context.authority.certificates.certificate,
    consoleKeys: [context.authority.tokenKey.publicJwk],
    gatewayKeys: facts.gatewayKeys,
    certificates: issued.certificates,
    users: facts.users,
    devices: facts.devices,
    revokedSessions: facts.revokedSessions,
    personalAccessTokens: facts.personalAccessTokens,
    resources,
    sites: facts.sites,
  };
  const text = JSON.stringify(content);
  const hash = createHash('sha256').update(text).digest('base64url');
  const { version, issuedAtMs } = await nextVersion(context, gateway, hash, floor);
  // Version and time go in front of the content, which was turned into text once, for the hash and for this.
  const head = JSON.stringify({ version, issuedAt: new Date(issuedAtMs).toISOString() });
  const payload = `${head.slice(0, -1)},${text.slice(1)}`;
  return {
    version,
    complete: issued.complete,
    signed: {
      keyId: context.authority.snapshotKey.keyId,
      signature: context.authority.signSnapshot(payload),
      payload,
    },
  };
}

function toSnapshotResource(resource: StoredResource, facts: OrganizationFacts, base: string): SnapshotResource {
  return {
    id: resource.id,
    organizationId: resource.organizationId,
    name: resource.name,
    protocol: resource.protocol,
    hosts: resource.protocol === 'http' ? [`${resource.name}.${base}`, ...resource.domains] : [],
    port: resource.port,
    access: resource.access,
    shares: (facts.shares.get(resource.id) ?? []).map(({ id, expiresAt }) => ({ id, expiresAt })),
    targets: resource.targets,
    proxyProtocol: resource.proxyProtocol,
    deviceId: resource.deviceId,
  };
}

async function nextVersion(
  context: Context,
  gateway: GatewayRow,
  hash: string,
  floor: number,
): Promise<{ version: number; issuedAtMs: number }> {
  const { db } = context.store;
  const current = await db
    .selectFrom('gateways')
    .select(['snapshot_version', 'snapshot_hash', 'snapshot_issued_at'])
    .where('id', '=', gateway.id)
    .where('organization_id', '=', gateway.organization_id)
    .executeTakeFirstOrThrow();
  if (current.snapshot_hash === hash && current.snapshot_version >= floor) {
    return { version: current.snapshot_version, issuedAtMs: current.snapshot_issued_at };
  }
  const version = Math.max(current.snapshot_version, floor) + 1;
  const issuedAtMs = context.clock();
  await db
    .updateTable('gateways')
    .set({ snapshot_version: version, snapshot_hash: hash, snapshot_issued_at: issuedAtMs })
    .where('id', '=', gateway.id)
    .where('organization_id', '=', gateway.organization_id)
    .execute();
  return { version, issuedAtMs };
}
