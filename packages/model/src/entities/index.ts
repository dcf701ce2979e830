import { z } from 'zod';
import { accessRule } from './access-rule.ts';
import { devicePosture } from './device-posture.ts';
import { gatewayLoad } from './gateway-status.ts';
import { headerRules } from './header-rules.ts';
import { language } from './language.ts';
import { balancing, resourceLimits } from './resource-limits.ts';
import { role } from './role.ts';
import {
  address,
  countryCode,
  destination,
  displayName,
  email,
  groupName,
  hostname,
  hostPort,
  id,
  label,
  port,
  publicJwk,
  segments,
  targetAddress,
  timestamp,
} from './scalars.ts';
import { scopes } from './scope.ts';
import { factorKind } from './sign-in.ts';

export * from './access-request.ts';
export * from './access-rule.ts';
export * from './activity.ts';
export * from './address-grant.ts';
export * from './audit-export.ts';
export * from './branding.ts';
export * from './decision-class.ts';
export * from './device-posture.ts';
export * from './device-proof.ts';
export * from './discovered-service.ts';
export * from './gateway-log.ts';
export * from './gateway-status.ts';
export * from './header-rules.ts';
export * from './identity-provider.ts';
export * from './incident.ts';
export * from './invitation.ts';
export * from './language.ts';
export * from './notification.ts';
export * from './passkey.ts';
export * from './personal-access-token.ts';
export * from './policy.ts';
export * from './policy-form.ts';
export * from './push-subscription.ts';
export * from './relying-party.ts';
export * from './removal.ts';
export * from './resource-limits.ts';
export * from './role.ts';
export * from './scalars.ts';
export * from './scope.ts';
export * from './sign-in.ts';
export * from './traffic.ts';
export * from './workload-trust.ts';

/** IANA name, such as `Europe/Zurich`; policies tell the time there. */
export const timeZone = z.string().max(64).refine(isTimeZone, { error: 'a time zone such as UTC or Europe/Zurich' });

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    // Intl has no other way to say that it knows no such zone.
    return false;
  }
}

/** How long gateways of an organization may decide without hearing from the console (seconds). */
export const SNAPSHOT_MAX_AGE_SECONDS = { min: 300, max: 31_536_000 } as const;

export const snapshotMaxAgeSeconds = z
  .int()
  .min(SNAPSHOT_MAX_AGE_SECONDS.min, 'At least 300 seconds (five minutes).')
  .max(SNAPSHOT_MAX_AGE_SECONDS.max, 'At most 31536000 seconds (a year).')
  .nullable();

export const organization = z.strictObject({
  id,
  name: displayName,
  slug: label,
  timeZone,
  /** Mails and messages to its people are written in it. */
  language,
  /** How long gateways may decide without hearing from the console; null: for ever. */
  snapshotMaxAgeSeconds: z.int().min(1).nullable(),
  createdAt: timestamp,
});
export type Organization = z.infer<typeof organization>;

/** My organization, for whoever may change it. */
export const ownOrganization = organization.extend({ version: z.int().min(1) });
export type OwnOrganization = z.infer<typeof ownOrganization>;

export const user = z.strictObject({
  id,
  organizationId: id,
  /**
   * `linked` users are people of another organization, where their credentials are and where they sign in first.
   * `local` users exist for the OS user beside the console, `service_account` ones are programs. Neither has a password,
   * and neither ever signs in through a page.
   */
  kind: z.enum(['person', 'linked', 'local', 'service_account']),
  email,
  name: displayName,
  role,
  groups: z.array(groupName).max(100),
  status: z.enum(['active', 'disabled']),
  createdAt: timestamp,
  version: z.int().min(1),
});
export type User = z.infer<typeof user>;

/** A named set of users. It is made by putting somebody into it, or ahead of that; it goes when somebody removes it. */
export const group = z.strictObject({
  id,
  name: groupName,
  description: z.string().max(300),
  /** Members that are people, and programs. */
  people: z.int().min(0),
  programs: z.int().min(0),
  createdAt: timestamp,
  version: z.int().min(1),
});
export type Group = z.infer<typeof group>;

export const groupDetail = z.strictObject({
  ...group.shape,
  /** Who put the members into it. Whoever an identity provider put there comes back while it says so. */
  sources: z.array(
    z.strictObject({
      /** `hand`: somebody here. `sign_in`: a provider, as its people sign in. `scim`: a directory that pushes. */
      kind: z.enum(['hand', 'sign_in', 'scim']),
      identityProvider: z.string().nullable(),
      members: z.int().min(0),
    }),
  ),
  /** What names it: as long as there is any, it keeps its name and stays. At most 20 of a kind. */
  usedBy: z.array(
    z.strictObject({
      kind: z.enum(['resource', 'site', 'approval_rule', 'policy', 'identity_provider', 'invitation', 'relying_party']),
      name: z.string(),
    }),
  ),
});
export type GroupDetail = z.infer<typeof groupDetail>;

export const session = z.strictObject({
  id,
  organizationId: id,
  userId: id,
  kind: z.enum(['console', 'portal', 'cli']),
  address: z.string().max(60),
  userAgent: z.string().max(300),
  /** What was shown when it was opened or confirmed, and when last. */
  factors: z.array(factorKind),
  /** The machine that it is bound to; null: to none. */
  deviceId: id.nullable(),
  authenticatedAt: timestamp,
  createdAt: timestamp,
  expiresAt: timestamp,
  revokedAt: timestamp.nullable(),
});
export type Session = z.infer<typeof session>;

export const apiKey = z.strictObject({
  id,
  organizationId: id,
  userId: id,
  name: displayName,
  /** First characters, to recognise it by. The key itself is stored only as a hash. */
  prefix: z.string().max(16),
  role,
  /** Null: everything that the role allows. */
  scopes: scopes.nullable(),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  /** Exact to a minute. */
  lastUsedAt: timestamp.nullable(),
  lastUsedAddress: z.string().max(60).nullable(),
  /** The key that took its place at a rotation. */
  replacedBy: id.nullable(),
  revokedAt: timestamp.nullable(),
});
export type ApiKey = z.infer<typeof apiKey>;

/** Somewhere on earth, as a person says it (WGS 84, degrees). */
export const place = z.strictObject({
  name: displayName,
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
});

export type Place = z.infer<typeof place>;

export const device = z.strictObject({
  id,
  organizationId: id,
  userId: id,
  name: displayName,
  /** SHA-256 of the SubjectPublicKeyInfo, base64url. */
  keyFingerprint: z.string().length(43),
  createdAt: timestamp,
  certificateExpiresAt: timestamp,
  /** Null: it waits for a person, and no gateway lets it in. */
  approvedAt: timestamp.nullable(),
  segments,
  /** What it said of itself last; null: nothing yet. */
  posture: devicePosture.nullable(),
  /** Null: nobody said where it is. It is shown on maps and decides nothing. */
  place: place.nullable(),
  revokedAt: timestamp.nullable(),
  /** Of its place and segments. */
  version: z.int().min(1),
});
export type Device = z.infer<typeof device>;

export const portRange = z
  .strictObject({ from: port, to: port })
  .refine((range) => range.from <= range.to, 'from must not be above to')
  .refine((range) => range.to - range.from < 10_000, 'at most 10,000 ports');

export const gateway = z.strictObject({
  id,
  organizationId: id,
  name: label,
  region: label,
  baseDomain: hostname,
  /** The address that clients and agents dial, without port: a host name or IP. */
  publicHost: z.string().min(1).max(253),
  httpsPort: port,
  tunnelPort: port,
  /** Raw TCP and UDP services get their port from here. */
  portRange,
  /** The key with which it signs domain sessions and assertions (Ed25519). */
  signingKey: publicJwk,
  status: z.enum(['active', 'revoked']),
  /** It is being emptied: since when, and when what is still open is cut. Null: it works as always. */
  draining: z.strictObject({ since: timestamp, until: timestamp }).nullable(),
  connected: z.boolean(),
  /**
   * How long it decides without hearing from the console, by the snapshot that it runs, and from when on it refuses everything, as long as it is
   * away; it may be some seconds less. Null: for ever, as gateways do that are too old to know of a bound.
   */
  lease: z.strictObject({ maxAgeSeconds: z.int().min(1), endsAt: timestamp.nullable() }).nullable(),
  lastSeenAt: timestamp.nullable(),
  snapshotVersion: z.int().min(0).nullable(),
  softwareVersion: z.string().max(40).nullable(),
  /** Null: nobody said where it is. It is shown on maps and decides nothing. */
  place: place.nullable(),
  segments,
  createdAt: timestamp,
  /** Of its place and segments. */
  version: z.int().min(1),
});
export type Gateway = z.infer<typeof gateway>;

/** A gateway as lists show it: with what it said of itself last. */
export const gatewayView = gateway.extend({
  /** The version that is there for it; it lags behind while `snapshotVersion` is lower. */
  wantedSnapshotVersion: z.int().min(0),
  /** Since when it is behind; null: it is not. */
  behindSince: timestamp.nullable(),
  /** Null: it never said. */
  load: gatewayLoad.nullable(),
  loadAt: timestamp.nullable(),
  /** What it said is old: it is not connected, or has been silent for three reports. */
  loadIsStale: z.boolean(),
});
export type GatewayView = z.infer<typeof gatewayView>;

/** A device as lists show it. */
export const deviceView = device.extend({
  /** It has a tunnel to a gateway that is connected to the console. */
  connected: z.boolean(),
  /** When it had one last; exact to a minute. Null: never. */
  lastSeenAt: timestamp.nullable(),
});
export type DeviceView = z.infer<typeof deviceView>;

/** A tunnel that a device has to a gateway now. */
export const deviceTunnel = z.strictObject({
  openedAt: timestamp,
  /** Where the gateway sees it coming from. */
  address: z.string().max(60),
  /** Open in it, and how many of them are forwards that it asked for. */
  streams: z.int().min(0),
  forwards: z.int().min(0),
  /** Resources and sites that it serves through it. */
  serving: z.int().min(0),
});
export type DeviceTunnel = z.infer<typeof deviceTunnel>;

/** How a target is asked whether it is well. HTTP targets: a GET; TCP targets: a connection. */
export const healthCheck = z.strictObject({
  path: z
    .string()
    .startsWith('/')
    .max(1024)
    .regex(/^[\x21-\x7e]+$/)
    .default('/'),
  intervalMs: z.int().min(100).max(3_600_000).default(5_000),
  timeoutMs: z.int().min(50).max(60_000).default(2_000),
  /** Consecutive good answers until a failed target returns. */
  healthyAfter: z.int().min(1).max(20).default(2),
  /** Consecutive bad answers until a target leaves. */
  unhealthyAfter: z.int().min(1).max(20).default(2),
  /** Statuses that count as good. */
  expectStatus: z
    .strictObject({ from: z.int().min(100).max(599), to: z.int().min(100).max(599) })
    .default({ from: 200, to: 399 }),
});
export type HealthCheck = z.infer<typeof healthCheck>;

export const target = z.strictObject({
  id,
  /** Where traffic goes. With `deviceId`, as that agent's machine sees it. */
  address: targetAddress,
  /** Behind which agent; null: the gateway dials it itself. */
  deviceId: id.nullable(),
  protocol: z.enum(['http', 'https', 'tcp', 'udp']),
  weight: z.int().min(0).max(1000),
  healthCheck: healthCheck.nullable(),
  /** For `https` targets: verify the certificate (default) and under which name. */
  tlsVerify: z.boolean(),
  tlsServerName: hostname.nullable(),
});
export type Target = z.infer<typeof target>;

export const resourceProtocol = z.enum(['http', 'tcp', 'udp']);
export type ResourceProtocol = z.infer<typeof resourceProtocol>;

export const proxyProtocol = z.enum(['none', 'v1', 'v2']);

export const resource = z.strictObject({
  id,
  organizationId: id,
  /** Unique in the organization. An HTTP resource answers at `<name>.<base domain>` of every gateway. */
  name: label,
  /** `service`: published by an agent with one command. `declared`: through the API or a file. */
  origin: z.enum(['service', 'declared']),
  protocol: resourceProtocol,
  /** Further host names (HTTP). A leading `*.` stands for exactly one label. */
  domains: z.array(hostname).max(100),
  /** The raw port on every gateway (TCP, UDP). */
  port: port.nullable(),
  access: accessRule,
  targets: z.array(target).max(200),
  proxyProtocol,
  headers: headerRules,
  limits: resourceLimits,
  balancing,
  segments,
  /** The device that published it (services). */
  deviceId: id.nullable(),
  enabled: z.boolean(),
  createdAt: timestamp,
  updatedAt: timestamp,
  version: z.int().min(1),
});
export type Resource = z.infer<typeof resource>;

export const share = z.strictObject({
  id,
  organizationId: id,
  resourceId: id,
  createdBy: id,
  createdAt: timestamp,
  expiresAt: timestamp,
  revokedAt: timestamp.nullable(),
});
export type Share = z.infer<typeof share>;

export const site = z.strictObject({
  id,
  organizationId: id,
  name: label,
  /** `tunnel`: through the agent `deviceId`. `local`: the gateways themselves reach it. */
  connection: z.enum(['tunnel', 'local']),
  deviceId: id.nullable(),
  destinations: z.array(destination).max(500),
  /** Who may forward into it. */
  access: accessRule,
  segments,
  /** Null: nobody said where it is. It is shown on maps and decides nothing. */
  place: place.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
  version: z.int().min(1),
});
export type Site = z.infer<typeof site>;

/** A site as it is shown. */
export const siteView = site.extend({
  /** Its agent has a tunnel that serves it at a gateway that is connected to the console; null: it needs none. */
  connected: z.boolean().nullable(),
});
export type SiteView = z.infer<typeof siteView>;

/** What policies had to do with a decision. */
export const explanation = z.strictObject({
  /** The policies that decided. */
  policies: z.array(id).max(5_000),
  /** What those policies read of the moment, as text. */
  facts: z.record(z.string().max(64), z.string().max(300)),
  /** What policies in report mode would have changed; null: nothing. */
  reported: z.strictObject({ effect: z.enum(['pass', 'deny']), policies: z.array(id).max(5_000) }).nullable(),
  /** What the author of the deciding policy wants people to know; empty: nothing. */
  advice: z.string().max(300),
});
export type Explanation = z.infer<typeof explanation>;

/** One request, connection or UDP flow, as a gateway saw and decided it. `gatewayId`, `epoch` and `seq` name it for ever. */
export const accessEvent = z.strictObject({
  gatewayId: id,
  /** Changes only when a gateway lost its spool; within one epoch `seq` never repeats and has no holes. */
  epoch: z.string().min(8).max(40),
  seq: z.int().min(1),
  at: timestamp,
  requestId: z.string().max(40),
  organizationId: id.nullable(),
  resourceId: id.nullable(),
  protocol: z.enum(['http', 'tcp', 'udp', 'forward']),
  effect: z.enum(['pass', 'challenge', 'deny']),
  reason: z.string().max(64),
  /** `usr_…`, `basic:name`, `share:shr_…`, or empty. */
  subject: z.string().max(200),
  /** Id of the session, personal access token or (of a forward) device that opened the door; empty where none did. */
  credentialId: z.string().max(64).default(''),
  sourceAddress: address,
  /** Of the source address, by the gateway's file of countries. Absent: unknown. */
  country: countryCode.optional(),
  method: z.string().max(32),
  host: z.string().max(260),
  /** Without the query, which may carry secrets. Cut at 1,024 characters. */
  path: z.string().max(1024),
  status: z.int().min(0).max(999),
  bytesIn: z.int().min(0),
  bytesOut: z.int().min(0),
  durationMs: z.number().min(0),
  targetId: z.string().max(64),
  snapshotVersion: z.int().min(0),
  /** Absent: no policy decided. */
  explanation: explanation.optional(),
});
export type AccessEvent = z.infer<typeof accessEvent>;

export const auditEntry = z.strictObject({
  /** Position in the organization's chain, from 1, without holes. */
  seq: z.int().min(1),
  id,
  organizationId: id,
  at: timestamp,
  actor: z.strictObject({
    kind: z.enum(['user', 'api_key', 'workload', 'local', 'system']),
    id: z.string().max(64),
    name: z.string().max(254),
    address: z.string().max(60),
  }),
  /** `resource.create`, `session.create`, … */
  action: z.string().max(64),
  objectKind: z.string().max(32),
  objectId: z.string().max(64),
  before: z.unknown(),
  after: z.unknown(),
  requestId: z.string().max(64),
  /** SHA-256 over the previous hash and the canonical JSON of everything above, base64url. */
  previousHash: z.string().max(64),
  hash: z.string().max(64),
});
export type AuditEntry = z.infer<typeof auditEntry>;

/** A signed statement of what the log is (C2SP tlog-checkpoint in a signed-note), see `packages/audit`. */
export const auditCheckpoint = z.strictObject({
  origin: z.string().max(200),
  /** Entries of the log. */
  size: z.int().min(0),
  /** Root of the Merkle tree over them, base64. */
  root: z.string().max(64),
  at: timestamp,
  /** The signed note itself. */
  note: z.string().max(65_536),
  /** Verifier keys of its signatures: keep them where this console cannot change them. */
  keys: z.array(z.string().max(4096)),
});
export type AuditCheckpoint = z.infer<typeof auditCheckpoint>;

export const auditProof = z.strictObject({
  /** Entries of the log that the note is a checkpoint of. */
  size: z.int().min(0),
  note: z.string().max(65_536),
  /** The path, base64, nearest to the leaves first. */
  hashes: z.array(z.string().max(64)),
});
export type AuditProof = z.infer<typeof auditProof>;

export const auditExportPage = z.strictObject({
  /** `entry` without its hashes is, in canonical JSON, what was hashed. */
  items: z.array(
    z.union([
      z.strictObject({
        entry: z.record(z.string(), z.unknown()),
        previousHash: z.string().max(64),
        hash: z.string().max(64),
        /** Present where the entry has personal data: one for each sealed part; null: erased. */
        opened: z
          .array(z.strictObject({ salt: z.string().max(64), values: z.array(z.string()) }).nullable())
          .optional(),
      }),
      /** Past its time: the text is gone. */
      z.strictObject({ seq: z.int().min(1), hash: z.string().max(64) }),
    ]),
  ),
  checkpoints: z.array(z.strictObject({ size: z.int().min(0), note: z.string().max(65_536) })),
});
export type AuditExportPage = z.infer<typeof auditExportPage>;

/** How long the console keeps what it has recorded. */
export const auditRetentionInput = z.strictObject({
  /** Days until the text of an audit entry goes; its place in the log stays provable. Null: never. */
  entryDays: z.int().min(30).max(36_500).nullable().default(null),
  /** Days until an access event goes. */
  eventDays: z.int().min(1).max(365).default(30),
});
export type AuditRetentionInput = z.infer<typeof auditRetentionInput>;
export const auditRetention = auditRetentionInput.extend({ version: z.int().min(1) });
export type AuditRetention = z.infer<typeof auditRetention>;

/** What erasing a person in the audit log takes, or took, away. */
export const auditErasure = z.strictObject({
  userId: id,
  /** The account is open: somebody who is still there cannot be erased. */
  active: z.boolean(),
  /** What the person is called in entries: names that say nothing. */
  subjects: z.array(z.string().max(64)),
  /** Entries in which something of the person becomes unreadable. */
  entries: z.int().min(0),
  /** Entries of before personal data were sealed, which hold the mail address for as long as they are kept. */
  plainEntries: z.int().min(0),
});
export type AuditErasure = z.infer<typeof auditErasure>;

/** What there is of a user, and what becomes of it when the account is removed. */
export const userRemoval = z.strictObject({
  userId: id,
  /** What ends at once. */
  ends: z.strictObject({
    sessions: z.int().min(0),
    devices: z.int().min(0),
    apiKeys: z.int().min(0),
    personalAccessTokens: z.int().min(0),
    /** Passkeys and authenticator apps. */
    factors: z.int().min(0),
    /** Access requests that wait or run. */
    accessRequests: z.int().min(0),
    /** Services that they allowed to sign them in. */
    consents: z.int().min(0),
    /** Of a service account: what workloads it trusts. */
    workloadTrusts: z.int().min(0),
    /** Share links that they made. */
    shares: z.int().min(0),
    /** Open ones that they made, or that are for their address. */
    invitations: z.int().min(0),
    /** Tokens for new gateways that they made and nobody used. */
    enrolments: z.int().min(0),
  }),
  /** What was reached through the devices, and is not until another one serves it. */
  unreachable: z.array(z.strictObject({ kind: z.enum(['resource', 'site']), name: z.string() })),
  /** What goes on naming the person, and would mean whoever gets the same address; at most 20 of a kind. */
  namedBy: z.array(z.strictObject({ kind: z.enum(['resource', 'site', 'approval_rule', 'policy']), name: z.string() })),
  /** What was erased in the audit log; null: nothing. */
  erasure: auditErasure.nullable(),
});
export type UserRemoval = z.infer<typeof userRemoval>;

/** That a person allowed a service to sign them in. */
export const consent = z.strictObject({
  relyingPartyId: id,
  name: displayName,
  /** Of OpenID Connect, such as `email`. */
  scopes: z.array(z.string().max(64)),
  givenAt: timestamp,
});
export type Consent = z.infer<typeof consent>;

export const gatewayEndpoint = z.strictObject({
  gatewayId: id,
  name: label,
  baseDomain: hostname,
  address: hostPort,
  /** Its own pages, where people sign in and authorise addresses. Absent: a console that is older than this. */
  portalUrl: z.string().max(300).optional(),
});
