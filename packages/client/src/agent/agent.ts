import type { Fault, TunnelFromGateway } from '@zeronaut/model';
import type { Connection } from '../profile/connection.ts';
import type { Device } from '../profile/device.ts';
import type { AgentState } from '../profile/state.ts';
import { softwareVersion } from '../version.ts';
import { PostureReports } from './posture-reports.ts';
import { serveStream } from './serve-stream.ts';
import { Served } from './served.ts';
import { type TunnelLink, TunnelSet } from './tunnel-set.ts';

export type WatchedEvent = Extract<TunnelFromGateway, { type: 'access' }>['events'][number];

export interface AgentOptions {
  readonly connection: Connection;
  readonly device: Device;
  readonly state: AgentState;
  /** The resource or site is reachable through this gateway now. Comes again after each reconnect. */
  onBound?(id: string, link: TunnelLink): void;
  /** The gateway does not let us serve it. It is asked again by itself where that can help. */
  onRefused?(id: string, reason: string, link: TunnelLink): void;
  onAccess?(events: readonly WatchedEvent[], dropped: number): void;
  onUp?(link: TunnelLink): void;
  onDown?(gatewayName: string, fault: Fault, nextTryMs: number | null): void;
  onConsoleTrouble?(error: Error): void;
  onConsoleAnswered?(): void;
}

/** A resource that was published a moment ago may not be in the gateway's snapshot yet: asked again after this, doubling. */
const REBIND_FIRST_MS = 50;
const REBIND_MAX_MS = 5_000;

/**
 * Holds a tunnel to every gateway and serves through all of them what `serve` was told, until it is stopped. Whatever
 * the console does meanwhile: the gateways decide who comes in, and `Served` decides what is dialled.
 */
export class Agent {
  readonly tunnels: TunnelSet;
  readonly #posture: PostureReports;
  readonly #options: AgentOptions;
  #served = new Served();
  readonly #rebinds = new Map<TunnelLink, { timer: NodeJS.Timeout; delayMs: number }>();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#posture = new PostureReports(options.connection, options.device);
    this.tunnels = new TunnelSet({
      connection: options.connection,
      device: options.device,
      state: options.state,
      onUp: (link) => {
        options.onUp?.(link);
        this.#bind(link);
      },
      onDown: (endpoint, fault, nextTryMs) => {
        this.#forgetLostLinks();
        options.onDown?.(endpoint.name, fault, nextTryMs);
      },
      onStream: (stream, header) => serveStream(stream, header, this.#served),
      onMessage: (message, link) => this.#onMessage(message, link),
      onConsoleTrouble: options.onConsoleTrouble,
      onConsoleAnswered: options.onConsoleAnswered,
    });
  }

  start(): void {
    this.tunnels.start();
    this.#posture.start();
  }

  /** Replaces what is served. Streams that are open go on. */
  serve(served: Served): void {
    this.#served = served;
    for (const link of this.tunnels.links()) this.#bind(link);
  }

  stop(): void {
    for (const { timer } of this.#rebinds.values()) clearTimeout(timer);
    this.#rebinds.clear();
    this.#posture.stop();
    this.tunnels.stop();
  }

  #bind(link: TunnelLink): void {
    const { resourceIds, siteIds } = this.#served;
    if (resourceIds.length + siteIds.length === 0) return;
    this.tunnels.send(link, { type: 'bind', resourceIds, siteIds, softwareVersion: softwareVersion() });
    this.tunnels.send(link, { type: 'watch', resourceIds });
  }

  #onMessage(message: TunnelFromGateway, link: TunnelLink): void {
    switch (message.type) {
      case 'bound':
        this.#options.onBound?.(message.id, link);
        break;
      case 'refused':
        if (!this.#serves(message.id)) break;
        if (message.reason === 'tunnel.unknown_resource') this.#bindLater(link);
        this.#options.onRefused?.(message.id, message.reason, link);
        break;
      case 'access':
        this.#options.onAccess?.(message.events, message.dropped);
        break;
      default:
        break;
    }
  }

  #serves(id: string): boolean {
    return this.#served.resourceIds.includes(id) || this.#served.siteIds.includes(id);
  }

  #bindLater(link: TunnelLink): void {
    const pending = this.#rebinds.get(link);
    const delayMs = Math.min((pending?.delayMs ?? REBIND_FIRST_MS / 2) * 2, REBIND_MAX_MS);
    clearTimeout(pending?.timer);
    const timer = setTimeout(() => {
      if (!link.session.closed) this.#bind(link);
    }, delayMs);
    this.#rebinds.set(link, { timer, delayMs });
  }

  #forgetLostLinks(): void {
    for (const [link, { timer }] of this.#rebinds) {
      if (!link.session.closed) continue;
      clearTimeout(timer);
      this.#rebinds.delete(link);
    }
  }
}
