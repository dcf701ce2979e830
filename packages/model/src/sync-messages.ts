import { z } from 'zod';
import {
  accessEvent,
  credentialId,
  deviceTunnel,
  displayName,
  email,
  gatewayLoad,
  id,
  logLevel,
  logLine,
  passkeyAttestation,
  reportedAddressGrant,
  timestamp,
  unhealthyTarget,
} from './entities/index.ts';
import { signedSnapshot } from './snapshot.ts';

/**
 * Console and gateway talk over mutual TLS 1.3; the gateway dials. Each message is a 4-byte big-endian length and that
 * many bytes of UTF-8 JSON. An invalid message closes the link with `sync.invalid`.
 */
export const SYNC_ALPN = 'zeronaut-sync/1';
/** Name in the console's sync certificate. */
export const CONSOLE_SERVER_NAME = 'console.zeronaut.internal';
/** Under it our programs know each other by certificate, so nothing that is published may have a name there. */
export const INTERNAL_DOMAIN = 'zeronaut.internal';
/** Bound of one message from a gateway (bytes). */
export const SYNC_MAX_FROM_GATEWAY = 4 * 1024 * 1024;
/** Bound of one message from the console (bytes). */
export const SYNC_MAX_FROM_CONSOLE = 256 * 1024 * 1024;
/** Either side sends `ping` after this much silence and gives the link up after three times as much (ms). */
export const SYNC_PING_INTERVAL_MS = 5_000;

/** Devices, and what they serve, in one status. */
export const SYNC_MAX_LISTED = 50_000;
/** Unhealthy targets in one status; the others are not told. */
export const SYNC_MAX_UNHEALTHY = 5_000;

/** Lines of a log in one message. */
export const SYNC_MAX_LOG_LINES = 100;

/** Tunnels of one device in one answer; it may have eight. */
export const SYNC_MAX_TUNNELS = 16;

/** Characters of the nonce in `confirm_snapshot`: 16 random bytes, base64url. */
export const SYNC_NONCE_LENGTH = 22;

/** Address grants in one report. */
export const SYNC_MAX_REPORTED_GRANTS = 200;
/** Address grants that may count at one gateway at a time. */
export const MAX_ADDRESS_GRANTS = 10_000;

/** What gateways of today understand and older ones do not. `drain`: `draining` in a snapshot. `log`: `tail_log`. `tunnels`: `list_tunnels`. `headers`, `limits`, `balancing`: those of resources. `gateway` and `addresses`: that and `endedAddressGrants` in a snapshot. `expiry`: `maxAgeSeconds` in a snapshot. */
export const SYNC_FEATURES = [
  'drain',
  'log',
  'tunnels',
  'gateway',
  'headers',
  'limits',
  'balancing',
  'addresses',
  'expiry',
] as const;
export type SyncFeature = (typeof SYNC_FEATURES)[number];

const rpcId = z.int().min(1);

/** What a gateway keeps of a sign-in with a passkey, until the console has it. */
export const edgeSignIn = z.strictObject({
  sessionId: id,
  userId: id,
  credentialId,
  signCount: z.int().min(0).max(0xffff_ffff),
  at: timestamp,
  expiresAt: timestamp,
  /** Signed out already. */
  ended: z.boolean(),
  address: z.string().max(60),
  userAgent: z.string().max(300),
});
export type EdgeSignIn = z.infer<typeof edgeSignIn>;

export const syncFromGateway = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.literal(1),
    softwareVersion: z.string().max(40),
    snapshotVersion: z.int().min(0),
    /** It co-signs checkpoints of the audit log: with which key, and how many entries it vouched for last. */
    witness: z.strictObject({ key: z.string().max(400), size: z.int().min(0) }).optional(),
    /** What it understands beyond the first version, see `SYNC_FEATURES`; others are left out. */
    features: z.array(z.string().max(40)).max(50).optional(),
  }),
  /** The snapshot of this version is live now. */
  z.strictObject({ type: z.literal('applied'), version: z.int().min(1) }),
  /** It was refused, and the running one kept. */
  z.strictObject({
    type: z.literal('refused'),
    version: z.int().min(0),
    reason: z.string().max(64),
    detail: z.string().max(500),
  }),
  /** How it is, soon after something changed and every few seconds. A list that is absent is as it was told before on this link. */
  z.strictObject({
    type: z.literal('status'),
    load: gatewayLoad,
    /** With a tunnel here. */
    devices: z.array(id).max(SYNC_MAX_LISTED).optional(),
    /** Resources and sites that a tunnel here serves now. */
    serving: z.array(id).max(SYNC_MAX_LISTED).optional(),
    unhealthy: z.array(unhealthyTarget).max(SYNC_MAX_UNHEALTHY).optional(),
  }),
  /** Lines of its log, oldest first, while somebody looks. The first one after `tail_log` may be empty. */
  z.strictObject({
    type: z.literal('log'),
    lines: z.array(logLine).max(SYNC_MAX_LOG_LINES),
    /** Lines before these that were too many in too short a time. */
    dropped: z.int().min(0),
  }),
  /** The answer to `list_tunnels`. */
  z.strictObject({ type: z.literal('tunnels'), rpcId, tunnels: z.array(deviceTunnel).max(SYNC_MAX_TUNNELS) }),
  /** A checkpoint that was offered is vouched for: the line to add to its note. */
  z.strictObject({ type: z.literal('cosigned'), size: z.int().min(0), line: z.string().max(400) }),
  /** … or not, and why: the console shows another past than before. */
  z.strictObject({
    type: z.literal('not_cosigned'),
    size: z.int().min(0),
    reason: z.string().max(64),
    detail: z.string().max(500),
  }),
  /** In order of `seq`, without holes within an epoch. */
  z.strictObject({ type: z.literal('events'), events: z.array(accessEvent).min(1).max(2000) }),
  /** A visitor signs in on the portal. `password` is checked by the console, which limits the rate by address and account. */
  z.strictObject({
    type: z.literal('sign_in'),
    rpcId,
    email: email,
    password: z.string().min(1).max(1024),
    /** Second factor; only sent when the visitor gave one. */
    code: z.string().min(1).max(40).optional(),
    address: z.string().max(60),
    userAgent: z.string().max(300),
  }),
  z.strictObject({ type: z.literal('sign_out'), rpcId, sessionId: id }),
  /** A visitor signed in with a passkey, which the gateway verified by itself, maybe days ago. Sent until it is answered. */
  z.strictObject({ type: z.literal('passkey_sign_in'), rpcId, signIn: edgeSignIn }),
  /**
   * Address grants that were made or ended there since the last report that was taken; on a new link all that count. `open`, with the last
   * of these: the ids of all that count, so that what is missing counts no more. Sent until it is answered.
   */
  z.strictObject({
    type: z.literal('address_grants'),
    rpcId,
    grants: z.array(reportedAddressGrant).max(SYNC_MAX_REPORTED_GRANTS),
    open: z.array(id).max(MAX_ADDRESS_GRANTS).optional(),
  }),
  /** A visitor made a passkey on the portal. The gateway looked at challenge and session; the console does the rest. */
  z.strictObject({
    type: z.literal('passkey_create'),
    rpcId,
    sessionId: id,
    userId: id,
    name: displayName,
    credential: passkeyAttestation,
    challenge: z.string().max(100),
    origin: z.string().max(300),
    address: z.string().max(60),
    userAgent: z.string().max(300),
  }),
  /**
   * Is the snapshot that I run still the newest one? Asked by gateways whose snapshot has `maxAgeSeconds`, so that an older console never
   * hears it.
   */
  z.strictObject({ type: z.literal('confirm_snapshot'), rpcId, nonce: z.string().length(SYNC_NONCE_LENGTH) }),
  /** Asks for a fresh client certificate for the same key. PKCS #10, PEM. */
  z.strictObject({ type: z.literal('renew'), rpcId, csr: z.string().max(8192) }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
]);
export type SyncFromGateway = z.infer<typeof syncFromGateway>;

export const syncFromConsole = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('snapshot'), snapshot: signedSnapshot }),
  /**
   * A checkpoint to co-sign, to those who said that they are witnesses: the note, the console's verifier keys, and the proof that
   * the log which this witness vouched for last is how it begins (base64).
   */
  z.strictObject({
    type: z.literal('checkpoint'),
    note: z.string().max(65_536),
    keys: z.array(z.string().max(4096)).min(1).max(8),
    consistency: z.array(z.string().max(64)).max(64),
  }),
  /**
   * Somebody looks at the log: send what is kept of it, and from now on what comes of this level and above. Said again while somebody
   * looks; without that a gateway ends it by itself. Null: nobody looks any more. Only to gateways that said `log` in their hello.
   */
  z.strictObject({ type: z.literal('tail_log'), level: logLevel.nullable() }),
  /** Which tunnels has this device there? Only to gateways that said `tunnels` in their hello. */
  z.strictObject({ type: z.literal('list_tunnels'), rpcId, deviceId: id }),
  /** All events of `epoch` up to and including `seq` are stored. */
  z.strictObject({ type: z.literal('events_stored'), epoch: z.string().max(40), seq: z.int().min(0) }),
  /** Either `token` (a portal session, EdDSA JWT) or `reason`. */
  z.strictObject({
    type: z.literal('sign_in_result'),
    rpcId,
    token: z.string().max(4096).nullable(),
    reason: z.string().max(64).nullable(),
  }),
  z.strictObject({ type: z.literal('sign_out_result'), rpcId }),
  /** It is stored, or never will be. */
  z.strictObject({ type: z.literal('passkey_sign_in_result'), rpcId }),
  /**
   * The first `taken` of a report are stored; the others may be told again after a while. `ended`: which of those that the report says to
   * count do not, because the console ended them or what they rest on.
   */
  z.strictObject({
    type: z.literal('address_grants_result'),
    rpcId,
    taken: z.int().min(0),
    ended: z.array(id).max(SYNC_MAX_REPORTED_GRANTS),
  }),
  /** Either `reason`, or it is there; with a first factor come recovery codes, to show once. */
  z.strictObject({
    type: z.literal('passkey_create_result'),
    rpcId,
    reason: z.string().max(64).nullable(),
    recoveryCodes: z.array(z.string().max(40)).max(20),
  }),
  /** The newest snapshot of this gateway is that of `version`: signed as `currentStatement` says. */
  z.strictObject({
    type: z.literal('snapshot_confirmed'),
    rpcId,
    version: z.int().min(1),
    keyId: z.string().min(1).max(128),
    signature: z.string().length(86),
  }),
  z.strictObject({
    type: z.literal('renewed'),
    rpcId,
    certificate: z.string().max(32_768).nullable(),
    notAfter: timestamp.nullable(),
  }),
  z.strictObject({ type: z.literal('ping') }),
  z.strictObject({ type: z.literal('pong') }),
]);
export type SyncFromConsole = z.infer<typeof syncFromConsole>;
