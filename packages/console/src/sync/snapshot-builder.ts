import { createHash } from 'node:crypto';
import { hasLimits, type SignedSnapshot, type Snapshot, type SnapshotResource } from '@zeronaut/model';
import type { Context } from '../domains/context.ts';
import type { GatewayRow } from '../domains/gateways/gateways.ts';
import type { OrganizationFacts } from '../domains/organizations/organization-facts.ts';
import { openHeaders } from '../domains/resources/header-secrets.ts';
import { portalHost } from '../domains/resources/names.ts';
import type { StoredResource } from '../domains/resources/resource-rows.ts';
import type { HostCertificates } from './host-certificates.ts';

/**
 * The snapshot of one gateway. Its version is kept with the gateway's row and grows only when the content's hash does
 * change, so that building again, or a restart, sends nothing. `runningVersion`: what the gateway says that it runs; a console
 * that was restored from a backup must not fall behind it.
 */
export async function buildSnapshot(
  context: Context,
  facts: OrganizationFacts,
  gateway: GatewayRow,
  certificates: HostCertificates,
  { runningVersion: floor, features }: { readonly runningVersion: number; readonly features: ReadonlySet<string> },
): Promise<{ version: number; signed: SignedSnapshot; complete: boolean }> {
  const base = gateway.base_domain;
  const portal = portalHost(gateway);
  const resources = facts.resources.map((resource) => ({
    ...toSnapshotResource(resource, facts, base),
    ...newerFields(context, resource, features),
  }));
  const hosts = [...new Set([portal, ...resources.flatMap((resource) => resource.hosts), ...anyHost(base)])];
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
    passkeys: facts.passkeys
      .filter(({ rp_id }) => rp_id === portal)
      .map((row) => ({
        userId: row.user_id,
        credentialId: row.credential_id,
        publicKey: row.public_key,
        signCount: row.sign_count,
      })),
    portalSessionSeconds: facts.signInPolicy.portalSessionSeconds,
    ...(facts.signInPolicy.passkeyAttestation === 'verified' && { passkeyAttestation: 'verified' as const }),
    resources,
    sites: facts.sites,
    policies: facts.policies,
    risks: facts.risks,
    accessGrants: facts.accessGrants,
    timeZone: facts.timeZone,
    ...(features.has('gateway') && { gateway: gatewayFacts(gateway) }),
    ...(features.has('addresses') && { endedAddressGrants: [...(facts.endedAddressGrants.get(gateway.id) ?? [])] }),
    ...(facts.branding !== undefined && { branding: facts.branding }),
    ...(facts.snapshotMaxAgeSeconds !== null &&
      features.has('expiry') && { maxAgeSeconds: facts.snapshotMaxAgeSeconds }),
    ...(gateway.drain_until !== null &&
      features.has('drain') && { draining: { until: new Date(gateway.drain_until).toISOString() } }),
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

/** The version that was built for it last, by whichever console; null: it is no gateway any more. */
export async function newestVersion(
  context: Context,
  { id, organization_id }: Pick<GatewayRow, 'id' | 'organization_id'>,
): Promise<number | null> {
  const row = await context.store.db
    .selectFrom('gateways')
    .select('snapshot_version')
    .where('id', '=', id)
    .where('organization_id', '=', organization_id)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return row?.snapshot_version ?? null;
}

function gatewayFacts({ name, region, segments }: GatewayRow): Snapshot['gateway'] {
  return { name, region, segments: JSON.parse(segments) };
}

/**
 * For names that nobody has: whoever asks for one over https then reads that it is none. Not below a top-level domain, such as
 * `localhost`: no browser takes a wildcard there.
 */
function anyHost(base: string): string[] {
  return base.includes('.') ? [`*.${base}`] : [];
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
    ...(resource.segments.length > 0 && { segments: resource.segments }),
    deviceId: resource.deviceId,
  };
}

/** What older gateways would refuse the whole snapshot for. */
function newerFields(
  { authority }: Context,
  resource: StoredResource,
  features: ReadonlySet<string>,
): Partial<SnapshotResource> {
  const headers = features.has('headers') ? openHeaders(authority.sealer, resource) : undefined;
  return {
    ...(headers !== undefined && { headers }),
    ...(features.has('limits') && hasLimits(resource.limits) && { limits: resource.limits }),
    ...(features.has('balancing') && resource.balancing !== 'weighted' && { balancing: resource.balancing }),
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
