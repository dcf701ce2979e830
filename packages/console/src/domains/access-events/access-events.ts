import { type AccessEvent, FAILURE_ROOMS, idTime, isReason, REASONS } from '@zeronaut/model';
import { sql } from 'kysely';
import { insertRows } from '../../store/insert-rows.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { countDecisions } from '../audit/decisions.ts';
import type { Caller, Context } from '../context.ts';
import { bodyText, type Page, type PageQuery, parseCursor, searchPage, toPage } from '../page.ts';
import { notePersonalAccessTokenUse } from '../personal-access-tokens/personal-access-tokens.ts';
import { countActivity } from '../traffic/count-activity.ts';
import { countTraffic } from '../traffic/count-traffic.ts';

/** Events that a search looks through for one page. */
const SEARCHED_EVENTS = 2_000;
/** A request has its id, and its event the time, within this of each other. */
const REQUEST_ID_MS = 1_000;
const STORED = {
  organization_id: 'text',
  gateway_id: 'text',
  epoch: 'text',
  seq: 'bigint',
  at: 'bigint',
  resource_id: 'text',
  effect: 'text',
  reason: 'text',
  subject: 'text',
  source_address: 'text',
  body: 'text',
} as const;

/** Stores events once each, whatever is sent again, and moves the head of their epoch up. One gateway, one epoch. */
export async function storeEvents(
  queries: Queries,
  context: Context,
  organizationId: string,
  gatewayId: string,
  epoch: string,
  events: readonly AccessEvent[],
): Promise<number> {
  const rows = events.map((event) => ({
    organization_id: organizationId,
    gateway_id: gatewayId,
    epoch,
    seq: event.seq,
    at: Date.parse(event.at),
    resource_id: event.resourceId,
    effect: event.effect,
    reason: event.reason,
    subject: event.subject,
    source_address: event.sourceAddress,
    body: JSON.stringify(event),
  }));
  await insertRows(queries, context.store.kind, 'access_events', STORED, rows, {
    conflict: sql`on conflict (gateway_id, epoch, seq) do nothing`,
  });
  await notePersonalAccessTokenUse(queries, organizationId, events);
  const head = await queries
    .selectFrom('event_heads')
    .select('seq')
    .where('gateway_id', '=', gatewayId)
    .where('epoch', '=', epoch)
    .executeTakeFirst();
  // What is sent again was counted when it came first.
  const fresh = events.filter(({ seq }) => seq > Number(head?.seq ?? 0));
  await countDecisions(queries, context, organizationId, gatewayId, epoch, fresh);
  await countTraffic(queries, organizationId, gatewayId, fresh, context.clock());
  await countActivity(queries, organizationId, gatewayId, fresh, context.clock());
  context.store.afterCommit(queries, () => context.live.accessed(organizationId, fresh));
  const last = events.at(-1)!.seq;
  const { seq } = await queries
    .insertInto('event_heads')
    .values({ organization_id: organizationId, gateway_id: gatewayId, epoch, seq: last })
    .onConflict((conflict) =>
      conflict.columns(['gateway_id', 'epoch']).doUpdateSet({
        seq: sql<number>`case when event_heads.seq > excluded.seq then event_heads.seq else excluded.seq end`,
      }),
    )
    .returning('seq')
    .executeTakeFirstOrThrow();
  return seq;
}

export interface AccessEventFilter {
  readonly q?: string | undefined;
  readonly resourceId?: string | undefined;
  readonly gatewayId?: string | undefined;
  readonly effect?: AccessEvent['effect'] | undefined;
  readonly reason?: string | undefined;
  readonly subject?: string | undefined;
  readonly sourceAddress?: string | undefined;
  readonly policyId?: string | undefined;
  readonly failed?: boolean | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

interface EventIndex {
  readonly name: string;
  /** The filters that it answers. */
  readonly answers: readonly (keyof AccessEventFilter)[];
}

/**
 * The index that answers a filter in the order of the list, the narrowest first; what it does not answer is looked at event by event. Chosen
 * here: SQLite has no numbers of what is in a table, and would rather read it all in order than sort what came in one millisecond.
 */
function indexFor(query: AccessEventFilter): EventIndex {
  const isRefused = query.effect === 'deny' || query.effect === 'challenge';
  if (query.subject !== undefined && query.subject !== '')
    return { name: 'access_events_subject', answers: ['subject'] };
  if (query.sourceAddress !== undefined) return { name: 'access_events_source', answers: ['sourceAddress'] };
  if (query.resourceId !== undefined && isRefused)
    return { name: 'access_events_resource_refused', answers: ['resourceId', 'effect'] };
  if (query.resourceId !== undefined) return { name: 'access_events_resource', answers: ['resourceId'] };
  if (query.reason !== undefined && isReason(query.reason) && REASONS[query.reason].status !== 200)
    return { name: 'access_events_reason', answers: ['reason'] };
  if (isRefused) return { name: 'access_events_refused', answers: ['effect'] };
  if (query.gatewayId !== undefined) return { name: 'access_events_gateway', answers: ['gatewayId'] };
  return { name: 'access_events_newest', answers: [] };
}

const COLUMNS = {
  resourceId: 'resource_id',
  gatewayId: 'gateway_id',
  effect: 'effect',
  reason: 'reason',
  subject: 'subject',
  sourceAddress: 'source_address',
} as const;
const COLUMN_FILTERS = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
/** As `isFailure` has it, of what is stored. What a visitor wrote has its quotes escaped, and looks otherwise. */
const HAS_FAILED = sql<boolean>`(${sql.join(
  [
    ...[5, 6, 7, 8, 9].map((hundreds) => sql`body like ${`%"status":${hundreds}__,%`}`),
    ...FAILURE_ROOMS.map((room) => sql`reason like ${`${room}.%`}`),
  ],
  sql` or `,
)})`;
/** The columns of a cursor. */
const ORDER = ['at', 'gateway_id', 'epoch', 'seq'] as const;

/**
 * Newest first. What no index answers is looked for among so many events: a page with few or none may then still have a next one,
 * and nobody waits for a million events to be read.
 */
export async function listAccessEvents(
  context: Context,
  caller: Caller,
  query: PageQuery & AccessEventFilter,
): Promise<Page<AccessEvent> | Refusal> {
  const after = parseCursor(query.cursor, ['number', 'string', 'string', 'number']);
  if (after instanceof Refusal) return after;
  const { db, kind } = context.store;
  const { name: index, answers: inIndex } = indexFor(query);
  const events =
    kind === 'postgres'
      ? ('access_events' as const)
      : sql<Schema['access_events']>`access_events`.as<'access_events'>(
          sql`access_events indexed by ${sql.ref(index)}`,
        );
  const given = COLUMN_FILTERS.filter((name) => query[name] !== undefined);
  const rest = given.filter((name) => !inIndex.includes(name));
  let select = db.selectFrom(events as 'access_events').where('organization_id', '=', caller.organizationId);
  for (const name of given) if (inIndex.includes(name)) select = select.where(COLUMNS[name], '=', query[name]!);
  // Said as the indexes are, which hold only those.
  if (inIndex.includes('effect') || inIndex.includes('reason')) select = select.where('effect', '<>', sql.lit('pass'));
  if (inIndex.includes('subject')) select = select.where('subject', '<>', sql.lit(''));
  const { fromMs, toMs } = timesOf(query);
  if (fromMs !== null) select = select.where('at', '>=', fromMs);
  if (toMs !== null) select = select.where('at', '<', toMs);
  if (after !== null) {
    select = select.where(sql<boolean>`(at, gateway_id, epoch, seq) < (${sql.join(after)})`);
    // The same once more, in the words of the indexes.
    select = select.where('at', '<=', after[0] as number);
  }
  const cursorOf = (row: Record<(typeof ORDER)[number], string | number>) => ORDER.map((name) => row[name]);
  const view = (row: { body: string }) => JSON.parse(row.body) as AccessEvent;
  for (const name of ORDER) select = select.orderBy(name, 'desc');
  const { policyId, failed } = query;
  if (!query.q && rest.length === 0 && policyId === undefined && failed === undefined) {
    const rows = select.select([...ORDER, 'body']).limit(query.limit + 1);
    return toPage(await rows.execute(), query.limit, view, cursorOf);
  }
  const columns = new Set([...ORDER, 'body' as const, ...rest.map((name) => COLUMNS[name]), 'reason' as const]);
  const scanned = select.select([...columns]).limit(SEARCHED_EVENTS);
  let matching = db.selectFrom(scanned.as('scanned')).select([...ORDER, 'body']);
  for (const name of rest) matching = matching.where(COLUMNS[name] as never, '=', query[name]! as never);
  if (query.q) {
    const pattern = `%${bodyText(query.q).replaceAll(/[\\%_]/g, '\\$&')}%`;
    matching = matching.where(sql<boolean>`lower(body) like ${pattern} escape '\\'`);
  }
  // An id is letters, digits and `_`: the one sign that `like` reads in its own way matches itself, too.
  if (policyId !== undefined) matching = matching.where('body', 'like', `%"${policyId}"%`);
  if (failed !== undefined)
    matching = failed ? matching.where(HAS_FAILED) : matching.where(sql<boolean>`not ${HAS_FAILED}`);
  for (const name of ORDER) matching = matching.orderBy(name, 'desc');
  const found = await matching.limit(query.limit + 1).execute();
  const last =
    found.length > query.limit
      ? undefined
      : await select
          .select(ORDER)
          .offset(SEARCHED_EVENTS - 1)
          .limit(1)
          .executeTakeFirst();
  return searchPage(found, query.limit, last === undefined ? null : cursorOf(last), view, cursorOf);
}

/** Between which times to look (ms; `toMs` not included): as asked, and an id of a request says when it came. */
function timesOf({ from, to, q }: AccessEventFilter): { fromMs: number | null; toMs: number | null } {
  const fromMs = from === undefined ? null : Date.parse(from);
  const toMs = to === undefined ? null : Date.parse(to);
  const cameAt = q === undefined ? null : idTime('request', q.toLowerCase());
  if (cameAt === null) return { fromMs, toMs };
  return {
    fromMs: Math.max(fromMs ?? 0, cameAt - REQUEST_ID_MS),
    toMs: Math.min(toMs ?? Infinity, cameAt + REQUEST_ID_MS),
  };
}
