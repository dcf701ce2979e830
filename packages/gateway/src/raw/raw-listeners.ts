import type { Reason } from '@zeronaut/model';
import type { Tables } from '../tables.ts';
import { DenialLog } from './denial-log.ts';
import { DEFAULT_RAW_LIMITS, type RawContext, type RawLimits } from './raw-context.ts';
import type { RawProtocol } from './raw-flow.ts';
import { type ConnectionCount, TcpProxy } from './tcp-proxy.ts';
import { UdpProxy } from './udp-proxy.ts';

/**
 * Keeps the raw TCP and UDP ports open that the current tables name. Before it: the snapshot room swaps tables. After
 * it: one proxy per port. A swap never touches a connection whose resource and permission are unchanged.
 */
export interface RawListeners {
  /** Opens the ports of the current tables; resolves when each one listens or is being retried. */
  start(): Promise<void>;
  /** Takes no new flows, waits up to `graceMs` for the open ones, then cuts the rest. */
  stop(graceMs: number): Promise<void>;
  /** Grants or revocations changed: cuts every open flow that would not be let in now. */
  reevaluate(): void;
  status(): RawPortStatus[];
  /** Cuts every open flow, whatever its port does. */
  cut(reason: Reason): void;
  /** Open flows, those of ports that are closed for new ones too. */
  openFlows(): { tcpConnections: number; udpSessions: number };
}

export interface RawPortStatus {
  readonly protocol: RawProtocol;
  readonly port: number;
  readonly resourceId: string;
  readonly state: 'opening' | 'listening' | 'retrying';
  /** Why it is not listening: `EADDRINUSE`, … */
  readonly error: string | null;
  readonly openFlows: number;
}

export type RawListenersOptions = Omit<RawContext, 'limits'> & {
  /** Address that every port is opened on: `0.0.0.0`, `::`, or one interface. */
  readonly rawAddress: string;
  readonly limits?: Partial<RawLimits>;
  /** After a port could not be had. Default 2,000. */
  readonly retryMs?: number;
};

const DRAIN_LOOK_MS = 20;

export function createRawListeners(options: RawListenersOptions): RawListeners {
  return new Ports(options);
}

type Proxy = TcpProxy | UdpProxy;

interface Port {
  readonly protocol: RawProtocol;
  readonly port: number;
  resourceId: string;
  readonly proxy: Proxy;
  state: RawPortStatus['state'];
  error: string | null;
  retry: NodeJS.Timeout | null;
}

class Ports implements RawListeners {
  readonly #context: RawContext;
  readonly #rawAddress: string;
  readonly #retryMs: number;
  readonly #ports = new Map<string, Port>();
  /** Closed for new flows, with open ones left. */
  readonly #closing = new Set<Proxy>();
  readonly #connections: ConnectionCount = { open: 0 };
  readonly #denials = new DenialLog();
  #unsubscribe: (() => void) | null = null;

  constructor(options: RawListenersOptions) {
    this.#context = { ...options, limits: { ...DEFAULT_RAW_LIMITS, ...options.limits } };
    this.#rawAddress = options.rawAddress;
    this.#retryMs = options.retryMs ?? 2_000;
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#context.tables.subscribe((next) => {
      void Promise.all(this.#follow(next));
      this.reevaluate();
    });
    await Promise.all(this.#follow(this.#context.tables.get()));
  }

  async stop(graceMs: number): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    for (const key of [...this.#ports.keys()]) this.#close(key, 'limit.draining');
    const deadline = performance.now() + graceMs;
    while (this.#openFlows() > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    }
    for (const proxy of this.#closing) proxy.cut('limit.draining');
    this.#closing.clear();
  }

  reevaluate(): void {
    for (const { proxy } of this.#ports.values()) proxy.reevaluate();
    for (const proxy of this.#closing) {
      proxy.reevaluate();
      if (proxy.openFlows === 0) this.#closing.delete(proxy);
    }
  }

  status(): RawPortStatus[] {
    return [...this.#ports.values()].map(({ protocol, port, resourceId, state, error, proxy }) => ({
      protocol,
      port,
      resourceId,
      state,
      error,
      openFlows: proxy.openFlows,
    }));
  }

  cut(reason: Reason): void {
    for (const { proxy } of this.#ports.values()) proxy.cut(reason);
    for (const proxy of this.#closing) proxy.cut(reason);
  }

  openFlows(): { tcpConnections: number; udpSessions: number } {
    const all = { tcpConnections: this.#connections.open, udpSessions: 0 };
    const proxies = [...[...this.#ports.values()].map(({ proxy }) => proxy), ...this.#closing];
    for (const proxy of proxies) if (proxy instanceof UdpProxy) all.udpSessions += proxy.openFlows;
    return all;
  }

  #openFlows(): number {
    let sum = 0;
    for (const proxy of this.#closing) sum += proxy.openFlows;
    return sum;
  }

  /** Opens what is new, closes what is gone, leaves the rest alone. */
  #follow(tables: Tables): Promise<void>[] {
    const opening: Promise<void>[] = [];
    const wanted = new Set<string>();
    // While the gateway is being emptied no TCP port is open: callers try another address of the name. UDP sessions need their port,
    // which takes no new ones then.
    const draining = tables.snapshot.draining !== undefined;
    for (const protocol of ['tcp', 'udp'] as const) {
      if (draining && protocol === 'tcp') continue;
      for (const [port, resource] of protocol === 'tcp' ? tables.tcpPorts : tables.udpPorts) {
        const key = `${protocol}:${port}`;
        wanted.add(key);
        const existing = this.#ports.get(key);
        if (existing !== undefined) {
          existing.resourceId = resource.id;
          continue;
        }
        const proxy =
          protocol === 'tcp'
            ? new TcpProxy(this.#context, port, this.#connections, this.#denials)
            : new UdpProxy(this.#context, port, this.#denials);
        const entry: Port = {
          protocol,
          port,
          resourceId: resource.id,
          proxy,
          state: 'opening',
          error: null,
          retry: null,
        };
        this.#ports.set(key, entry);
        opening.push(this.#open(key, entry));
      }
    }
    for (const key of [...this.#ports.keys()]) {
      if (!wanted.has(key)) this.#close(key, draining ? 'limit.draining' : 'router.port_closed');
    }
    return opening;
  }

  async #open(key: string, entry: Port): Promise<void> {
    const { protocol, port } = entry;
    try {
      await entry.proxy.listen(this.#rawAddress);
      entry.state = 'listening';
      entry.error = null;
      this.#context.log.info({ protocol, port, resourceId: entry.resourceId }, 'raw port open');
      // Closed again while it was opening.
      if (this.#ports.get(key) !== entry) entry.proxy.close('router.port_closed');
    } catch (error) {
      if (this.#ports.get(key) !== entry) return;
      const code = (error as NodeJS.ErrnoException).code ?? String(error);
      if (entry.error !== code)
        this.#context.log.warn({ protocol, port, err: error }, 'raw port cannot be opened, retrying');
      entry.state = 'retrying';
      entry.error = code;
      entry.retry = setTimeout(() => void this.#open(key, entry), this.#retryMs);
      entry.retry.unref();
    }
  }

  #close(key: string, reason: Reason): void {
    const entry = this.#ports.get(key)!;
    this.#ports.delete(key);
    if (entry.retry !== null) clearTimeout(entry.retry);
    entry.proxy.close(reason);
    if (entry.proxy.openFlows > 0) this.#closing.add(entry.proxy);
  }
}
