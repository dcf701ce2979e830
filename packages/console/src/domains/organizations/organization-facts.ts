import type { SignInPolicy, Snapshot, SnapshotResource } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';
import { accessGrantsOf } from '../access-requests/access-requests.ts';
import { endedAddressGrantsOf } from '../address-grants/address-grants.ts';
import type { Context } from '../context.ts';
import type { GatewayRow } from '../gateways/gateways.ts';
import { portalPasskeysOf } from '../passkeys/edge-sign-in.ts';
import { personalAccessTokensOf } from '../personal-access-tokens/personal-access-tokens.ts';
import { risksOf } from '../policies/risks.ts';
import { loadResources, type StoredResource } from '../resources/resource-rows.ts';
import { getSignInPolicy } from '../sessions/sign-in-policy.ts';
import { toSite } from '../sites/sites.ts';
import { findBranding } from './branding.ts';

/** Everything in a snapshot that all gateways of an organization share, read in one transaction. */
export interface OrganizationFacts {
  readonly organizationId: string;
  readonly gateways: readonly GatewayRow[];
  readonly gatewayKeys: Snapshot['gatewayKeys'];
  readonly users: Snapshot['users'];
  readonly devices: Snapshot['devices'];
  readonly revokedSessions: Snapshot['revokedSessions'];
  /** By gateway. */
  readonly endedAddressGrants: ReadonlyMap<string, readonly string[]>;
  readonly personalAccessTokens: Snapshot['personalAccessTokens'];
  readonly passkeys: Awaited<ReturnType<typeof portalPasskeysOf>>;
  readonly signInPolicy: SignInPolicy;
  readonly resources: readonly StoredResource[];
  readonly shares: ReadonlyMap<string, SnapshotResource['shares']>;
  readonly sites: Snapshot['sites'];
  readonly policies: Snapshot['policies'];
  readonly risks: Snapshot['risks'];
  readonly accessGrants: Snapshot['accessGrants'];
  readonly timeZone: string;
  readonly branding: Snapshot['branding'];
  /** Null: no bound. */
  readonly snapshotMaxAgeSeconds: number | null;
}

/** Reads what is active: what is missing in a snapshot is refused by gateways. */
export async function readOrganization(context: Context, organizationId: string): Promise<OrganizationFacts> {
  return await context.store.transaction((queries) => readFacts(queries, organizationId, context.clock()));
}

/**
 * The same, within a transaction of the caller's. `only`: of people and what is theirs only this user, and so many resources in the order of
 * their ids, which is far less.
 */
export async function readFacts(
  queries: Queries,
  organizationId: string,
  nowMs: number,
  only?: { readonly userId: string; readonly resources: { readonly afterId: string; readonly limit: number } },
): Promise<OrganizationFacts> {
  const userId = only?.userId;
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
    .$if(userId !== undefined, (select) => select.where('id', '=', userId!))
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
      'devices.segments',
      'device_postures.facts',
      'device_postures.collected_at',
    ])
    .where('devices.organization_id', '=', organizationId)
    .where('devices.revoked_at', 'is', null)
    .where('users.status', '=', 'active')
    .$if(userId !== undefined, (select) => select.where('devices.user_id', '=', userId!))
    .orderBy('devices.id')
    .execute();
  const revoked = await queries
    .selectFrom('sessions')
    .select(['id', 'expires_at'])
    .where('organization_id', '=', organizationId)
    .where('revoked_at', 'is not', null)
    .where('expires_at', '>', nowMs)
    .$if(userId !== undefined, (select) => select.where('user_id', '=', userId!))
    .orderBy('id')
    .execute();
  const rows = await queries
    .selectFrom('resources')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('enabled', '=', 1)
    .$if(only !== undefined, (select) => select.where('id', '>', only!.resources.afterId).limit(only!.resources.limit))
    .orderBy('id')
    .execute();
  const shares = await queries
    .selectFrom('shares')
    // Of whoever is disabled none counts: they know their own links.
    .innerJoin('users', 'users.id', 'shares.created_by')
    .select(['shares.id', 'resource_id', 'expires_at'])
    .where('shares.organization_id', '=', organizationId)
    .where('users.organization_id', '=', organizationId)
    .where('users.status', '=', 'active')
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', nowMs)
    .orderBy('shares.id')
    .execute();
  const sites = await queries
    .selectFrom('sites')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .orderBy('id')
    .execute();
  const policies = await queries
    .selectFrom('policies')
    .select(['id', 'name', 'mode', 'json'])
    .where('organization_id', '=', organizationId)
    .where('mode', '!=', 'off')
    .orderBy('id')
    .execute();
  const { time_zone: timeZone, snapshot_max_age_seconds: snapshotMaxAgeSeconds } = await queries
    .selectFrom('organizations')
    .select(['time_zone', 'snapshot_max_age_seconds'])
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  return {
    organizationId,
    timeZone,
    snapshotMaxAgeSeconds,
    branding: (await findBranding(queries, organizationId)) ?? undefined,
    policies: policies.map(({ id, name, mode, json }) => ({
      id,
      name,
      mode: mode === 'enforce' ? 'enforce' : 'report',
      json: JSON.parse(json),
    })),
    risks: await risksOf(queries, organizationId, nowMs),
    accessGrants: await accessGrantsOf(queries, organizationId, nowMs),
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
      ...segmentsOf(row),
      ...(row.facts === null || row.collected_at === null
        ? {}
        : { posture: { facts: JSON.parse(row.facts), collectedAt: new Date(row.collected_at).toISOString() } }),
    })),
    revokedSessions: revoked.map((row) => ({ id: row.id, expiresAt: new Date(row.expires_at).toISOString() })),
    endedAddressGrants: only === undefined ? await endedAddressGrantsOf(queries, organizationId, nowMs) : new Map(),
    personalAccessTokens: await personalAccessTokensOf(queries, organizationId, nowMs, userId),
    passkeys: await portalPasskeysOf(queries, organizationId, userId),
    signInPolicy: await getSignInPolicy(queries, organizationId),
    resources: await loadResources(queries, organizationId, rows),
    shares: Map.groupBy(
      shares.map((row) => ({ ...row, expiresAt: new Date(row.expires_at).toISOString() })),
      (row) => row.resource_id,
    ) as Map<string, SnapshotResource['shares'] & { resource_id: string }[]>,
    sites: sites.map((row) => {
      const { createdAt: _c, updatedAt: _u, version: _v, segments: _s, place: _p, ...site } = toSite(row);
      return { ...site, ...segmentsOf(row) };
    }),
  };
}

/** Absent where there are none, which is nearly everywhere. */
function segmentsOf(row: { segments: string }): { segments?: string[] } {
  return row.segments === '[]' ? {} : { segments: JSON.parse(row.segments) };
}
