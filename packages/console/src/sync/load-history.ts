import { type GatewayLoad, type GatewayLoadPoint, openConnections } from '@zeronaut/model';

/** One point at most in this time; so many make an hour. */
const STEP_MS = 15_000;
const MAX_POINTS = 240;

/** How much gateways had to do in the last hour, in memory: for charts, and gone with this process. */
export class LoadHistory {
  readonly #points = new Map<string, GatewayLoadPoint[]>();
  readonly #addedAt = new Map<string, number>();

  add(gatewayId: string, load: GatewayLoad, at: number): void {
    if (at - (this.#addedAt.get(gatewayId) ?? Number.NEGATIVE_INFINITY) < STEP_MS) return;
    this.#addedAt.set(gatewayId, at);
    const points = this.#points.get(gatewayId) ?? [];
    this.#points.set(gatewayId, points);
    points.push({
      at: new Date(at).toISOString(),
      cpuPercent: load.cpuPercent,
      memoryBytes: load.memoryBytes,
      delayMs: load.delayMs,
      connections: load.connections,
      rawFlows: openConnections(load) - load.connections,
      tunnels: load.tunnels,
      streams: load.streams,
    });
    if (points.length > MAX_POINTS) points.shift();
  }

  /** Oldest first. */
  of(gatewayId: string, nowMs: number): readonly GatewayLoadPoint[] {
    const from = nowMs - STEP_MS * MAX_POINTS;
    return (this.#points.get(gatewayId) ?? []).filter(({ at }) => Date.parse(at) >= from);
  }

  forget(gatewayId: string): void {
    this.#points.delete(gatewayId);
    this.#addedAt.delete(gatewayId);
  }
}
