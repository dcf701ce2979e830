import { type AccessEvent, isFailure } from '@zeronaut/model';
import { type Insertable, type RawBuilder, sql } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { LATENCY_COLUMNS, latencyColumn } from './latency.ts';

/**
 * Traffic as numbers, so that charts and lists never read events. Counted where events are stored, in the same transaction, each
 * event once.
 */
type Row = Insertable<Schema['traffic']>;
type ReasonRow = Schema['traffic_reasons'];

const MINUTE_MS = 60_000;
const MINUTES_KEPT_MS = 93_600_000;
const TEN_MINUTES_KEPT_MS = 691_200_000;
const HOURS_KEPT_MS = 34_560_000_000;
/** Steps (minutes) and how long each is kept (ms). */
export const TRAFFIC_STEPS: readonly { readonly step: number; readonly keptMs: number }[] = [
  { step: 1, keptMs: MINUTES_KEPT_MS },
  { step: 10, keptMs: TEN_MINUTES_KEPT_MS },
  { step: 60, keptMs: HOURS_KEPT_MS },
];
export const REASON_STEP_MS = 600_000;
export const REASONS_KEPT_MS = 691_200_000;
/** A gateway's clock may be ahead by this much; what is said to be later is counted nowhere. */
export const FUTURE_MS = 300_000;
/** Rows of one sum that gateways share: those of everything are written by all of them at once. */
export const ORGANIZATION_SHARDS = 4;
const RESOURCE_SHARDS = 2;
const INSERT_BATCH = 200;

/**
 * Where a sum of bytes stops: 1 PiB. A gateway says how many there were, and one that makes them up must not fill a column that the events of
 * other gateways are counted in as well, which then could not be stored.
 */
const MAX_BYTES = 1_125_899_906_842_624;

export function addBytes(sum: number, bytes: number): number {
  return Math.min(MAX_BYTES, sum + bytes);
}

/** The same of a row that is there and one that comes, neither above `MAX_BYTES`: nothing overflows on the way. */
export function addedBytes(table: 'traffic' | 'activity', column: 'bytes_in' | 'bytes_out'): RawBuilder<number> {
  const [old, more] = [sql.ref(`${table}.${column}`), sql.ref(`excluded.${column}`)];
  const most = sql.lit(MAX_BYTES);
  return sql<number>`case when ${old} >= ${most} - ${more} then ${most} else ${old} + ${more} end`;
}

const SUMS = [
  'requests',
  'refused',
  'challenged',
  'failed',
  'bytes_in',
  'bytes_out',
  ...LATENCY_COLUMNS,
] as const satisfies readonly (keyof Row)[];

/** What comes is added to what is there. */
const ADD_UP = Object.fromEntries(
  SUMS.map((column) => [
    column,
    column === 'bytes_in' || column === 'bytes_out'
      ? addedBytes('traffic', column)
      : sql`traffic.${sql.ref(column)} + ${sql.ref(`excluded.${column}`)}`,
  ]),
) as Record<(typeof SUMS)[number], RawBuilder<number>>;

const EMPTY = Object.fromEntries(SUMS.map((column) => [column, 0])) as Pick<Row, (typeof SUMS)[number]>;

export async function countTraffic(
  queries: Queries,
  organizationId: string,
  gatewayId: string,
  events: readonly AccessEvent[],
  nowMs: number,
): Promise<void> {
  const { rows, reasons } = addUpTraffic(organizationId, gatewayId, events, nowMs);
  for (let index = 0; index < rows.length; index += INSERT_BATCH) {
    await queries
      .insertInto('traffic')
      .values(rows.slice(index, index + INSERT_BATCH))
      .onConflict((conflict) =>
        conflict.columns(['organization_id', 'scope', 'step', 'at', 'shard']).doUpdateSet(ADD_UP),
      )
      .execute();
  }
  for (let index = 0; index < reasons.length; index += INSERT_BATCH) {
    await queries
      .insertInto('traffic_reasons')
      .values(reasons.slice(index, index + INSERT_BATCH))
      .onConflict((conflict) =>
        conflict
          .columns(['organization_id', 'resource_id', 'at', 'reason', 'shard'])
          .doUpdateSet({ count: sql<number>`traffic_reasons.count + excluded.count` }),
      )
      .execute();
  }
}

/** What the events of one gateway add to the sums, in one order, whoever counts: two that wait for each other would never end. */
export function addUpTraffic(
  organizationId: string,
  gatewayId: string,
  events: readonly AccessEvent[],
  nowMs: number,
): { rows: Row[]; reasons: ReasonRow[] } {
  const shard = shardOf(gatewayId, ORGANIZATION_SHARDS);
  const resourceShard = shardOf(gatewayId, RESOURCE_SHARDS);
  const rows = new Map<string, Row>();
  const reasons = new Map<string, ReasonRow>();
  for (const event of events) {
    const atMs = Date.parse(event.at);
    if (atMs > nowMs + FUTURE_MS) continue;
    const failed = isFailure(event);
    for (const { step, keptMs } of TRAFFIC_STEPS) {
      if (atMs < nowMs - keptMs) continue;
      const at = atMs - (atMs % (step * MINUTE_MS));
      const key = { organization_id: organizationId, step, at };
      add(rows, { ...key, kind: 'organization', scope: '', shard }, event, failed);
      add(rows, { ...key, kind: 'gateway', scope: gatewayId, shard: 0 }, event, failed);
      if (event.resourceId !== null)
        add(rows, { ...key, kind: 'resource', scope: event.resourceId, shard: resourceShard }, event, failed);
    }
    if ((event.effect === 'pass' && !failed) || atMs < nowMs - REASONS_KEPT_MS) continue;
    const reason = event.effect === 'pass' ? `http.status_${event.status}` : event.reason;
    for (const resource_id of new Set(['', event.resourceId ?? ''])) {
      const at = atMs - (atMs % REASON_STEP_MS);
      const key = `${resource_id} ${at} ${reason}`;
      const row = reasons.get(key);
      if (row !== undefined) row.count++;
      else reasons.set(key, { organization_id: organizationId, resource_id, at, reason, shard, count: 1 });
    }
  }
  return {
    rows: [...rows].sort(byKey).map(([, row]) => row),
    reasons: [...reasons].sort(byKey).map(([, row]) => row),
  };
}

export function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

type Key = Pick<Row, 'organization_id' | 'kind' | 'scope' | 'step' | 'at' | 'shard'>;

function add(rows: Map<string, Row>, key: Key, event: AccessEvent, failed: boolean): void {
  const text = `${key.scope} ${key.step} ${key.at}`;
  let row = rows.get(text);
  if (row === undefined) {
    row = { ...EMPTY, ...key } as Row;
    rows.set(text, row);
  }
  row.requests++;
  if (failed) row.failed++;
  else if (event.effect === 'deny') row.refused++;
  else if (event.effect === 'challenge') row.challenged++;
  row.bytes_in = addBytes(row.bytes_in, event.bytesIn);
  row.bytes_out = addBytes(row.bytes_out, event.bytesOut);
  // How long a WebSocket or a connection was open says nothing of how fast it was answered.
  if (event.protocol === 'http' && event.effect === 'pass' && event.status !== 101)
    row[latencyColumn(event.durationMs)]++;
}

export function shardOf(gatewayId: string, shards: number): number {
  let sum = 0;
  for (let index = 0; index < gatewayId.length; index++) sum = (sum * 31 + gatewayId.charCodeAt(index)) % 65_521;
  return sum % shards;
}
