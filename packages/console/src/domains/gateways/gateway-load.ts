import { type GatewayLoad, type GatewayView, gatewayLoad, openConnections, parseJson } from '@zeronaut/model';
import type { GatewayStatus } from '../../sync/presence.ts';
import type { Context } from '../context.ts';
import { isoTime } from '../page.ts';
import type { GatewayRow } from './gateways.ts';

/** A connected gateway tells its load every 5 s; after three reports that did not come, the last one is old. */
const STALE_AFTER_MS = 15_000;

/** Stores what a gateway said last, so that it is there when the gateway is away, or the console began anew. */
export async function storeLoad(context: Context, gateway: GatewayRow, load: GatewayLoad, at: number): Promise<void> {
  await context.store.db
    .updateTable('gateways')
    .set({
      load: JSON.stringify(load),
      load_at: at,
      cpu_percent: Math.round(load.cpuPercent),
      open_connections: openConnections(load),
    })
    .where('id', '=', gateway.id)
    .where('organization_id', '=', gateway.organization_id)
    .execute();
}

/** What it says now, or said last. */
export function loadOf(
  row: GatewayRow,
  status: GatewayStatus | undefined,
  nowMs: number,
): Pick<GatewayView, 'load' | 'loadAt' | 'loadIsStale'> {
  if (status !== undefined) {
    return { load: status.load, loadAt: isoTime(status.at), loadIsStale: nowMs - status.at > STALE_AFTER_MS };
  }
  const stored = row.load === null ? null : gatewayLoad.safeParse(parseJson(row.load)).data;
  // Of another version of the console, whose words we do not know: as if it had never been said.
  if (stored === undefined || stored === null) return { load: null, loadAt: null, loadIsStale: false };
  return { load: stored, loadAt: isoTime(row.load_at), loadIsStale: true };
}

/** How far it lags behind what is there for it. */
export function lagOf(row: GatewayRow): Pick<GatewayView, 'wantedSnapshotVersion' | 'behindSince'> {
  const isBehind = row.status === 'active' && (row.applied_version ?? 0) < row.snapshot_version;
  return {
    wantedSnapshotVersion: row.snapshot_version,
    behindSince: isBehind ? isoTime(row.snapshot_issued_at) : null,
  };
}
