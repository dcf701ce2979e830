import type { Activity, ActivityDifference, ActivityRange, PolicyHits } from '@zeronaut/model';
import { isId } from '@zeronaut/model';
import { sql } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { DAY_MS, DAY_STEP, HOUR_STEP } from './count-activity.ts';
import { createRemembered } from './remembered.ts';
import { stepsOf } from './traffic.ts';

const RANGE_MS: Record<ActivityRange, number> = { '24h': DAY_MS, '7d': 7 * DAY_MS, '30d': 30 * DAY_MS };
/** Days before today that are asked for what is usual. */
const USUAL_DAYS = 14;
/** Fewer days with anything say nothing. */
const MIN_DAYS = 3;
/** Who did less today is not told to differ, whatever is usual. */
const MIN_REQUESTS = 20;
const MIN_TIMES = 2;
/** Of those who did the most today so many are compared with before. */
const MAX_COMPARED = 2_000;
const COMPARE_BATCH = 200;
const MAX_DIFFERENCES = 100;
const SHOWN_PARTS = 10;
/** How long a comparison of everybody counts. */
const COMPARED_MS = 300_000;
/** How long the counts of policies count: a thousand policies of a month are tens of thousands of rows. */
const HITS_MS = 10_000;

const sum = (column: string) => sql<number>`cast(sum(${sql.ref(column)}) as bigint)`;

export async function getActivity(
  context: Context,
  caller: Caller,
  id: string,
  { range }: { range: ActivityRange },
): Promise<Activity | Refusal> {
  const { db } = context.store;
  const { organizationId } = caller;
  if ((await namesOf(db, organizationId, [id])).size === 0) return new Refusal('api.not_found');
  const nowMs = context.clock();
  const { fromMs, toMs, stepMs } = stepsOf(nowMs, RANGE_MS[range], HOUR_STEP);
  const rows = await db
    .selectFrom('activity')
    .select(['at', 'requests', 'refused', 'bytes_in', 'bytes_out'])
    .where('organization_id', '=', organizationId)
    .where('scope', '=', id)
    .where('step', '=', HOUR_STEP)
    .where('at', '>=', fromMs)
    .where('at', '<', toMs)
    .execute();
  const rowAt = new Map(rows.map((row) => [row.at, row]));
  const points: Activity['points'] = [];
  const total = { requests: 0, refused: 0, bytesIn: 0, bytesOut: 0 };
  for (let at = fromMs; at < toMs; at += stepMs) {
    const row = rowAt.get(at);
    const counts = {
      ...{ requests: row?.requests ?? 0, refused: row?.refused ?? 0 },
      ...{ bytesIn: row?.bytes_in ?? 0, bytesOut: row?.bytes_out ?? 0 },
    };
    for (const key of ['requests', 'refused', 'bytesIn', 'bytesOut'] as const) total[key] += counts[key];
    points.push({ at: isoTime(at), ...counts });
  }
  const fromDay = Math.floor(fromMs / DAY_MS);
  const ofKind = (kind: Schema['activity_parts']['kind']) => partsOf(db, organizationId, id, fromDay, kind);
  const [resources, addresses, countries] = await Promise.all([
    ofKind('resource'),
    ofKind('address'),
    ofKind('country'),
  ]);
  const names = await resourceNames(
    db,
    organizationId,
    resources.most.map(({ value }) => value),
  );
  const view = ({ requests, refused, last_at }: Part) => ({ requests, refused, lastAt: isoTime(last_at) });
  return {
    ...{ from: isoTime(fromMs), to: isoTime(toMs), stepSeconds: stepMs / 1000, total, points },
    different: {
      resources: resources.different,
      addresses: addresses.different,
      countries: countries.different,
    },
    usual: (await usualOf(db, organizationId, [id], nowMs)).get(id)!,
    resources: resources.most.map((part) => ({ id: part.value, name: names.get(part.value) ?? '', ...view(part) })),
    addresses: addresses.most.map((part) => ({ address: part.value, ...view(part) })),
    countries: countries.most.map((part) => ({ country: part.value, ...view(part) })),
  };
}

interface Part {
  readonly value: string;
  readonly requests: number;
  readonly refused: number;
  readonly last_at: number;
}

/** How many there are, and the most used of them: who goes through a network of addresses has more than anybody wants to read. */
async function partsOf(
  queries: Queries,
  organizationId: string,
  scope: string,
  fromDay: number,
  kind: Schema['activity_parts']['kind'],
): Promise<{ different: number; most: Part[] }> {
  const parts = queries
    .selectFrom('activity_parts')
    .where('organization_id', '=', organizationId)
    .where('scope', '=', scope)
    .where('day', '>=', fromDay)
    .where('kind', '=', kind);
  const { different } = await parts
    .select((eb) => eb.fn.count<number | string>('value').distinct().as('different'))
    .executeTakeFirstOrThrow();
  const most = await parts
    .select(['value', sum('requests').as('requests'), sum('refused').as('refused')])
    .select((eb) => eb.fn.max<number>('last_at').as('last_at'))
    .groupBy('value')
    .orderBy(sum('requests'), 'desc')
    .orderBy('value')
    .limit(SHOWN_PARTS)
    .execute();
  return { different: Number(different), most };
}

/** Today against the days before, of each id. */
async function usualOf(
  queries: Queries,
  organizationId: string,
  ids: readonly string[],
  nowMs: number,
): Promise<Map<string, Activity['usual']>> {
  const todayMs = nowMs - (nowMs % DAY_MS);
  const rows = await queries
    .selectFrom('activity')
    .select(['scope', 'at', 'requests'])
    .where('organization_id', '=', organizationId)
    .where('scope', 'in', [...ids])
    .where('step', '=', DAY_STEP)
    .where('at', '>=', todayMs - USUAL_DAYS * DAY_MS)
    .where('at', '<=', todayMs)
    .execute();
  const byScope = Map.groupBy(rows, ({ scope }) => scope);
  return new Map(
    ids.map((id) => {
      const own = byScope.get(id) ?? [];
      const before = own.filter(({ at }) => at < todayMs).map(({ requests }) => requests);
      const today = own.find(({ at }) => at === todayMs)?.requests ?? 0;
      return [id, { today, median: before.length < MIN_DAYS ? null : medianOf(before), days: before.length }];
    }),
  );
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const compared = createRemembered<ActivityDifference[]>(COMPARED_MS);
const hits = createRemembered<PolicyHits[]>(HITS_MS);

/**
 * Who does at least twice as much today as usual. Comparing everybody reads a fortnight of thousands, so it is done once in five minutes, and
 * whoever asks meanwhile gets the last answer.
 */
export async function differingActivity(
  context: Context,
  caller: Caller,
  { limit }: { limit: number },
): Promise<{ at: string; items: ActivityDifference[] }> {
  const { organizationId } = caller;
  const { atMs, value } = await compared(context, organizationId, () => compare(context, organizationId));
  return { at: isoTime(atMs), items: value.slice(0, limit) };
}

async function compare(context: Context, organizationId: string): Promise<ActivityDifference[]> {
  const { db } = context.store;
  const nowMs = context.clock();
  const most = await db
    .selectFrom('activity')
    .select('scope')
    .where('organization_id', '=', organizationId)
    .where('step', '=', DAY_STEP)
    .where('at', '=', nowMs - (nowMs % DAY_MS))
    .where('requests', '>=', MIN_REQUESTS)
    .orderBy('requests', 'desc')
    .limit(MAX_COMPARED)
    .execute();
  const found: Omit<ActivityDifference, 'name'>[] = [];
  for (let index = 0; index < most.length; index += COMPARE_BATCH) {
    const ids = most.slice(index, index + COMPARE_BATCH).map(({ scope }) => scope);
    for (const [id, { today, median }] of await usualOf(db, organizationId, ids, nowMs)) {
      if (median === null) continue;
      const times = Math.round((today / Math.max(median, 1)) * 10) / 10;
      if (times >= MIN_TIMES) found.push({ id, kind: isId('device', id) ? 'device' : 'user', today, median, times });
    }
    // SQLite answers within this thread: between two batches everybody else has their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  found.sort((a, b) => b.times - a.times || b.today - a.today || (a.id < b.id ? -1 : 1));
  const shown = found.slice(0, MAX_DIFFERENCES);
  const names = await namesOf(
    db,
    organizationId,
    shown.map(({ id }) => id),
  );
  return shown.map((one) => ({ ...one, name: names.get(one.id) ?? '' }));
}

/** Of users and devices of the organization. */
async function namesOf(queries: Queries, organizationId: string, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const of = (table: 'users' | 'devices') =>
    queries
      .selectFrom(table)
      .select(['id', 'name'])
      .where('organization_id', '=', organizationId)
      .where('id', 'in', [...ids])
      .execute();
  const rows = [...(await of('users')), ...(await of('devices'))];
  return new Map(rows.map(({ id, name }) => [id, name]));
}

async function resourceNames(
  queries: Queries,
  organizationId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .selectFrom('resources')
    .select(['id', 'name'])
    .where('organization_id', '=', organizationId)
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Of all policies that had any part in a decision, those that decided most first. */
export async function policyHits(
  context: Context,
  caller: Caller,
  { range }: { range: ActivityRange },
): Promise<{ items: PolicyHits[] }> {
  const { organizationId } = caller;
  const { value } = await hits(context, `${organizationId} ${range}`, () => countHits(context, organizationId, range));
  return { items: value };
}

async function countHits(context: Context, organizationId: string, range: ActivityRange): Promise<PolicyHits[]> {
  const { db } = context.store;
  const step = range === '24h' ? HOUR_STEP : DAY_STEP;
  const { fromMs, toMs } = stepsOf(context.clock(), RANGE_MS[range], step);
  const of = (effect: Schema['policy_hits']['effect']) =>
    sql<number>`cast(sum(case when policy_hits.effect = ${sql.lit(effect)} then count else 0 end) as bigint)`;
  const rows = await db
    .selectFrom('policy_hits')
    .leftJoin('policies', (join) =>
      join
        .onRef('policies.id', '=', 'policy_hits.policy_id')
        .onRef('policies.organization_id', '=', 'policy_hits.organization_id'),
    )
    .select(['policy_id', 'policies.name', of('pass').as('permitted'), of('deny').as('forbade')])
    .select([of('reported').as('reported'), (eb) => eb.fn.max<number>('last_at').as('last_at')])
    .where('policy_hits.organization_id', '=', organizationId)
    .where('step', '=', step)
    .where('at', '>=', fromMs)
    .where('at', '<', toMs)
    .groupBy(['policy_id', 'policies.name'])
    .orderBy(sql`sum(count)`, 'desc')
    .orderBy('policy_id')
    .execute();
  return rows.map(({ policy_id, name, permitted, forbade, reported, last_at }) => ({
    ...{ policyId: policy_id, name: name ?? '', permitted, forbade, reported, lastAt: isoTime(last_at) },
  }));
}
