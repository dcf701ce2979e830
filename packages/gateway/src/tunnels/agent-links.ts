import { type DeviceTunnel, type OpenFromGateway, parseAddress, type Reason, TUNNEL_ALPN } from '@zeronaut/model';
import {
  type ByteStream,
  createTunnelListener,
  type MuxLimits,
  type MuxSession,
  type PeerDecision,
  type TunnelCredentials,
  type TunnelListener,
  type TunnelPeer,
} from '@zeronaut/tunnel';
import type { Logger } from 'pino';
import type { AgentLinks, Observer } from '../rooms.ts';
import type { CurrentTables } from '../tables.ts';
import { type DeviceIdentity, parseDeviceIdentity, refuseDevice } from './device-identity.ts';
import { DeviceSession } from './device-session.ts';
import { createForwarder, type ForwardAccess, type Forwarder } from './forward.ts';
import { DEFAULT_TUNNEL_LIMITS, type TunnelLimits } from './tunnel-limits.ts';
import { Watchers } from './watchers.ts';

/**
 * The tunnels of enrolled devices. Before it: the tunnel listener (limits, mutual TLS 1.3). It lets a device in only
 * if the current tables name it with this very key, and puts it out within the swap that does not. After it: streams
 * to agents for the targets room (`open`), and forwards that clients ask for.
 */
export interface AgentLinksOptions {
  readonly tables: CurrentTables;
  readonly observer: Observer;
  /** Decides forwards. */
  readonly access: ForwardAccess;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly credentials: TunnelCredentials;
  readonly limits?: Partial<TunnelLimits>;
  readonly muxLimits?: Partial<MuxLimits>;
}

export interface RunningAgentLinks extends AgentLinks {
  /** Resolves with the bound port; rejects with a Fault. */
  start(): Promise<number>;
  /** Asks agents to go elsewhere, waits up to `graceMs` for open streams, then closes. */
  stop(graceMs: number): Promise<void>;
  /**
   * On: no new tunnels, and those that are there are told to open new streams elsewhere; they stay, for what still comes here.
   * Off: as before.
   */
  setLeaving(on: boolean): void;
  /** Ends every open forward. */
  cutForwards(reason: Reason): void;
  /** For new tunnels; false when they cannot be read and the old ones stay. */
  updateCredentials(credentials: TunnelCredentials): boolean;
  /** Grants or revocations changed: cuts forwards that would not be let through now. */
  reevaluate(): void;
  status(): AgentLinksStatus;
  /** Devices with a tunnel, and the resources and sites that they serve; each once, sorted. */
  presence(): { devices: string[]; serving: string[] };
  tunnelsOf(deviceId: string): DeviceTunnel[];
}

export interface AgentLinksStatus {
  readonly sessions: number;
  readonly devices: number;
  readonly streams: number;
  readonly forwards: number;
  readonly bound: number;
  readonly draining: boolean;
}

/** Beyond this many streams a second tunnel of the same device shares the work. */
const CROWDED_STREAMS = 8_000;
const DRAIN_LOOK_MS = 20;

export function createAgentLinks(options: AgentLinksOptions): RunningAgentLinks {
  return new Links(options);
}

class Links implements RunningAgentLinks {
  readonly #options: AgentLinksOptions;
  readonly #limits: TunnelLimits;
  readonly #listener: TunnelListener;
  readonly #forwarder: Forwarder;
  readonly #devices = new Map<string, Set<DeviceSession>>();
  readonly #sessions = new Set<DeviceSession>();
  readonly #watchers: Watchers;
  #unsubscribe: (() => void) | null = null;
  /** It stops. */
  #draining = false;
  /** It is being emptied. */
  #leaving = false;

  constructor(options: AgentLinksOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_TUNNEL_LIMITS, ...options.limits };
    this.#watchers = new Watchers(options.observer);
    this.#forwarder = createForwarder({
      tables: options.tables,
      observer: options.observer,
      access: options.access,
      links: this,
      limits: this.#limits,
      log: options.log,
    });
    this.#listener = createTunnelListener({
      ...options.credentials,
      host: options.host,
      port: options.port,
      alpn: TUNNEL_ALPN,
      onPeer: (peer) => this.#admit(peer),
      onRefused: (fault, address) => options.log.info({ address, code: fault.code }, 'tunnel refused'),
      decisionTimeoutMs: this.#limits.admissionWaitMs + 2_000,
    });
  }

  start(): Promise<number> {
    this.#unsubscribe = this.#options.tables.subscribe(() => this.#onTables());
    return this.#listener.start();
  }

  async stop(graceMs: number): Promise<void> {
    this.#draining = true;
    for (const session of this.#sessions) {
      session.send({ type: 'draining' });
      session.mux.goAway();
    }
    const deadline = performance.now() + graceMs;
    while (this.status().streams > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    }
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    await this.#listener.stop('limit.draining');
  }

  setLeaving(on: boolean): void {
    this.#leaving = on;
    for (const session of this.#sessions) session.send({ type: on ? 'draining' : 'resumed' });
  }

  cutForwards(reason: Reason): void {
    this.#forwarder.cut(reason);
  }

  updateCredentials(credentials: TunnelCredentials): boolean {
    return this.#listener.updateCredentials(credentials);
  }

  reevaluate(): void {
    this.#forwarder.reevaluate();
  }

  status(): AgentLinksStatus {
    let streams = 0;
    let bound = 0;
    let forwards = 0;
    for (const session of this.#sessions) {
      streams += session.mux.streamCount;
      bound += session.boundCount();
      forwards += session.forwards;
    }
    const { size: sessions } = this.#sessions;
    return { sessions, devices: this.#devices.size, streams, forwards, bound, draining: this.#draining };
  }

  presence(): { devices: string[]; serving: string[] } {
    const serving = new Set<string>();
    for (const session of this.#sessions) for (const id of session.boundIds()) serving.add(id);
    return { devices: [...this.#devices.keys()].sort(), serving: [...serving].sort() };
  }

  tunnelsOf(deviceId: string): DeviceTunnel[] {
    return [...(this.#devices.get(deviceId) ?? [])].map((session) => ({
      openedAt: session.openedAt,
      address: session.address,
      streams: session.mux.streamCount,
      forwards: session.forwards,
      serving: session.boundCount(),
    }));
  }

  serves(deviceId: string, resourceOrSiteId: string): boolean {
    return this.#choose(deviceId, resourceOrSiteId) !== null;
  }

  open(deviceId: string, request: OpenFromGateway): ByteStream | null {
    const session = this.#choose(deviceId, request.kind === 'target' ? request.resourceId : request.siteId);
    return session === null ? null : session.mux.openStream(Buffer.from(JSON.stringify(request)));
  }

  /**
   * The newest healthy tunnel: after a lost link the old one may look alive for seconds. Only a crowded one gives way
   * to the one with the fewest streams.
   */
  #choose(deviceId: string, id: string): DeviceSession | null {
    let best: DeviceSession | null = null;
    for (const session of this.#devices.get(deviceId) ?? []) {
      if (session.serves(id) && (best === null || this.#isBetter(session, best))) best = session;
    }
    return best;
  }

  async #admit(peer: TunnelPeer): Promise<PeerDecision> {
    const identity = parseDeviceIdentity(peer.certificate);
    if (identity === null) return { accept: false, code: 'access.device_unknown' };
    await this.#waitForDevice(identity);
    const reason = refuseDevice(this.#options.tables.get(), identity);
    if (reason !== null) return { accept: false, code: reason };
    if (this.#draining || this.#leaving) return { accept: false, code: 'limit.draining' };
    if (!this.#makeRoom(identity.deviceId)) return { accept: false, code: 'limit.connections' };

    let session: DeviceSession | null = null;
    return {
      accept: true,
      onSession: (mux) => {
        session = this.#enter(identity, peer, mux);
      },
      session: {
        onStream: (stream, header) => {
          if (session === null) stream.abort('access.device_revoked');
          else this.#forwarder.forward(session, stream, header);
        },
        onMessage: (payload) => session?.onMessage(payload),
        onClosed: (fault) => {
          if (session === null) return;
          this.#leave(session);
          const { deviceId } = identity;
          this.#options.log.info({ deviceId, code: fault?.code ?? 'tunnel.closed' }, 'tunnel closed');
        },
        ...(this.#options.muxLimits && { limits: this.#options.muxLimits }),
      },
    };
  }

  /** Resolves when the tables name the device, or when that took too long. */
  #waitForDevice({ deviceId }: DeviceIdentity): Promise<void> {
    const { tables } = this.#options;
    if (tables.get().devices.has(deviceId)) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        unsubscribe();
        resolve();
      };
      const timer = setTimeout(finish, this.#limits.admissionWaitMs);
      timer.unref();
      const unsubscribe = tables.subscribe((next) => {
        if (next.devices.has(deviceId)) finish();
      });
    });
  }

  /** A device at its limit loses its own stalest tunnel if that one fell silent, and never somebody else's. */
  #makeRoom(deviceId: string): boolean {
    const own = [...(this.#devices.get(deviceId) ?? [])];
    if (own.length >= this.#limits.maxSessionsPerDevice) {
      own.sort((a, b) => a.mux.lastHeardAt - b.mux.lastHeardAt);
      const stalest = own[0]!;
      if (this.#isHealthy(stalest)) return false;
      stalest.mux.close('tunnel.replaced');
      this.#leave(stalest);
    }
    return this.#sessions.size < this.#limits.maxSessions;
  }

  #enter(identity: DeviceIdentity, peer: TunnelPeer, mux: MuxSession): DeviceSession | null {
    const { tables, log } = this.#options;
    const address = parseAddress(peer.address) ?? peer.address;
    // Between the decision and this call the tables may have been swapped.
    if (refuseDevice(tables.get(), identity) !== null) {
      mux.close('access.device_revoked');
      return null;
    }
    const { deviceId } = identity;
    const session = new DeviceSession({
      identity,
      address,
      mux,
      limits: this.#limits,
      getTables: () => tables.get(),
      onHostile: (detail) => {
        log.warn({ deviceId, address, detail }, 'tunnel closed: hostile or broken device');
        mux.close('tunnel.protocol_error');
      },
      onWatch: (resourceIds, before) => this.#watchers.replace(session, resourceIds, before),
    });
    this.#sessions.add(session);
    const own = this.#devices.get(deviceId);
    if (own === undefined) this.#devices.set(deviceId, new Set([session]));
    else own.add(session);
    log.info({ deviceId, address }, 'tunnel open');
    session.send({ type: 'welcome', gatewayId: tables.get().snapshot.gatewayId, address });
    if (this.#draining || this.#leaving) session.send({ type: 'draining' });
    return session;
  }

  #leave(session: DeviceSession): void {
    session.onClosed();
    this.#sessions.delete(session);
    const { deviceId } = session.identity;
    const own = this.#devices.get(deviceId);
    own?.delete(session);
    if (own?.size === 0) this.#devices.delete(deviceId);
  }

  #onTables(): void {
    const tables = this.#options.tables.get();
    for (const session of [...this.#sessions]) {
      if (refuseDevice(tables, session.identity) === null) {
        session.onTables();
        continue;
      }
      session.mux.close('access.device_revoked');
      this.#leave(session);
    }
    this.#forwarder.reevaluate();
  }

  #isHealthy(session: DeviceSession): boolean {
    return performance.now() - session.mux.lastHeardAt < this.#limits.healthyWithinMs;
  }

  #isBetter(a: DeviceSession, b: DeviceSession): boolean {
    const [healthyA, healthyB] = [this.#isHealthy(a), this.#isHealthy(b)];
    if (healthyA !== healthyB) return healthyA;
    if (a.mux.streamCount > CROWDED_STREAMS || b.mux.streamCount > CROWDED_STREAMS) {
      return a.mux.streamCount < b.mux.streamCount;
    }
    return a.openedAtMs > b.openedAtMs;
  }
}
