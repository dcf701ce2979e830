import { z } from 'zod';
import { accessEvent, gatewayLoad, id, timestamp } from '../entities/index.ts';
import type { Permission } from '../permissions.ts';

/** What changes are told of, and who may hear of them. `audit-entries` is told once for several entries. */
export const LIVE_NOUNS = {
  organization: 'organization:read',
  users: 'users:read',
  groups: 'users:read',
  roles: 'roles:read',
  sessions: 'sessions:read',
  addresses: 'sessions:read',
  'api-keys': 'api_keys:read',
  'service-accounts': 'service_accounts:read',
  'workload-trusts': 'service_accounts:read',
  'relying-parties': 'relying_parties:read',
  'identity-providers': 'identity_providers:read',
  invitations: 'users:read',
  factors: 'users:read',
  'personal-access-tokens': 'users:read',
  devices: 'devices:read',
  gateways: 'gateways:read',
  resources: 'resources:read',
  services: 'resources:read',
  shares: 'resources:read',
  sites: 'sites:read',
  policies: 'policies:read',
  'access-requests': 'policies:read',
  'approval-rules': 'policies:read',
  risks: 'risks:read',
  incidents: 'incidents:read',
  'audit-exports': 'audit_exports:read',
  'audit-entries': 'audit:read',
} as const satisfies Record<string, Permission>;
export type LiveNoun = keyof typeof LIVE_NOUNS;
export const liveNoun = z.enum(Object.keys(LIVE_NOUNS) as [LiveNoun, ...LiveNoun[]]);

/** What people hear of although their role may not read all of it: what is their own. */
export const PERSONAL_LIVE_NOUNS: readonly LiveNoun[] = [
  'users',
  'sessions',
  'addresses',
  'api-keys',
  'factors',
  'personal-access-tokens',
  'devices',
  'access-requests',
  'relying-parties',
];

/** The same words as in `accessEvents.list`, without paging. */
export const liveEventFilter = z.strictObject({
  resourceId: id.optional(),
  gatewayId: id.optional(),
  effect: accessEvent.shape.effect.optional(),
});
export type LiveEventFilter = z.infer<typeof liveEventFilter>;

const livePosition = z.strictObject({ epoch: z.string().max(40), seq: z.int().min(0) });

export const liveFromClient = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('subscribe'),
    /** Where the last connection ended. Absent: from now on. */
    since: livePosition.optional(),
    /** Absent: all that the caller may hear of. */
    changes: z.array(liveNoun).max(50).optional(),
    /** The feed of access events; absent: none. Needs `events:read`. */
    events: liveEventFilter.optional(),
  }),
]);
export type LiveFromClient = z.infer<typeof liveFromClient>;

export const liveChange = z.strictObject({
  noun: liveNoun,
  /** Null: something of this kind changed that the caller may see in its list, but not by id here. */
  id: z.string().max(64).nullable(),
  /** Of what is there now, where the entity has one. */
  version: z.int().min(1).nullable(),
  /** As in the audit log, such as `resource.update`. */
  action: z.string().max(64),
  at: timestamp,
  /** The caller did it. */
  mine: z.boolean(),
});
export type LiveChange = z.infer<typeof liveChange>;

/** How a gateway is, told when it changes. The rest of it is told as a change of `gateways`. */
export const liveGateway = z.strictObject({
  id,
  connected: z.boolean(),
  snapshotVersion: z.int().min(0).nullable(),
  at: timestamp,
  /** What it just said; absent: nothing new. */
  load: gatewayLoad.optional(),
});
export type LiveGateway = z.infer<typeof liveGateway>;

const seq = z.int().min(0);

export const liveFromConsole = z.discriminatedUnion('type', [
  /** Another `epoch` than before: nothing of before can be resumed. */
  z.strictObject({ type: z.literal('hello'), epoch: z.string().max(40), seq, heartbeatSeconds: z.int() }),
  /** What was missed cannot be told any more: fetch these again. */
  z.strictObject({ type: z.literal('resync'), seq, parts: z.array(z.enum(['changes', 'gateways', 'events'])).min(1) }),
  z.strictObject({ type: z.literal('changes'), seq, items: z.array(liveChange).min(1) }),
  z.strictObject({ type: z.literal('gateways'), seq, items: z.array(liveGateway).min(1) }),
  /** Oldest first. `skipped`: how many more there were than are shown live. */
  z.strictObject({ type: z.literal('events'), seq, items: z.array(accessEvent), skipped: z.int().min(0) }),
  /** Comes at least every `heartbeatSeconds`: after three times as much silence the connection is lost. */
  z.strictObject({ type: z.literal('heartbeat'), seq }),
]);
export type LiveFromConsole = z.infer<typeof liveFromConsole>;

/** Of one message from a client, in bytes. */
export const LIVE_MAX_FROM_CLIENT = 16_384;
