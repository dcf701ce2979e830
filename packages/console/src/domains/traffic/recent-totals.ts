import { setImmediate as nextTurn } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Queries } from '../../store/store.ts';

/**
 * What each resource or gateway had in each of the last steps, in memory: to rank thousands of them by a day would read a hundred thousand
 * rows each time. Every event that is counted for one of them is counted for the organization in the same transaction, so as long as a
 * step's requests of the organization are what they were, all that was read of that step is what it was, whoever wrote it.
 */
export type TotalsOrder = 'requests' | 'failed' | 'refused' | 'bytes';
const ORDERS = ['requests', 'failed', 'refused', 'bytes'] as const satisfies readonly TotalsOrder[];

export interface TotalsOf {
  readonly organizationId: string;
  readonly kind: 'resource' | 'gateway';
  /** Minutes. */
  readonly step: number;
  /** Starts of the first and the last step (ms). */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface RecentTotals {
  /** The ids with the most, the most first; those that have none are not among them. */
  ranked(queries: Queries, of: TotalsOf, order: TotalsOrder, limit: number): Promise<string[]>;
  /**
   * What these had in each step that is over, by id and start of the step; nothing of those that had nothing. The step that runs is for the
   * caller to ask for, of the few that it wants: it changes with each event.
   */
  series(
    queries: Queries,
    of: TotalsOf,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, Point>>>;
}

export type Point = Readonly<Record<'requests' | 'failed', number>>;

/** Lists that are kept, by organization, kind and step. */
const MAX_KEPT = 400;
/** What all of them hold together, a row being what one had in one step; 5,000 resources and a day are 120,000 rows and 4 MB. */
const MAX_ROWS = 2_000_000;
/** Names that a list knows, of which some may be gone: beyond it begins anew. */
const MAX_NAMES = 100_000;

interface Step {
  /** Requests of the whole organization when it was read. */
  readonly requests: number;
  readonly scopes: Uint32Array;
  /** In the order of `ORDERS`, one after the other for each scope. */
  readonly sizes: Float64Array;
}

interface Kept {
  readonly names: string[];
  readonly indexOf: Map<string, number>;
  readonly steps: Map<number, Step>;
  /** One after the other: two that read the same steps would read them twice. */
  last: Promise<unknown>;
}

export function createRecentTotals(): RecentTotals {
  const lists = new Map<string, Kept>();

  function keptOf(of: TotalsOf): Kept {
    const key = `${of.organizationId} ${of.kind} ${of.step}`;
    let kept = lists.get(key);
    lists.delete(key);
    if (kept === undefined || kept.names.length > MAX_NAMES)
      kept = { names: [], indexOf: new Map(), steps: new Map(), last: Promise.resolve() };
    // The one that was asked for last is the last to go.
    lists.set(key, kept);
    if (lists.size > MAX_KEPT) lists.delete(lists.keys().next().value!);
    return kept;
  }

  async function read(queries: Queries, of: TotalsOf, what: 'all' | 'over'): Promise<Kept> {
    const kept = keptOf(of);
    const done = kept.last.then(() => readNew(queries, of, kept, what));
    // Whoever waits next tries again by itself.
    kept.last = done.catch(() => undefined);
    await done;
    let rows = 0;
    for (const [key, one] of [...lists].reverse()) {
      for (const { scopes } of one.steps.values()) rows += scopes.length;
      if (rows > MAX_ROWS && one !== kept) lists.delete(key);
    }
    return kept;
  }

  return {
    async ranked(queries, of, order, limit) {
      return rank(await read(queries, of, 'all'), ORDERS.indexOf(order), limit);
    },
    async series(queries, of, ids) {
      return pick(await read(queries, of, 'over'), of, ids);
    },
  };
}

async function readNew(queries: Queries, of: TotalsOf, kept: Kept, what: 'all' | 'over'): Promise<void> {
  const now = await queries
    .selectFrom('traffic')
    .select(['at', sql<number>`cast(sum(requests) as bigint)`.as('requests')])
    .where('organization_id', '=', of.organizationId)
    .where('scope', '=', '')
    .where('step', '=', of.step)
    .where('at', '>=', of.fromMs)
    .where('at', '<=', of.toMs)
    .groupBy('at')
    .execute();
  const requestsAt = new Map(now.map(({ at, requests }) => [at, requests]));
  for (const at of kept.steps.keys()) if (!requestsAt.has(at)) kept.steps.delete(at);
  for (const [at, requests] of requestsAt) {
    if (kept.steps.get(at)?.requests === requests || (what === 'over' && at === of.toMs)) continue;
    kept.steps.set(at, await readStep(queries, of, kept, at, requests));
    // A day that is read for the first time lets others through between its hours.
    await nextTurn();
  }
}

async function readStep(queries: Queries, of: TotalsOf, kept: Kept, at: number, requests: number): Promise<Step> {
  const sum = (text: string) => sql<number>`cast(sum(${sql.raw(text)}) as bigint)`;
  const rows = await queries
    .selectFrom('traffic')
    .select([
      'scope',
      sum('requests').as('requests'),
      sum('failed').as('failed'),
      sum('refused').as('refused'),
      sum('bytes_in + bytes_out').as('bytes'),
    ])
    .where('organization_id', '=', of.organizationId)
    .where('kind', '=', of.kind)
    .where('step', '=', of.step)
    .where('at', '=', at)
    .groupBy('scope')
    .execute();
  const step = {
    requests,
    scopes: new Uint32Array(rows.length),
    sizes: new Float64Array(rows.length * ORDERS.length),
  };
  for (const [index, row] of rows.entries()) {
    let known = kept.indexOf.get(row.scope);
    if (known === undefined) {
      known = kept.names.push(row.scope) - 1;
      kept.indexOf.set(row.scope, known);
    }
    step.scopes[index] = known;
    for (const [place, order] of ORDERS.entries()) step.sizes[index * ORDERS.length + place] = row[order];
  }
  return step;
}

function pick(
  { names, indexOf, steps }: Kept,
  { fromMs, toMs }: TotalsOf,
  ids: readonly string[],
): Map<string, Map<number, Point>> {
  const picked = new Map<string, Map<number, Point>>();
  const isWanted = new Uint8Array(names.length);
  for (const id of ids) {
    const index = indexOf.get(id);
    if (index !== undefined) isWanted[index] = 1;
  }
  const [requests, failed] = [ORDERS.indexOf('requests'), ORDERS.indexOf('failed')];
  for (const [at, { scopes, sizes }] of steps) {
    if (at < fromMs || at >= toMs) continue;
    for (let index = 0; index < scopes.length; index++) {
      const scope = scopes[index]!;
      if (isWanted[scope] === 0) continue;
      const name = names[scope]!;
      const points = picked.get(name) ?? new Map<number, Point>();
      picked.set(name, points);
      const place = index * ORDERS.length;
      points.set(at, { requests: sizes[place + requests]!, failed: sizes[place + failed]! });
    }
  }
  return picked;
}

function rank({ names, steps }: Kept, place: number, limit: number): string[] {
  const totals = new Float64Array(names.length);
  for (const { scopes, sizes } of steps.values()) {
    for (let index = 0; index < scopes.length; index++)
      totals[scopes[index]!]! += sizes[index * ORDERS.length + place]!;
  }
  const found: number[] = [];
  for (let index = 0; index < totals.length; index++) if (totals[index]! > 0) found.push(index);
  found.sort((a, b) => totals[b]! - totals[a]! || (names[a]! < names[b]! ? -1 : 1));
  return found.slice(0, limit).map((index) => names[index]!);
}
