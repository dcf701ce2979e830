/** What a live message changes in a gateway as the API showed it. Pure. */
import type { GatewayLoadPoint, LiveGateway } from '@zeronaut/model';

/** As the API does it: one point in this time, and an hour of them. */
const STEP_MS = 15_000;
const MAX_POINTS = 240;

/** Takes over what the shape of `shown` has: lists have no history, a gateway by itself has no load. */
export function withLive(shown: object, { connected, snapshotVersion, at, load }: LiveGateway): object {
  const next: Record<string, unknown> = { ...shown, connected, snapshotVersion, lastSeenAt: at };
  if ('wantedSnapshotVersion' in shown && snapshotVersion !== null) {
    const wanted = Math.max(Number(shown.wantedSnapshotVersion), snapshotVersion);
    next.wantedSnapshotVersion = wanted;
    if (wanted === snapshotVersion) next.behindSince = null;
  }
  if ('loadIsStale' in shown) {
    next.loadIsStale = !connected && (load ?? ('load' in shown ? shown.load : null)) !== null;
    if (load !== undefined) {
      next.load = load;
      next.loadAt = at;
    }
  }
  if ('history' in shown && load !== undefined) next.history = withPoint(shown.history as GatewayLoadPoint[], at, load);
  return next;
}

function withPoint(
  points: readonly GatewayLoadPoint[],
  at: string,
  load: NonNullable<LiveGateway['load']>,
): readonly GatewayLoadPoint[] {
  const last = points.at(-1);
  if (last !== undefined && Date.parse(at) - Date.parse(last.at) < STEP_MS) return points;
  const { cpuPercent, memoryBytes, delayMs, connections, tunnels, streams } = load;
  const rawFlows = (load.tcpConnections ?? 0) + (load.udpSessions ?? 0);
  return [...points, { at, cpuPercent, memoryBytes, delayMs, connections, rawFlows, tunnels, streams }].slice(
    -MAX_POINTS,
  );
}
