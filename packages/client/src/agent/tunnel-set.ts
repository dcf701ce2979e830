import {
  type Fault,
  gatewayServerName,
  parseHostPort,
  parseJson,
  TUNNEL_ALPN,
  type TunnelFromAgent,
  type TunnelFromGateway,
  tunnelFromGateway,
} from '@zeronaut/model';
import { Backoff, createTunnelDialer, type MuxSession, type MuxStream, type TunnelDialer } from '@zeronaut/tunnel';
import type { Connection } from '../profile/connection.ts';
import { type Device, renewDevice } from '../profile/device.ts';
import type { AgentState, Endpoints } from '../profile/state.ts';

type Endpoint = Endpoints['gateways'][number];

/** A tunnel that is up. */
export interface TunnelLink {
  readonly endpoint: Endpoint;
  readonly session: MuxSession;
  /** The gateway asked to open new streams elsewhere. */
  draining: boolean;
}

export interface TunnelSetOptions {
  readonly connection: Connection;
  readonly device: Device;
  readonly state: AgentState;
  onUp?(link: TunnelLink): void;
  /** A tunnel or an attempt failed; `nextTryMs` is null when it was given up on purpose. */
  onDown?(endpoint: Endpoint, fault: Fault, nextTryMs: number | null): void;
  /** The gateway opened a stream. Without this, streams are refused. */
  onStream?(stream: MuxStream, header: Buffer, link: TunnelLink): void;
  onMessage?(message: TunnelFromGateway, link: TunnelLink): void;
  /** The console could not be asked. Tunnels go on with what is known. */
  onConsoleTrouble?(error: Error): void;
  /** The console answered again. */
  onConsoleAnswered?(): void;
}

const REFRESH_INTERVAL_MS = 30_000;
/** While there is no gateway to dial: none is enrolled yet, or all of them are being emptied. */
const REFRESH_WITHOUT_GATEWAY_MS = 5_000;
/** After a tunnel failed, the list of gateways is asked for sooner; ever less so while it goes on failing. */
const REFRESH_AFTER_FAILURE_MS = 1_000;
const RENEWAL_CHECK_MS = 3_600_000;
/** A device that has just enrolled is in the gateway's snapshot a moment later: the first retry must not keep it waiting. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;
/** While nothing listens: a gateway that was killed is back within seconds, and its agents should be, too. */
const GONE_RETRY_MS = 1_000;

interface Dialled {
  endpoint: Endpoint;
  readonly dialer: TunnelDialer;
  link: TunnelLink | null;
  /** The console says that the gateway takes no new tunnels. */
  isLeaving: boolean;
}

/**
 * Keeps one tunnel to every gateway of the organization: those that the console names now, or, while it is away, those
 * that it named last. Knows nothing of what goes through them.
 */
export class TunnelSet {
  readonly #options: TunnelSetOptions;
  readonly #dialled = new Map<string, Dialled>();
  #device: Device;
  #certificateAuthority: string;
  #stopped = false;
  #refreshTimer: NodeJS.Timeout | undefined;
  #renewalTimer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | null = null;
  /** A refresh because of a failure is due. */
  #refreshSoon = false;
  readonly #afterFailure = new Backoff({ firstMs: REFRESH_AFTER_FAILURE_MS, capMs: REFRESH_INTERVAL_MS });
  #waiters: (() => void)[] = [];

  constructor(options: TunnelSetOptions) {
    this.#options = options;
    this.#device = options.device;
    this.#certificateAuthority = options.device.certificateAuthority;
  }

  /** Dials what is known from last time at once, and asks the console for what is so now. */
  start(): void {
    const cached = this.#options.state.loadEndpoints();
    if (cached !== null) this.#apply(cached);
    void this.refresh();
    this.#renewalTimer = setInterval(() => void this.#renew(), RENEWAL_CHECK_MS);
    void this.#renew();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#refreshTimer);
    clearInterval(this.#renewalTimer);
    for (const { dialer } of this.#dialled.values()) dialer.stop();
    this.#wake();
  }

  /** Tunnels that are up, those that drain last. */
  links(): TunnelLink[] {
    const links = [...this.#dialled.values()].flatMap(({ link }) => (link === null ? [] : [link]));
    return links.sort((a, b) => Number(a.draining) - Number(b.draining));
  }

  get gatewayCount(): number {
    return this.#dialled.size;
  }

  /** The first tunnel that is up, waiting for one if need be. Null after `timeoutMs`, or when stopped. */
  async waitForLink(timeoutMs: number): Promise<TunnelLink | null> {
    const giveUpAt = performance.now() + timeoutMs;
    for (;;) {
      const link = this.links()[0];
      const leftMs = giveUpAt - performance.now();
      if (link !== undefined || leftMs <= 0 || this.#stopped) return link ?? null;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  send(link: TunnelLink, message: TunnelFromAgent): void {
    link.session.sendMessage(Buffer.from(JSON.stringify(message)));
  }

  /** Asks the console for the gateways. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = null;
      this.#refreshSoon = false;
      const pauseMs = this.#dialled.size === 0 ? REFRESH_WITHOUT_GATEWAY_MS : REFRESH_INTERVAL_MS;
      // Agents that lost the same gateway at the same time ask the console at different ones.
      this.#scheduleRefresh(pauseMs * (0.9 + 0.2 * Math.random()));
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const { connection, state } = this.#options;
    try {
      const endpoints = await connection.api.call('endpoints.list', {});
      if (this.#stopped) return;
      this.#apply(endpoints);
      state.saveEndpoints(endpoints);
      this.#options.onConsoleAnswered?.();
    } catch (error) {
      if (!this.#stopped) this.#options.onConsoleTrouble?.(error as Error);
    }
  }

  #scheduleRefresh(delayMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#refreshTimer);
    this.#refreshTimer = setTimeout(() => void this.refresh(), delayMs);
  }

  async #renew(): Promise<void> {
    try {
      const device = await renewDevice(this.#options.connection, this.#device);
      if (device === this.#device) return;
      this.#device = device;
      this.#spreadCredentials();
    } catch (error) {
      // The old certificate is good for as long again as half its life so far; the next check tries again.
      this.#options.onConsoleTrouble?.(error as Error);
    }
  }

  #credentials() {
    return { cert: this.#device.certificate, key: this.#device.privateKey, ca: this.#certificateAuthority };
  }

  #spreadCredentials(): void {
    for (const { dialer } of this.#dialled.values()) dialer.setCredentials(this.#credentials());
  }

  #apply({ gateways, draining, certificateAuthority }: Endpoints): void {
    if (certificateAuthority !== this.#certificateAuthority) {
      this.#certificateAuthority = certificateAuthority;
      this.#spreadCredentials();
    }
    const wanted = new Map(gateways.map((endpoint) => [endpoint.gatewayId, endpoint]));
    const leaving = new Set(draining.map(({ gatewayId }) => gatewayId));
    for (const [gatewayId, dialled] of this.#dialled) {
      dialled.isLeaving = leaving.has(gatewayId);
      if (wanted.get(gatewayId)?.address === dialled.endpoint.address) continue;
      // Who still comes to a gateway that is being emptied is served through the tunnel that is there.
      if (dialled.isLeaving && dialled.link !== null) continue;
      this.#drop(gatewayId, dialled);
    }
    for (const endpoint of gateways) {
      if (!this.#dialled.has(endpoint.gatewayId)) this.#dial(endpoint);
    }
  }

  #drop(gatewayId: string, dialled: Dialled): void {
    this.#dialled.delete(gatewayId);
    dialled.dialer.stop();
  }

  #dial(endpoint: Endpoint): void {
    const at = parseHostPort(endpoint.address)!;
    let dialled: Dialled | null = null;
    const linkOf = (session: MuxSession) => (dialled?.link?.session === session ? dialled.link : null);
    const dialer = createTunnelDialer({
      ...this.#credentials(),
      host: at.host,
      port: at.port,
      servername: gatewayServerName(endpoint.gatewayId),
      alpn: TUNNEL_ALPN,
      backoff: { firstMs: FIRST_RETRY_MS, capMs: LAST_RETRY_MS, goneCapMs: GONE_RETRY_MS },
      onUp: (session) => {
        const link = { endpoint, session, draining: false };
        dialled!.link = link;
        this.#afterFailure.reset();
        this.#options.onUp?.(link);
        this.#wake();
      },
      onDown: (fault, nextTryMs) => {
        if (dialled !== null) dialled.link = null;
        this.#options.onDown?.(endpoint, fault, nextTryMs);
        if (dialled?.isLeaving && nextTryMs !== null) this.#drop(endpoint.gatewayId, dialled);
        if (nextTryMs !== null) this.#refreshAfterFailure();
      },
      onStream: (stream, header, session) => {
        const link = linkOf(session);
        if (link === null || this.#options.onStream === undefined) stream.abort('target.not_exposed');
        else this.#options.onStream(stream, header, link);
      },
      onMessage: (payload, session) => {
        const link = linkOf(session);
        const message = parseMessage(payload);
        if (link === null || message === null) return;
        if (message.type === 'draining') link.draining = true;
        if (message.type === 'resumed') link.draining = false;
        this.#options.onMessage?.(message, link);
      },
      onGoAway: (session) => {
        const link = linkOf(session);
        if (link !== null) link.draining = true;
      },
    });
    dialled = { endpoint, dialer, link: null, isLeaving: false };
    this.#dialled.set(endpoint.gatewayId, dialled);
  }

  #refreshAfterFailure(): void {
    if (this.#refreshSoon || this.#refreshing !== null) return;
    this.#refreshSoon = true;
    this.#scheduleRefresh(this.#afterFailure.nextMs());
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** A gateway that says what we do not understand is newer than we are: that message is left out. */
function parseMessage(payload: Buffer): TunnelFromGateway | null {
  return tunnelFromGateway.safeParse(parseJson(payload.toString('utf8'))).data ?? null;
}
