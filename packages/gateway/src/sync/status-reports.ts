import { monitorEventLoopDelay } from 'node:perf_hooks';
import {
  type DeviceTunnel,
  type GatewayLoad,
  SYNC_MAX_LISTED,
  SYNC_MAX_TUNNELS,
  SYNC_MAX_UNHEALTHY,
  type SyncFromGateway,
  type UnhealthyTarget,
} from '@zeronaut/model';

/**
 * Tells the console how this gateway is: who has a tunnel here, what they serve, which targets are left out, and the load. The
 * console shows it and decides nothing by it; while it is away nothing is told and nothing is kept.
 */
export interface StatusSource {
  readonly load: () => Omit<
    GatewayLoad,
    'startedAt' | 'cpuPercent' | 'memoryBytes' | 'heapBytes' | 'delayMs' | 'delayP99Ms'
  >;
  readonly presence: () => { readonly devices: readonly string[]; readonly serving: readonly string[] };
  readonly unhealthy: () => readonly UnhealthyTarget[];
  /** Told when the console asks. */
  readonly tunnelsOf: (deviceId: string) => readonly DeviceTunnel[];
}

/** It is looked this often whether something changed. */
const LOOK_MS = 1_000;
/** The load is told this often. */
const LOAD_MS = 5_000;
/** Of the event-loop delay (ms). */
const RESOLUTION_MS = 20;

type Lists = Pick<SyncFromGateway & { type: 'status' }, 'devices' | 'serving' | 'unhealthy'>;

export class StatusReports {
  readonly #send: (message: SyncFromGateway) => boolean;
  readonly #startedAt = new Date().toISOString();
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #source: StatusSource | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** What the console was told on this link, as JSON. */
  readonly #told = new Map<string, string>();
  #loadToldAt = 0;
  #cpu = process.cpuUsage();
  #cpuAt = performance.now();

  constructor(send: (message: SyncFromGateway) => boolean) {
    this.#send = send;
  }

  start(source: StatusSource): void {
    this.#source = source;
    this.#delays.enable();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#delays.disable();
  }

  /** A console that was not there knows nothing. */
  linkUp(): void {
    this.#told.clear();
    this.#loadToldAt = 0;
    this.#look();
  }

  /** Answers the console, which asks when somebody looks at a device. */
  tellTunnels(rpcId: number, deviceId: string): void {
    const tunnels = this.#source?.tunnelsOf(deviceId).slice(0, SYNC_MAX_TUNNELS) ?? [];
    this.#send({ type: 'tunnels', rpcId, tunnels });
  }

  #look(): void {
    if (this.#source === null) return;
    const { devices, serving } = this.#source.presence();
    const all: Lists = {
      devices: devices.slice(0, SYNC_MAX_LISTED),
      serving: serving.slice(0, SYNC_MAX_LISTED),
      unhealthy: this.#source.unhealthy().slice(0, SYNC_MAX_UNHEALTHY),
    };
    const changed = Object.entries(all).filter(([name, list]) => this.#told.get(name) !== JSON.stringify(list));
    const now = performance.now();
    if (changed.length === 0 && now - this.#loadToldAt < LOAD_MS) return;
    if (!this.#send({ type: 'status', load: this.#load(), ...Object.fromEntries(changed) })) return;
    for (const [name, list] of changed) this.#told.set(name, JSON.stringify(list));
    this.#loadToldAt = now;
  }

  #load(): GatewayLoad {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu);
    const elapsedMs = Math.max(1, now - this.#cpuAt);
    this.#cpu = process.cpuUsage();
    this.#cpuAt = now;
    const delayMs = beyondResolution(this.#delays.max);
    const delayP99Ms = beyondResolution(this.#delays.percentile(99));
    this.#delays.reset();
    return {
      ...this.#source!.load(),
      startedAt: this.#startedAt,
      cpuPercent: Math.round((user + system) / 10 / elapsedMs),
      memoryBytes: process.memoryUsage.rss(),
      heapBytes: process.memoryUsage().heapUsed,
      delayMs,
      delayP99Ms,
    };
  }
}

/** Of a delay in nanoseconds, what is beyond the timer's own step (ms); 0 where nothing was measured yet. */
function beyondResolution(nanoseconds: number): number {
  const delayMs = Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  return Number.isFinite(delayMs) ? Math.round(delayMs * 10) / 10 : 0;
}
