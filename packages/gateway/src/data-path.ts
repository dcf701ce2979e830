import { createPrivateKey } from 'node:crypto';
import { join } from 'node:path';
import { type DeviceTunnel, type GatewayFile, gatewayServerName, parseHostPort, parseNetwork } from '@zeronaut/model';
import type { Logger } from 'pino';
import { EndedSessions } from './access/ended-sessions.ts';
import { endOfFlow, reviewFlow } from './access/flow-review.ts';
import { decideForward } from './access/forward-access.ts';
import { AddressGrants } from './access/grants.ts';
import { createHttpAccess } from './access/http-access.ts';
import { PasskeySignIns } from './access/passkey-sign-ins.ts';
import { createRawAccess } from './access/raw-access.ts';
import { UntoldGrants } from './access/untold-grants.ts';
import { createBalancer, type HealthBalancer } from './balancer/balancer.ts';
import type { Configuration } from './config/load.ts';
import { LimitsOfResources } from './limits/resource-limiter.ts';
import { type Certificate, MemoryCertificateStore } from './listeners/certificate-store.ts';
import { ConnectionsBySource } from './listeners/connections-by-source.ts';
import { type Listener, startListener } from './listeners/listener.ts';
import type { PackedSnapshot } from './packed-snapshot.ts';
import { createHttpPipeline, type HttpPipeline } from './pipeline.ts';
import { createRawListeners, type RawListeners, type RawPortStatus } from './raw/raw-listeners.ts';
import type { AgentLinks, Observer } from './rooms.ts';
import { writeFileAtomically } from './snapshot/atomic-file.ts';
import type { Credentials } from './sync/identity.ts';
import type { GatewaySigningKey } from './sync/signing-key.ts';
import type { CurrentTables, Tables } from './tables.ts';
import { createDialer } from './targets/dialer.ts';
import { createAgentLinks, type RunningAgentLinks } from './tunnels/agent-links.ts';

/**
 * Puts the rooms that carry traffic together, once, in the order in which a flow meets them: listeners, pipeline
 * (router, access, balancer, targets), raw ports, tunnels. It follows the tables by itself. What decides which tables
 * there are (a console or a file) is beside it, in `main.ts`.
 */
export interface DataPathOptions {
  readonly configuration: Configuration;
  readonly directory: string;
  readonly gatewayId: string;
  readonly signingKey: GatewaySigningKey;
  /** Null: a gateway from a file alone, without agents and without sign-in. */
  readonly console: {
    readonly credentials: Credentials;
    readonly tunnelPort: number;
    /** Where people reach the console. */
    readonly url: string;
    readonly signIn: NonNullable<Parameters<typeof createHttpAccess>[0]['sync']>;
  } | null;
  readonly tables: CurrentTables;
  readonly observer: Observer;
  readonly log: Logger;
  /** Port of the first https listener when the file asks for any free one; 0 leaves it to the system. */
  readonly httpsPort: number;
}

export interface ListenerStatus {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

export interface DataPathStatus {
  readonly listeners: readonly ListenerStatus[];
  readonly tunnelPort: number | null;
  readonly rawPorts: readonly RawPortStatus[];
  readonly connections: number;
  readonly tunnels: number;
  readonly streams: number;
}

/** How often it is looked whether time has taken something away. */
const TICK_MS = 500;

type ListenerEntry = GatewayFile['listeners'][number];
type HttpLimits = Pick<GatewayFile['limits'], 'headerTimeoutMs' | 'idleTimeoutMs' | 'upstreamResponseTimeoutMs'>;

export class DataPath {
  readonly #options: DataPathOptions;
  readonly #certificates = new MemoryCertificateStore();
  readonly #grants: AddressGrants;
  readonly #ended: EndedSessions;
  readonly #passkeySignIns: PasskeySignIns | null;
  readonly #balancer: HealthBalancer;
  readonly #pipeline: HttpPipeline;
  readonly #sources: ConnectionsBySource;
  readonly #raw: RawListeners;
  readonly #links: RunningAgentLinks | null;
  /** Shared with the pipeline, which reads it per request: a reload changes it in place. */
  readonly #limits: { -readonly [K in keyof HttpLimits]: HttpLimits[K] };
  #configuration: Configuration;
  #listeners = new Map<string, { readonly entry: ListenerEntry; readonly listener: Listener }>();
  #tunnelPort: number | null = null;
  #clock: NodeJS.Timeout | null = null;
  #lastTickMs = Date.now();
  /** When what is still open is cut; null: it is not draining. */
  #drainUntilMs: number | null = null;
  #tunnelCertificate: string;

  private constructor(
    options: DataPathOptions,
    grants: AddressGrants,
    ended: EndedSessions,
    passkeySignIns: PasskeySignIns | null,
  ) {
    const { configuration, tables, observer, log, gatewayId } = options;
    const { file } = configuration;
    this.#options = options;
    this.#configuration = configuration;
    this.#grants = grants;
    this.#ended = ended;
    this.#passkeySignIns = passkeySignIns;
    this.#limits = { ...file.limits };
    this.#tunnelCertificate = options.console?.credentials.identity.tunnelCertificate ?? '';
    this.#links = options.console === null ? null : this.#createLinks(options.console);
    const dialer = createDialer({
      agentLinks: this.#links satisfies AgentLinks | null,
      connectTimeoutMs: file.limits.upstreamConnectTimeoutMs,
    });
    this.#balancer = createBalancer({
      tables,
      dialer,
      onHealthChange: (target, healthy) =>
        log[healthy ? 'info' : 'warn']({ targetId: target.id, address: target.address, healthy }, 'target health'),
    });
    const access = createHttpAccess({
      gatewayId,
      signingKey: {
        kid: options.signingKey.publicJwk.kid,
        privateKey: createPrivateKey(options.signingKey.privateKey),
      },
      sync: options.console?.signIn ?? null,
      consoleUrl: options.console?.url ?? null,
      grants,
      ended,
      passkeySignIns,
      now: Date.now,
      tables,
      log,
    });
    const trustedProxies = file.trustedProxies.map((text) => parseNetwork(text)!);
    this.#sources = new ConnectionsBySource(trustedProxies);
    const limiter = new LimitsOfResources();
    this.#pipeline = createHttpPipeline({
      limiter,
      tables,
      access,
      balancer: this.#balancer,
      dialer,
      observer,
      limits: this.#limits,
      trustedProxies,
      review: (flow, current) => reviewFlow(flow, current, { grants, ended, nowMs: Date.now() }),
      endOf: endOfFlow,
      onBug: (error) => log.error({ err: error }, 'a bug ended a request'),
    });
    this.#raw = createRawListeners({
      limiter,
      tables,
      access: createRawAccess(grants, Date.now),
      balancer: this.#balancer,
      dialer,
      observer,
      log,
      rawAddress: file.rawAddress,
      limits: {
        maxConnections: file.limits.maxConnections,
        tcpIdleTimeoutMs: file.limits.tcpIdleTimeoutMs,
        udpIdleTimeoutMs: file.limits.udpIdleTimeoutMs,
      },
    });
  }

  /** Opens everything. Rejects with a Fault when an address cannot be had; nothing stays open then. */
  static async start(options: DataPathOptions): Promise<DataPath> {
    const stored = (name: string) => ({
      path: join(options.directory, name),
      write: (path: string, content: string) => writeFileAtomically(path, content),
      now: Date.now,
      log: options.log,
    });
    const ended = await EndedSessions.load(stored('ended-sessions.json'));
    const untold = options.console === null ? null : await UntoldGrants.load(stored('ended-grants.json'));
    const grants = await AddressGrants.load({ ...stored('grants.json'), ended, untold });
    const passkeySignIns =
      options.console === null
        ? null
        : await PasskeySignIns.load({ ...stored('passkey-sign-ins.json'), sync: options.console.signIn });
    for (const { sessionId, expiresAt } of passkeySignIns?.ended() ?? []) {
      ended.end(sessionId, Date.parse(expiresAt), Date.now());
    }
    const path = new DataPath(options, grants, ended, passkeySignIns);
    try {
      await path.#open();
    } catch (error) {
      await path.stop(0);
      throw error;
    }
    return path;
  }

  status(): DataPathStatus {
    const links = this.#links?.status();
    return {
      listeners: [...this.#listeners.values()].map(({ entry, listener }) => ({
        protocol: entry.protocol,
        host: listener.address.host,
        port: listener.address.port,
      })),
      tunnelPort: this.#tunnelPort,
      rawPorts: this.#raw.status(),
      connections: this.#pipeline.connections,
      tunnels: links?.sessions ?? 0,
      streams: links?.streams ?? 0,
    };
  }

  /** What is open now, by kind. */
  openCounts() {
    const links = this.#links?.status();
    return {
      connections: this.#pipeline.connections,
      websockets: this.#pipeline.upgraded,
      ...this.#raw.openFlows(),
      tunnels: links?.sessions ?? 0,
      streams: links?.streams ?? 0,
      forwards: links?.forwards ?? 0,
    };
  }

  /** Devices with a tunnel here, what they serve, and targets that are left out. */
  presence(): { devices: string[]; serving: string[] } {
    return this.#links?.presence() ?? { devices: [], serving: [] };
  }

  /** What the console is told of them, and says. */
  get addressGrants(): AddressGrants['source'] {
    return this.#grants.source;
  }

  tunnelsOf(deviceId: string): DeviceTunnel[] {
    return this.#links?.tunnelsOf(deviceId) ?? [];
  }

  unhealthy(): { resourceId: string; targetId: string }[] {
    return this.#balancer.unhealthy();
  }

  /**
   * Takes over what may change while running: certificates, limits of HTTP, listeners. Open connections go on. Rejects
   * with a Fault when a new address cannot be had, and then nothing has changed.
   */
  async reload(configuration: Configuration): Promise<void> {
    await this.#openListeners(configuration.file.listeners);
    this.#configuration = configuration;
    Object.assign(this.#limits, configuration.file.limits);
    this.#showCertificates(this.#options.tables.get().snapshot);
  }

  /** No new flows; open ones have `graceMs` to end, then they are cut. */
  async stop(graceMs: number): Promise<void> {
    if (this.#clock !== null) clearInterval(this.#clock);
    for (const { listener } of this.#listeners.values()) void listener.stop();
    this.#listeners.clear();
    await Promise.all([this.#pipeline.stop(graceMs), this.#raw.stop(graceMs), this.#links?.stop(graceMs)]);
    this.#balancer.stop();
    await this.#grants.stop();
    await this.#ended.flush();
    await this.#passkeySignIns?.stop();
  }

  async #open(): Promise<void> {
    const { tables } = this.#options;
    this.#showCertificates(tables.get().snapshot);
    tables.subscribe((next) => this.#follow(next));
    // What ends here ends at once, not with the next snapshot.
    this.#ended.subscribe(() => this.reevaluate());
    this.#grants.onRevoked(() => this.reevaluate());
    this.#clock = setInterval(() => this.#tick(), TICK_MS);
    this.#clock.unref();
    await this.#openListeners(this.#configuration.file.listeners);
    await this.#raw.start();
    this.#heedDraining(tables.get().snapshot);
    if (this.#links !== null) this.#tunnelPort = await this.#links.start();
  }

  #createLinks({ credentials, tunnelPort }: NonNullable<DataPathOptions['console']>): RunningAgentLinks {
    const { configuration, tables, observer, log } = this.#options;
    return createAgentLinks({
      tables,
      observer,
      access: { decideForward },
      log,
      host: splitAddress(configuration.file.tunnel.address).host,
      port: tunnelPort,
      credentials: {
        cert: credentials.identity.tunnelCertificate,
        key: credentials.tlsKey,
        ca: credentials.identity.certificateAuthority,
      },
    });
  }

  #follow(next: Tables): void {
    this.#grants.prune(next);
    this.#showCertificates(next.snapshot);
    this.#heedDraining(next.snapshot);
  }

  /** The console empties this gateway, or lets it work again. Raw ports see to it by themselves. */
  #heedDraining({ draining }: PackedSnapshot): void {
    const untilMs = draining === undefined ? null : Date.parse(draining.until);
    const [was, is] = [this.#drainUntilMs !== null, untilMs !== null];
    this.#drainUntilMs = untilMs;
    if (was === is) return;
    this.#options.log.warn(
      { draining: is, until: draining?.until },
      is ? 'draining: nothing new is taken' : 'not draining any more',
    );
    this.#pipeline.closeAfterAnswers(is);
    this.#links?.setLeaving(is);
  }

  /** It takes nothing new, by word of the console. */
  get draining(): boolean {
    return this.#drainUntilMs !== null;
  }

  /** What the passing of time alone takes away: policies that read it speak of minutes, approved requests and sessions end. */
  #tick(): void {
    const [before, now] = [this.#lastTickMs, Date.now()];
    this.#lastTickMs = now;
    const tables = this.#options.tables.get();
    const minutePassed = Math.floor(before / 60_000) !== Math.floor(now / 60_000);
    if ((minutePassed && tables.policies.readsTime) || grantEnded(tables, before, now)) this.reevaluate();
    this.#pipeline.reevaluateEnded(now);
    const endMs = this.#drainUntilMs;
    if (endMs !== null && endMs > before && endMs <= now) this.#cutAll();
  }

  /** Its time to become empty is over. Who still comes is still answered. */
  #cutAll(): void {
    const { connections, tcpConnections, udpSessions, forwards } = this.openCounts();
    this.#options.log.warn(
      { connections, tcpConnections, udpSessions, forwards },
      'drained: what was still open is cut',
    );
    this.#pipeline.cut('limit.draining');
    this.#raw.cut('limit.draining');
    this.#links?.cutForwards('limit.draining');
  }

  /** What is open is asked about again, as it may not be let in any more. */
  reevaluate(): void {
    this.#pipeline.reevaluate();
    this.#raw.reevaluate();
    this.#links?.reevaluate();
  }

  /** The operator's own certificates win over those of the internal CA. */
  #showCertificates(snapshot: PackedSnapshot): void {
    const own: Certificate[] = this.#configuration.certificates.map((entry) => ({ ...entry }));
    const credentials = this.#options.console?.credentials;
    const issued =
      credentials === undefined
        ? []
        : snapshot.certificates.map(({ host, pem }) => ({ hosts: [host], certificate: pem, key: credentials.tlsKey }));
    this.#certificates.update([...own, ...issued], snapshot.portalHost);
    const tunnel = snapshot.certificates.find(({ host }) => host === gatewayServerName(this.#options.gatewayId));
    if (credentials === undefined || tunnel === undefined || tunnel.pem === this.#tunnelCertificate) return;
    const fresh = { cert: tunnel.pem, key: credentials.tlsKey, ca: credentials.identity.certificateAuthority };
    if (this.#links?.updateCredentials(fresh)) this.#tunnelCertificate = tunnel.pem;
  }

  /** New ones are opened before old ones close, so that an address that cannot be had costs nothing. */
  async #openListeners(entries: readonly ListenerEntry[]): Promise<void> {
    const wanted = new Map(entries.map((entry, index) => [listenerKey(entry, index), entry]));
    const addresses = new Set([...wanted.values()].map((entry) => entry.address));
    const leaving = [...this.#listeners].filter(([key]) => !wanted.has(key));
    // Another protocol on the same address: it must be free first.
    const inTheWay = leaving.filter(([, { entry }]) => addresses.has(entry.address));
    for (const [, { listener }] of inTheWay) void listener.stop();
    const opened = new Map<string, { entry: ListenerEntry; listener: Listener }>();
    const firstHttps = entries.find((entry) => entry.protocol === 'https');
    const listen = async (entry: ListenerEntry) => ({
      entry,
      listener: await this.#listen(entry, entry === firstHttps ? this.#options.httpsPort : 0),
    });
    try {
      for (const [key, entry] of wanted) {
        if (this.#listeners.has(key)) continue;
        opened.set(key, await listen(entry));
      }
    } catch (error) {
      for (const { listener } of opened.values()) void listener.stop();
      for (const [key, { entry }] of inTheWay) {
        this.#listeners.set(key, await listen(entry));
      }
      throw error;
    }
    for (const [key, { listener }] of leaving) {
      if (!inTheWay.some(([other]) => other === key)) void listener.stop();
      this.#listeners.delete(key);
    }
    for (const [key, entry] of opened) this.#listeners.set(key, entry);
  }

  #listen(entry: ListenerEntry, anyPort: number): Promise<Listener> {
    const { host, port } = splitAddress(entry.address);
    return startListener({
      host,
      port: port === 0 ? anyPort : port,
      protocol: entry.protocol,
      pipeline: this.#pipeline,
      certificates: this.#certificates,
      redirectToHttps: entry.protocol === 'http' && (entry.redirectToHttps ?? this.#options.console !== null),
      maxConnections: this.#configuration.file.limits.maxConnections,
      sources: this.#sources,
    });
  }
}

/** Whether an approved access request ended between two moments, ms. */
function grantEnded({ accessGrants }: Tables, fromMs: number, toMs: number): boolean {
  for (const grants of accessGrants.values()) {
    for (const { expiresAt } of grants) {
      const endMs = Date.parse(expiresAt);
      if (endMs > fromMs && endMs <= toMs) return true;
    }
  }
  return false;
}

/** Two listeners on any free port are two. */
function listenerKey(entry: ListenerEntry, index: number): string {
  const { port } = splitAddress(entry.address);
  return JSON.stringify([entry.address, entry.protocol, entry.redirectToHttps ?? null, port === 0 ? index : 0]);
}

/** Of an address that the file's schema let through; port 0 is allowed, which `parseHostPort` is not made for. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  const port = Number(address.slice(colon + 1));
  return parseHostPort(address) ?? { host: host.startsWith('[') ? host.slice(1, -1) : host, port };
}
