import { isId, type TrafficCounts, type TrafficPoint, type TrafficRange } from '@zeronaut/model';
import { type ExpressionBuilder, sql } from 'kysely';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { REASON_STEP_MS } from './count-traffic.ts';
import { LATENCY_COLUMNS, type LatencyColumn, percentile } from './latency.ts';
import type { Point } from './recent-totals.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Length, and the step (minutes) that gives a chart some hundred points or less. */
const RANGES: Record<TrafficRange, { readonly ms: number; readonly step: number }> = {
  '1h': { ms: HOUR_MS, step: 1 },
  '6h': { ms: 6 * HOUR_MS, step: 1 },
  '24h': { ms: 24 * HOUR_MS, step: 10 },
  '7d': { ms: 168 * HOUR_MS, step: 60 },
  '30d': { ms: 720 * HOUR_MS, step: 60 },
};
/** Of lists: fewer points, as there are many of them. */
const LIST_STEPS = { '1h': 10, '24h': 60 } as const;
/** Organizations whose last day is read at the start. */
const MAX_READ_AT_START = 50;

type Sums = Record<'requests' | 'refused' | 'challenged' | 'failed' | 'bytes_in' | 'bytes_out' | LatencyColumn, number>;
const SUM_COLUMNS = [
  'requests',
  'refused',
  'challenged',
  'failed',
  'bytes_in',
  'bytes_out',
  ...LATENCY_COLUMNS,
] as const;
const NOTHING = Object.fromEntries(SUM_COLUMNS.map((column) => [column, 0])) as Sums;

/** PostgreSQL adds bigints to numerics, which would come as text. */
function sums(eb: ExpressionBuilder<Schema, 'traffic'>) {
  return SUM_COLUMNS.map((column) => sql<number>`cast(sum(${eb.ref(column)}) as bigint)`.as(column));
}

function toCounts(row: Sums): TrafficCounts {
  return {
    requests: row.requests,
    refused: row.refused,
    challenged: row.challenged,
    failed: row.failed,
    bytesIn: row.bytes_in,
    bytesOut: row.bytes_out,
    p50Ms: percentile(row, 0.5),
    p90Ms: percentile(row, 0.9),
    p99Ms: percentile(row, 0.99),
  };
}

function addUp(rows: Iterable<Sums>): Sums {
  const total = { ...NOTHING };
  for (const row of rows) for (const column of SUM_COLUMNS) total[column] += row[column];
  return total;
}

/** The first step of a range, and one after its last: it ends with the step that runs. */
export function stepsOf(
  nowMs: number,
  lengthMs: number,
  step: number,
): { fromMs: number; toMs: number; stepMs: number } {
  const stepMs = step * MINUTE_MS;
  const toMs = nowMs - (nowMs % stepMs) + stepMs;
  return { fromMs: toMs - lengthMs, toMs, stepMs };
}

export async function getTraffic(
  context: Context,
  caller: Caller,
  query: { range: TrafficRange; gatewayId?: string | undefined; resourceId?: string | undefined },
): Promise<{ from: string; to: string; stepSeconds: number; total: TrafficCounts; points: TrafficPoint[] }> {
  const { ms, step } = RANGES[query.range];
  const { fromMs, toMs, stepMs } = stepsOf(context.clock(), ms, step);
  const scope = query.resourceId ?? query.gatewayId ?? '';
  const read = (queries: Queries) =>
    queries
      .selectFrom('traffic')
      .select(['at'])
      .select(sums)
      .where('organization_id', '=', caller.organizationId)
      .where('scope', '=', scope)
      .where('step', '=', step)
      .where('at', '>=', fromMs)
      .where('at', '<', toMs)
      .groupBy('at')
      .execute();
  // Those of the whole organization are written again and again, and lie together.
  const rows = scope === '' ? await read(context.store.db) : await context.store.readScattered(read);
  const byTime = new Map(rows.map((row) => [row.at, row as unknown as Sums]));
  const points: TrafficPoint[] = [];
  for (let at = fromMs; at < toMs; at += stepMs) {
    points.push({ at: isoTime(at), ...toCounts(byTime.get(at) ?? NOTHING) });
  }
  return {
    from: isoTime(fromMs),
    to: isoTime(toMs),
    stepSeconds: stepMs / 1000,
    total: toCounts(addUp(byTime.values())),
    points,
  };
}

/** The traffic of the last minute that is over. */
export async function lastMinute(context: Context, organizationId: string): Promise<TrafficCounts> {
  const nowMs = context.clock();
  const rows = await context.store.db
    .selectFrom('traffic')
    .select(sums)
    .where('organization_id', '=', organizationId)
    .where('scope', '=', '')
    .where('step', '=', 1)
    .where('at', '=', nowMs - (nowMs % MINUTE_MS) - MINUTE_MS)
    .groupBy('at')
    .execute();
  return toCounts((rows[0] as unknown as Sums | undefined) ?? NOTHING);
}

/**
 * Reads the last hour and day of each organization into memory, one after the other, so that nobody waits for it: done at the start, and
 * whatever it does not reach is read when somebody asks.
 */
export async function readRecentTotals(context: Context, isStopped: () => boolean): Promise<void> {
  const { db } = context.store;
  const organizations = await db
    .selectFrom('organizations')
    .select('id')
    .orderBy('id')
    .limit(MAX_READ_AT_START)
    .execute();
  for (const { id: organizationId } of organizations) {
    for (const range of ['24h', '1h'] as const) {
      for (const kind of ['resource', 'gateway'] as const) {
        if (isStopped()) return;
        const step = LIST_STEPS[range];
        const { fromMs, toMs, stepMs } = stepsOf(context.clock(), RANGES[range].ms, step);
        const of = { organizationId, kind, step, fromMs, toMs: toMs - stepMs };
        await context.recentTotals.ranked(db, of, 'requests', 1);
      }
    }
  }
}

export async function topTraffic(
  context: Context,
  caller: Caller,
  query: {
    range: '1h' | '24h';
    by: 'resource' | 'gateway';
    order: 'requests' | 'failed' | 'refused' | 'bytes';
    limit: number;
  },
): Promise<{ items: (TrafficCounts & { id: string; name: string })[] }> {
  const { db } = context.store;
  const { organizationId } = caller;
  const step = LIST_STEPS[query.range];
  const { fromMs, toMs, stepMs } = stepsOf(context.clock(), RANGES[query.range].ms, step);
  const ids = await context.recentTotals.ranked(
    db,
    { organizationId, kind: query.by, step, fromMs, toMs: toMs - stepMs },
    query.order,
    query.limit,
  );
  if (ids.length === 0) return { items: [] };
  const rows = await db
    .selectFrom('traffic')
    .select('scope')
    .select(sums)
    .where('organization_id', '=', organizationId)
    .where('scope', 'in', ids)
    .where('step', '=', step)
    .where('at', '>=', fromMs)
    .where('at', '<', toMs)
    .groupBy('scope')
    .execute();
  const names = await db
    .selectFrom(query.by === 'resource' ? 'resources' : 'gateways')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('id', 'in', ids)
    .execute();
  const nameOf = new Map(names.map(({ id, name }) => [id, name]));
  const rowOf = new Map(rows.map((row) => [row.scope, row as unknown as Sums]));
  return {
    items: ids.map((id) => ({ id, name: nameOf.get(id) ?? '', ...toCounts(rowOf.get(id) ?? NOTHING) })),
  };
}

export async function trafficSparklines(
  context: Context,
  caller: Caller,
  query: { ids: readonly string[]; range: '1h' | '24h' },
): Promise<{ from: string; stepSeconds: number; items: { id: string; requests: number[]; failed: number[] }[] }> {
  const { db } = context.store;
  const { organizationId } = caller;
  const step = LIST_STEPS[query.range];
  const { fromMs, toMs, stepMs } = stepsOf(context.clock(), RANGES[query.range].ms, step);
  const runningMs = toMs - stepMs;
  const points = (toMs - fromMs) / stepMs;
  const lines = new Map(
    query.ids.map((id) => [id, { id, requests: Array<number>(points).fill(0), failed: Array<number>(points).fill(0) }]),
  );
  const add = (id: string, at: number, { requests, failed }: Point) => {
    const line = lines.get(id)!;
    const index = (at - fromMs) / stepMs;
    line.requests[index]! += requests;
    line.failed[index]! += failed;
  };
  const kindOf = (id: string) => (isId('gateway', id) ? ('gateway' as const) : ('resource' as const));
  for (const [kind, ids] of Map.groupBy(query.ids, kindOf)) {
    const of = { organizationId, kind, step, fromMs, toMs: runningMs };
    for (const [id, had] of await context.recentTotals.series(db, of, ids)) {
      for (const [at, point] of had) add(id, at, point);
    }
  }
  const running = await db
    .selectFrom('traffic')
    .select(['scope', 'requests', 'failed'])
    .where('organization_id', '=', organizationId)
    .where('scope', 'in', query.ids)
    .where('step', '=', step)
    .where('at', '=', runningMs)
    .execute();
  for (const row of running) add(row.scope, runningMs, row);
  return { from: isoTime(fromMs), stepSeconds: stepMs / 1000, items: [...lines.values()] };
}

export async function trafficReasons(
  context: Context,
  caller: Caller,
  query: { range: '1h' | '6h' | '24h' | '7d'; resourceId?: string | undefined; limit: number },
): Promise<{ items: { reason: string; count: number }[] }> {
  const { fromMs } = stepsOf(context.clock(), RANGES[query.range].ms, REASON_STEP_MS / MINUTE_MS);
  const total = sql<number>`cast(sum(count) as bigint)`;
  const items = await context.store.db
    .selectFrom('traffic_reasons')
    .select(['reason', total.as('count')])
    .where('organization_id', '=', caller.organizationId)
    .where('resource_id', '=', query.resourceId ?? '')
    .where('at', '>=', fromMs)
    .groupBy('reason')
    .orderBy(total, 'desc')
    .orderBy('reason')
    .limit(query.limit)
    .execute();
  return { items };
}
