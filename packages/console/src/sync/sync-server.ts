import { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import {
  type DeviceTunnel,
  type GatewayLoadPoint,
  parseGatewayUri,
  SYNC_ALPN,
  type SyncFeature,
} from '@zeronaut/model';
import type { Logger } from 'pino';
import { RENEW_AFTER_MS } from '../authority/certificate-authority.ts';
import { fingerprintOf } from '../authority/certificate-request.ts';
import { createReportLimit } from '../domains/address-grants/reports.ts';
import type { Context } from '../domains/context.ts';
import { storeSightings } from '../domains/devices/device-sightings.ts';
import { storeLoad } from '../domains/gateways/gateway-load.ts';
import type { GatewayRow } from '../domains/gateways/gateways.ts';
import { readOrganization } from '../domains/organizations/organization-facts.ts';
import { GatewayLink } from './gateway-link.ts';
import type { GatewayLog } from './gateway-log.ts';
import { HostCertificates } from './host-certificates.ts';
import { LinkedElsewhere } from './linked-elsewhere.ts';
import { LoadHistory } from './load-history.ts';
import { type GatewayStatus, type Presence, presenceOf } from './presence.ts';
import { buildSnapshot } from './snapshot-builder.ts';

/** Changes that come within this time go out as one snapshot. */
const COALESCE_MS = 5;
/** Certificates that near their end, and shares and revocations that are past theirs, are looked for this often. */
const REBUILD_INTERVAL_MS = 3_600_000;
/** That devices came or went is stored this often; that they are still there, each sixth time. */
const SIGHTINGS_INTERVAL_MS = 10_000;
const SIGHTINGS_OF_ALL = 6;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long a console that stops waits until its gateways run what was changed last. */
const HAND_OVER_MS = 1_000;
/** A gateway has one link, and a second one while it replaces the first. */
const MAX_CONNECTIONS = 10_000;

export interface SyncServer {
  readonly port: number;
  readonly connectedGateways: () => ReadonlySet<string>;
  /** Null: it is not connected here. */
  readonly knows: (gatewayId: string, feature: SyncFeature) => boolean | null;
  readonly askTunnels: (gatewayId: string, deviceId: string) => Promise<readonly DeviceTunnel[] | null>;
  /** Null: it is not connected. */
  readonly logOf: (gatewayId: string) => GatewayLog | null;
  readonly askWitnesses: (organizationId: string) => Promise<void>;
  readonly presence: (organizationId: string) => Presence;
  readonly loadHistory: (gatewayId: string) => readonly GatewayLoadPoint[];
  stop(): Promise<void>;
}

/**
 * Where gateways dial (mutual TLS 1.3). Who is not an active gateway with a certificate for its enrolled key is closed
 * without a word. After each committed change every gateway of the organization gets its new snapshot.
 */
export async function startSyncServer(
  context: Context,
  options: {
    host: string;
    port: number;
    log: Logger;
    /** Default 10 s. */
    handshakeTimeoutMs?: number;
    /** Default 1 s. */
    handOverMs?: number;
  },
): Promise<SyncServer> {
  const { log } = options;
  const { certificates: ca } = context.authority;
  const certificates = new HostCertificates(context);
  /** By gateway: the link that counts. */
  const links = new Map<string, GatewayLink>();
  const elsewhere = new LinkedElsewhere(context.store.notices, context.clock, () => links.values());
  const history = new LoadHistory();
  const reportLimit = createReportLimit();
  const sockets = new Set<TLSSocket>();
  /** What still uses the store when the server stops. */
  const tasks = new Set<Promise<void>>();

  const identity = await ca.syncServer();
  const server: Server = createServer({
    key: identity.key,
    cert: identity.pem,
    ca: [ca.certificate],
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [SYNC_ALPN],
    handshakeTimeout: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('tlsClientError', (error, socket) => {
    log.debug({ err: error }, 'sync handshake failed');
    // After a time-out Node leaves it open.
    socket.destroy();
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', (error) => log.debug({ err: error }, 'sync link broke'));
    socket.on('close', () => sockets.delete(socket));
    accept(socket).catch((error: unknown) => {
      log.error({ err: error }, 'sync connection failed');
      socket.destroy();
    });
  });

  async function accept(socket: TLSSocket): Promise<void> {
    socket.pause();
    const gateway = socket.alpnProtocol === SYNC_ALPN ? await findGateway(context, socket) : null;
    if (gateway === null || socket.destroyed) {
      socket.destroy();
      return;
    }
    const link = new GatewayLink(
      context,
      gateway,
      socket,
      { reportLimit, onHello, onConfirm, leaseOf, onLoad, onDevices, onClosed },
      log,
    );
    // The newest connection counts: the old one is often a dead one that nobody has noticed yet.
    links.get(gateway.id)?.close();
    links.set(gateway.id, link);
    socket.resume();
  }

  function onHello(link: GatewayLink): void {
    log.info({ gatewayId: link.gateway.id, snapshotVersion: link.runningVersion }, 'gateway connected');
    elsewhere.tell(link);
    changed(link.gateway.organization_id, 0);
  }

  /**
   * What was read after the last change before the question answers it; whatever changes later does not, as the answer counts from the
   * question. An organization that changes all the time is answered, too. What was not built yet is answered after the next build.
   */
  function onConfirm(link: GatewayLink): void {
    const { organization_id: organizationId } = link.gateway;
    const change = changes.get(organizationId) ?? 0;
    asked.set(link, change);
    const last = built.get(link);
    if (last === undefined || last.change < change) schedule(organizationId, 0);
    else confirm(link, last.version);
  }

  function leaseOf(link: GatewayLink, version: number): number | null | undefined {
    const last = built.get(link);
    return last?.version === version ? last.leaseSeconds : undefined;
  }

  function confirm(link: GatewayLink, version: number): void {
    const { organization_id: organizationId } = link.gateway;
    const look = link
      .confirm(version)
      .then((isNewest) => {
        if (!isNewest) changed(organizationId, COALESCE_MS);
      })
      // It asks again.
      .catch((error: unknown) => log.warn({ err: error, gatewayId: link.gateway.id }, 'a snapshot was not confirmed'))
      .finally(() => tasks.delete(look));
    tasks.add(look);
  }

  function onLoad(link: GatewayLink, { load, at }: GatewayStatus): void {
    history.add(link.gateway.id, load, at);
    elsewhere.tell(link);
  }

  /** By organization: devices that came or went since the last time that it was stored. */
  const sighted = new Map<string, Set<string>>();
  let sightings = 0;

  function onDevices(link: GatewayLink, changed: readonly string[]): void {
    const { organization_id: organizationId } = link.gateway;
    const ids = sighted.get(organizationId) ?? new Set();
    sighted.set(organizationId, ids);
    for (const id of changed) ids.add(id);
  }

  /** Those that came or went; now and then all that are there. */
  async function storeAllSightings(): Promise<void> {
    if (sightings++ % SIGHTINGS_OF_ALL === 0) {
      for (const link of links.values()) if (link.status !== null) onDevices(link, [...link.status.devices]);
    }
    const now = [...sighted];
    sighted.clear();
    for (const [organizationId, ids] of now) await storeSightings(context, organizationId, ids);
  }

  function runSightings(): Promise<void> {
    const write = storeAllSightings()
      .catch((error: unknown) => log.warn({ err: error }, 'when devices were seen was not stored'))
      .finally(() => tasks.delete(write));
    tasks.add(write);
    return write;
  }

  function onClosed(link: GatewayLink): void {
    if (links.get(link.gateway.id) !== link) return;
    links.delete(link.gateway.id);
    log.info({ gatewayId: link.gateway.id }, 'gateway disconnected');
    const { status } = link;
    link.tellStatus(false);
    elsewhere.tellGone(link.gateway.id);
    const write = context.store.db
      .updateTable('gateways')
      .set({ last_seen_at: context.clock() })
      .where('id', '=', link.gateway.id)
      .where('organization_id', '=', link.gateway.organization_id)
      .execute()
      .then(() => (status === null ? undefined : storeLoad(context, link.gateway, status.load, status.at)))
      .catch((error: unknown) => log.warn({ err: error }, 'last seen was not stored'))
      .finally(() => tasks.delete(write));
    tasks.add(write);
  }

  /** How often each organization changed, as far as we know. */
  const changes = new Map<string, number>();
  /** By link: the version that was built for it last, and with which of these changes. */
  const built = new WeakMap<
    GatewayLink,
    { readonly version: number; readonly change: number; readonly leaseSeconds: number | null }
  >();
  /** By link: how often its organization had changed when it asked last whether it runs the newest snapshot. */
  const asked = new WeakMap<GatewayLink, number>();

  function changed(organizationId: string, delayMs: number): void {
    changes.set(organizationId, (changes.get(organizationId) ?? 0) + 1);
    schedule(organizationId, delayMs);
  }

  /** Per organization: a timer that waits, or a build that runs (and whether another must follow it). */
  const pending = new Map<string, { timer: NodeJS.Timeout | null; again: boolean }>();
  let stopping = false;

  function schedule(organizationId: string, delayMs: number): void {
    if (stopping) return;
    const state = pending.get(organizationId);
    if (state !== undefined) {
      state.again ||= state.timer === null;
      return;
    }
    const next: { timer: NodeJS.Timeout | null; again: boolean } = { timer: null, again: false };
    next.timer = setTimeout(() => {
      next.timer = null;
      const build = publish(organizationId)
        .then((complete) => {
          next.again ||= !complete;
        })
        .catch((error: unknown) => log.error({ err: error, organizationId }, 'snapshot was not built'))
        .finally(() => {
          tasks.delete(build);
          pending.delete(organizationId);
          if (next.again) schedule(organizationId, COALESCE_MS);
        });
      tasks.add(build);
    }, delayMs);
    pending.set(organizationId, next);
  }

  /** False when it must run again at once. */
  async function publish(organizationId: string): Promise<boolean> {
    let whole = true;
    // Its gateways may all be linked to other consoles.
    if (![...links.values()].some((link) => link.gateway.organization_id === organizationId)) return whole;
    // What changes from here on may not be in it.
    const change = changes.get(organizationId) ?? 0;
    const facts = await readOrganization(context, organizationId);
    const active = new Map(facts.gateways.map((gateway) => [gateway.id, gateway]));
    for (const link of [...links.values()]) {
      if (link.gateway.organization_id !== organizationId) continue;
      const gateway = active.get(link.gateway.id);
      if (gateway === undefined) {
        certificates.forget(link.gateway.id);
        history.forget(link.gateway.id);
        link.close();
        continue;
      }
      if (!link.greeted) continue;
      const { version, signed, complete } = await buildSnapshot(context, facts, gateway, certificates, link);
      link.sendSnapshot(version, signed);
      const leaseSeconds = link.features.has('expiry') ? facts.snapshotMaxAgeSeconds : null;
      built.set(link, { version, change, leaseSeconds });
      if (change >= (asked.get(link) ?? Number.POSITIVE_INFINITY)) confirm(link, version);
      whole &&= complete;
    }
    return whole;
  }

  /** What was answered as done is with the gateways before we go: whoever was revoked must not stay until we are back. */
  async function handOver(): Promise<void> {
    stopping = true;
    const unsent = [...pending].filter(([, { timer, again }]) => timer !== null || again).map(([id]) => id);
    for (const { timer } of pending.values()) if (timer !== null) clearTimeout(timer);
    await Promise.all(tasks);
    for (const id of unsent) {
      await publish(id).catch((error: unknown) => {
        log.error({ err: error, organizationId: id }, 'the last changes did not go out');
      });
    }
    await Promise.all([...links.values()].map((link) => link.taken(options.handOverMs ?? HAND_OVER_MS)));
  }

  const scheduleAll = (): void => {
    for (const id of new Set([...links.values()].map((link) => link.gateway.organization_id))) changed(id, 0);
  };
  async function askWitnessesHere(organizationId: string): Promise<void> {
    const own = [...links.values()].filter((link) => link.gateway.organization_id === organizationId);
    await Promise.all(own.map((link) => link.askWitness()));
  }
  context.store.notices.listen({
    onTold(topic, organizationId) {
      if (topic !== 'checkpoints' || typeof organizationId !== 'string') return;
      const asked = askWitnessesHere(organizationId)
        .catch((error: unknown) => log.error({ err: error, organizationId }, 'gateways were not asked to co-sign'))
        .finally(() => tasks.delete(asked));
      tasks.add(asked);
    },
  });
  const stopListening = context.store.onChange((organizationId) => {
    if (organizationId === null) scheduleAll();
    else changed(organizationId, COALESCE_MS);
  });
  const rebuild = setInterval(scheduleAll, REBUILD_INTERVAL_MS);
  const see = setInterval(() => void runSightings(), SIGHTINGS_INTERVAL_MS);
  const renew = setInterval(
    () => {
      ca.syncServer()
        .then((fresh) =>
          server.setSecureContext({ key: fresh.key, cert: fresh.pem, ca: [ca.certificate], minVersion: 'TLSv1.3' }),
        )
        .catch((error: unknown) => log.error({ err: error }, 'the sync certificate was not renewed'));
      // setInterval takes at most 2^31 ms; every 20 days is early enough.
    },
    Math.min(RENEW_AFTER_MS, 20 * 86_400_000),
  );

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => log.error({ err: error }, 'sync listener failed'));

  return {
    port: (server.address() as AddressInfo).port,
    connectedGateways: () => new Set([...elsewhere.ids(), ...links.keys()]),
    presence(organizationId) {
      const statuses = new Map<string, GatewayStatus>(elsewhere.statusesOf(organizationId));
      for (const { gateway, status } of links.values()) {
        if (gateway.organization_id === organizationId && status !== null) statuses.set(gateway.id, status);
      }
      return presenceOf(statuses);
    },
    loadHistory: (gatewayId) => history.of(gatewayId, context.clock()),
    knows: (gatewayId, feature) => links.get(gatewayId)?.features.has(feature) ?? null,
    askTunnels: async (gatewayId, deviceId) => (await links.get(gatewayId)?.askTunnels(deviceId)) ?? null,
    logOf: (gatewayId) => links.get(gatewayId)?.log ?? null,
    async askWitnesses(organizationId) {
      context.store.notices.tell('checkpoints', organizationId);
      await askWitnessesHere(organizationId);
    },
    async stop() {
      stopListening();
      elsewhere.stop();
      clearInterval(rebuild);
      clearInterval(renew);
      clearInterval(see);
      await handOver();
      for (const link of [...links.values()]) link.close();
      await runSightings();
      for (const socket of sockets) socket.destroy();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all(tasks);
      await closed;
    },
  };
}

/** The certificate names a gateway and its key is the enrolled one; the row is active and of the same organization. */
async function findGateway(context: Context, socket: TLSSocket): Promise<GatewayRow | null> {
  const raw = socket.getPeerCertificate(false).raw;
  if (raw === undefined) return null;
  const certificate = new X509Certificate(raw);
  const uri = /^URI:(\S+)$/.exec(certificate.subjectAltName ?? '');
  const names = uri === null ? null : parseGatewayUri(uri[1]!);
  if (names === null) return null;
  const row = await context.store.db
    .selectFrom('gateways')
    .selectAll()
    .where('id', '=', names.gatewayId)
    .where('organization_id', '=', names.organizationId)
    .where('status', '=', 'active')
    .executeTakeFirst();
  const fingerprint = fingerprintOf(certificate.publicKey.export({ type: 'spki', format: 'der' }));
  return row !== undefined && row.key_fingerprint === fingerprint ? row : null;
}
