import { z } from 'zod';
import { postureFacts } from './entities/device-posture.ts';
import {
  accessRule,
  balancing,
  branding,
  credentialId,
  hostname,
  id,
  label,
  port,
  portRange,
  proxyProtocol,
  publicJwk,
  resourceLimits,
  resourceProtocol,
  role,
  SNAPSHOT_MAX_AGE_SECONDS,
  segments,
  snapshotHeaderRules,
  target,
  timestamp,
} from './entities/index.ts';

/** Address grants that the console ended in one snapshot: more than a gateway may have told it of in the day that they last. */
export const SNAPSHOT_MAX_ENDED_GRANTS = 50_000;

/** A resource as the gateway needs it: nothing here is for people only. */
export const snapshotResource = z.strictObject({
  id,
  organizationId: id,
  name: label,
  protocol: resourceProtocol,
  /** Every host it answers to on this gateway, the automatic one first. */
  hosts: z.array(hostname).max(101),
  port: port.nullable(),
  access: accessRule,
  /** Absent: none. */
  segments: segments.optional(),
  /** Shares that are valid; a share that is missing here is void. */
  shares: z.array(z.strictObject({ id, expiresAt: timestamp })).max(1000),
  targets: z.array(target).max(200),
  proxyProtocol,
  deviceId: id.nullable(),
  /** Absent: none. Only for gateways that said `headers` in their hello. */
  headers: snapshotHeaderRules.optional(),
  /** Absent: none. Only for gateways that said `limits` in their hello. */
  limits: resourceLimits.optional(),
  /** Absent: by weight. Only for gateways that said `balancing` in their hello. */
  balancing: balancing.optional(),
});
export type SnapshotResource = z.infer<typeof snapshotResource>;

export const snapshotSite = z.strictObject({
  id,
  organizationId: id,
  name: label,
  connection: z.enum(['tunnel', 'local']),
  deviceId: id.nullable(),
  destinations: z.array(z.string().max(300)).max(500),
  access: accessRule,
  /** Absent: none. */
  segments: segments.optional(),
});
export type SnapshotSite = z.infer<typeof snapshotSite>;

export const snapshotUser = z.strictObject({
  id,
  organizationId: id,
  email: z.string().max(254),
  name: z.string().max(120),
  role,
  groups: z.array(z.string().max(63)).max(100),
});
export type SnapshotUser = z.infer<typeof snapshotUser>;

/** A policy as gateways run it: checked by the console, in Cedar's JSON format. */
export const snapshotPolicy = z.strictObject({
  id,
  name: label,
  /** `report`: what it would say is recorded, and changes nothing. */
  mode: z.enum(['enforce', 'report']),
  json: z.record(z.string(), z.unknown()),
});
export type SnapshotPolicy = z.infer<typeof snapshotPolicy>;

/**
 * All that a gateway must know, immutable and whole. Only active users, devices and resources are in it, so that
 * what is missing is refused. It holds no private key and no user's password; header rules may hold what a service takes for one.
 */
export const snapshot = z.strictObject({
  format: z.literal(1),
  /** Grows with every change, per gateway. */
  version: z.int().min(1),
  gatewayId: id,
  organizationId: id,
  issuedAt: timestamp,
  baseDomain: hostname,
  portalHost: hostname,
  httpsPort: port,
  portRange,
  /** PEM bundle of the internal CA: who may dial the tunnel. */
  certificateAuthority: z.string().max(65_536),
  /** Keys of the console that sign portal sessions and share links. */
  consoleKeys: z.array(publicJwk).min(0).max(10),
  /** Keys of all gateways of the organization, by gateway: they sign domain sessions and sign-in codes. */
  gatewayKeys: z.array(z.strictObject({ gatewayId: id, key: publicJwk })).max(1000),
  /** Leaf certificates for this gateway's TLS key, one per host (a host name may be a wildcard). */
  certificates: z
    .array(z.strictObject({ host: hostname, pem: z.string().max(32_768), notAfter: timestamp }))
    .max(20_000),
  users: z.array(snapshotUser).max(200_000),
  devices: z
    .array(
      z.strictObject({
        id,
        organizationId: id,
        userId: id,
        keyFingerprint: z.string().length(43),
        /** It waits for a person to approve it. Absent: approved. */
        pending: z.literal(true).optional(),
        segments: segments.optional(),
        /** What it said of itself last, and when. */
        posture: z.strictObject({ facts: postureFacts, collectedAt: timestamp }).optional(),
      }),
    )
    .max(200_000),
  /** Sessions that were revoked and have not yet expired by themselves. */
  revokedSessions: z.array(z.strictObject({ id, expiresAt: timestamp })).max(200_000),
  /** Address grants of this gateway that the console ended before their time. Only for gateways that said `addresses` in their hello. */
  endedAddressGrants: z.array(id).max(SNAPSHOT_MAX_ENDED_GRANTS).optional(),
  /** By hash, so that a copy of a snapshot opens nothing. Only those that work and were not revoked. */
  personalAccessTokens: z
    .array(
      z.strictObject({
        id,
        userId: id,
        /** SHA-256 of the token, base64url. */
        hash: z.string().length(43),
        resourceIds: z.array(id).max(50),
        expiresAt: timestamp,
      }),
    )
    .max(200_000),
  /** Those that were made for this portal, of active users. Public halves: they open nothing by themselves. */
  passkeys: z
    .array(
      z.strictObject({
        userId: id,
        credentialId,
        /** COSE key, base64url. */
        publicKey: z.string().min(1).max(4096),
        signCount: z.int().min(0),
      }),
    )
    .max(200_000),
  /** How long a session lasts that this gateway opens by itself. */
  portalSessionSeconds: z.int().min(300).max(2_592_000),
  resources: z.array(snapshotResource).max(50_000),
  sites: z.array(snapshotSite).max(10_000),
  policies: z.array(snapshotPolicy).max(5_000),
  /** Users and devices with a risk above 0, by id. */
  risks: z.array(z.strictObject({ id, score: z.int().min(1).max(100), expiresAt: timestamp.optional() })).max(200_000),
  /** Approved access requests that run. */
  accessGrants: z.array(z.strictObject({ userId: id, objectId: id, expiresAt: timestamp })).max(50_000),
  /** What policies can say of this gateway. Only for those that said `gateway` in their hello. */
  gateway: z.strictObject({ name: label, region: label, segments }).optional(),
  /** IANA name; policies tell the time there. */
  timeZone: z.string().max(64),
  /** A passkey that is made on the portal has to bring its maker's word. Absent: it need not. */
  passkeyAttestation: z.literal('verified').optional(),
  /** Of the gateway's pages; absent: the product's own. */
  branding: branding.optional(),
  /**
   * How long a gateway may decide by it without hearing from the console that it still is the newest one. Only for gateways that said
   * `expiry` in their hello. Absent: for ever.
   */
  maxAgeSeconds: z.int().min(1).max(SNAPSHOT_MAX_AGE_SECONDS.max).optional(),
  /** It takes nothing new; what is open then is cut. Only for gateways that said `drain` in their hello. Absent: it works. */
  draining: z.strictObject({ until: timestamp }).optional(),
});
export type Snapshot = z.infer<typeof snapshot>;

/**
 * What was not always part of a snapshot, as it is where nobody says otherwise. Older consoles do not send it, and it is not in
 * what a gateway that was just updated has on its disk.
 */
export function snapshotDefaults() {
  return {
    personalAccessTokens: [],
    passkeys: [],
    portalSessionSeconds: 604_800,
    policies: [],
    risks: [],
    accessGrants: [],
    timeZone: 'UTC',
  } satisfies Partial<Snapshot>;
}

/** What is on the wire and on disk: the exact bytes that were signed (a JSON `Snapshot`) and the signature over them. */
export const signedSnapshot = z.strictObject({
  /** `kid` of the console's snapshot key. */
  keyId: z.string().min(1).max(128),
  /** Ed25519 over `SNAPSHOT_CONTEXT` + payload, base64url. */
  signature: z.string().length(86),
  /** JSON text of the snapshot. */
  payload: z.string().max(256 * 1024 * 1024),
});
export type SignedSnapshot = z.infer<typeof signedSnapshot>;

/** Domain separation: a signature made for something else can never be taken for a snapshot's. */
export const SNAPSHOT_CONTEXT = 'zeronaut snapshot v1\n';

/** The same for `currentStatement`. */
export const SNAPSHOT_CURRENT_CONTEXT = 'zeronaut snapshot current v1\n';

/**
 * What the console signs when a gateway asks whether its snapshot still is the newest one. The gateway makes the same text from what it
 * knows, so that nothing of an answer has to be believed before its signature holds. `nonce`: made by the gateway for this one question, so
 * that no answer of before fits it.
 */
export function currentStatement(of: {
  readonly gatewayId: string;
  readonly organizationId: string;
  readonly version: number;
  readonly nonce: string;
}): string {
  const { gatewayId, organizationId, version, nonce } = of;
  return SNAPSHOT_CURRENT_CONTEXT + JSON.stringify({ gatewayId, organizationId, version, nonce });
}
