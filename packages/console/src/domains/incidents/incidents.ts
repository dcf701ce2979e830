import { type Alarm, type AlarmKind, CLOSED_BY_HAND, createId, type Incident, type Notice } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { contains, type ListQuery, listPage } from '../list.ts';
import { isoTime, type Page } from '../page.ts';
import { WATCHED_KINDS } from './watched.ts';

/** Alarms from when they came until they were gone: made and closed by the look at what is wrong, looked after by people. */

type Row = Selectable<Schema['incidents']>;

/** The same again within this time of its end is the same incident: what comes and goes is one. */
const SAME_MS = 3_600_000;
/** When it was last seen is written so often; what was not seen for twice as long is over. */
const SEEN_MS = 60_000;
const INSERT_BATCH = 100;

export const keyOfAlarm = (alarm: Notice) => `${alarm.kind} ${alarm.object.id}`;

function toIncident(row: Row): Incident {
  return {
    ...{ id: row.id, organizationId: row.organization_id, kind: row.kind, severity: row.severity },
    object: { kind: row.object_kind, id: row.object_id, name: row.object_name },
    detail: row.detail,
    said: row.said === null ? null : JSON.parse(row.said),
    openedAt: isoTime(row.opened_at),
    lastSeenAt: isoTime(row.last_seen_at),
    closedAt: isoTime(row.closed_at),
    closedBy: row.closed_by,
    count: row.count,
    acknowledgedAt: isoTime(row.acknowledged_at),
    acknowledgedBy: row.acknowledged_by,
    note: row.note,
  };
}

/** `lasting`: what is wrong and was at the look before. `present`: keys of all that is wrong now. */
export async function recordIncidents(
  context: Context,
  organizationId: string,
  lasting: readonly Alarm[],
  present: ReadonlySet<string>,
): Promise<void> {
  const nowMs = context.clock();
  const { db } = context.store;
  const open = await db
    .selectFrom('incidents')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('closed_at', 'is', null)
    .execute();
  const openOf = new Map(open.map((row) => [row.alarm_key, row]));
  const wanted = new Map(lasting.map((alarm) => [keyOfAlarm(alarm), alarm]));
  const fresh = [...wanted].filter(([key]) => !openOf.has(key));
  const over = open.filter((row) => !present.has(row.alarm_key) && !isClosedByHand(row.kind));
  const seen = open.filter((row) => {
    const alarm = wanted.get(row.alarm_key);
    if (alarm === undefined) return false;
    return row.severity !== alarm.severity || nowMs - row.last_seen_at >= SEEN_MS || row.detail !== alarm.detail;
  });
  if (fresh.length + over.length + seen.length === 0) return;
  await context.store.transaction(async (queries) => {
    const opened = await openAgain(queries, organizationId, fresh, nowMs);
    for (let index = 0; index < opened.length; index += INSERT_BATCH) {
      await queries
        .insertInto('incidents')
        .values(opened.slice(index, index + INSERT_BATCH))
        // Another console was quicker.
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    for (const row of over) {
      await queries.updateTable('incidents').set({ closed_at: nowMs }).where('id', '=', row.id).execute();
    }
    for (const row of seen) {
      const { severity, detail, said } = wanted.get(row.alarm_key)!;
      await queries
        .updateTable('incidents')
        .set({ last_seen_at: nowMs, severity, detail, said: saidColumn(said) })
        .where('id', '=', row.id)
        .where('closed_at', 'is', null)
        .execute();
    }
    if (fresh.length + over.length === 0) return;
    context.store.afterCommit(queries, () =>
      context.live.changed(organizationId, {
        ...{ noun: 'incidents', id: organizationId, version: null, action: 'incident.change' },
        ...{ at: isoTime(nowMs), ownerId: null, actorId: '' },
      }),
    );
  });
}

/** Opens those that ended a moment ago once more, and answers with rows for the others. */
async function openAgain(
  queries: Queries,
  organizationId: string,
  fresh: readonly (readonly [key: string, alarm: Alarm])[],
  nowMs: number,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [key, alarm] of fresh) {
    const { kind, severity, object, detail } = alarm;
    const said = saidColumn(alarm.said);
    const before = await queries
      .selectFrom('incidents')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('alarm_key', '=', key)
      .where('closed_at', '>', nowMs - SAME_MS)
      .orderBy('closed_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    // Somebody closed it, and nothing happened since.
    if (before?.closed_by != null && alarm.since !== null && Date.parse(alarm.since) <= before.closed_at!) continue;
    if (before === undefined || before.closed_by !== null) {
      rows.push({
        ...{
          id: createId('incident', nowMs),
          organization_id: organizationId,
          alarm_key: key,
          kind,
          severity,
          detail,
          said,
        },
        ...{ object_kind: object.kind, object_id: object.id, object_name: object.name },
        ...{ opened_at: nowMs, last_seen_at: nowMs, closed_at: null, closed_by: null, count: 1 },
        ...{ acknowledged_at: null, acknowledged_by: null, note: '' },
      });
      continue;
    }
    await queries
      .updateTable('incidents')
      .set({ closed_at: null, last_seen_at: nowMs, severity, detail, said, count: before.count + 1 })
      .where('id', '=', before.id)
      .execute();
  }
  return rows;
}

const saidColumn = (said: Alarm['said']) => (said === null ? null : JSON.stringify(said));

function isClosedByHand(kind: AlarmKind): boolean {
  return (CLOSED_BY_HAND as readonly AlarmKind[]).includes(kind);
}

/** Open ones of kinds that only the worker looks for, as what is wrong now. */
export async function watchedNow(queries: Queries, organizationId: string): Promise<Alarm[]> {
  const rows = await queries
    .selectFrom('incidents')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('closed_at', 'is', null)
    .where('kind', 'in', [...WATCHED_KINDS])
    .orderBy('id', 'desc')
    .execute();
  return rows.map((row) => {
    const { kind, severity, object, detail, said, openedAt } = toIncident(row);
    return { kind, severity, object, detail, said, since: openedAt };
  });
}

const SORTS = {
  opened: { column: 'id', type: 'string' },
  seen: { column: 'last_seen_at', type: 'number' },
} as const;

export async function listIncidents(
  context: Context,
  caller: Caller,
  query: ListQuery<keyof typeof SORTS> & {
    readonly open?: boolean | undefined;
    readonly acknowledged?: boolean | undefined;
    readonly kind?: AlarmKind | undefined;
    readonly severity?: Incident['severity'] | undefined;
  },
): Promise<Page<Incident> | Refusal> {
  let select = context.store.db
    .selectFrom('incidents')
    .selectAll()
    .where('organization_id', '=', caller.organizationId);
  if (query.q) select = select.where(contains(query.q, ['object_name', 'detail', 'note', 'kind']));
  if (query.open !== undefined) select = select.where('closed_at', query.open ? 'is' : 'is not', null);
  if (query.acknowledged !== undefined)
    select = select.where('acknowledged_at', query.acknowledged ? 'is not' : 'is', null);
  if (query.kind !== undefined) select = select.where('kind', '=', query.kind);
  if (query.severity !== undefined) select = select.where('severity', '=', query.severity);
  return await listPage(select, query, SORTS, toIncident);
}

export async function getIncident(context: Context, caller: Caller, id: string): Promise<Incident | Refusal> {
  const row = await find(context.store.db, caller.organizationId, id);
  return row === undefined ? new Refusal('api.not_found') : toIncident(row);
}

function find(queries: Queries, organizationId: string, id: string): Promise<Row | undefined> {
  return queries
    .selectFrom('incidents')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .executeTakeFirst();
}

export function acknowledgeIncident(
  context: Context,
  caller: Caller,
  id: string,
  { note }: { note: string },
): Promise<Incident | Refusal> {
  return change(context, caller, id, 'incident.acknowledge', note, () => ({
    acknowledged_at: context.clock(),
    acknowledged_by: caller.userId,
  }));
}

export function closeIncident(
  context: Context,
  caller: Caller,
  id: string,
  { note }: { note: string },
): Promise<Incident | Refusal> {
  return change(context, caller, id, 'incident.close', note, (row) => {
    const nowMs = context.clock();
    if (row.closed_at !== null) return {};
    // What happened is over at once; of all else it is known whether it still goes on.
    const isOver = row.kind === 'policy_used' || nowMs - row.last_seen_at > 2 * SEEN_MS;
    if (!isOver) return new Refusal('incident.ongoing');
    return {
      ...{ closed_at: nowMs, closed_by: caller.userId },
      ...(row.acknowledged_at === null ? { acknowledged_at: nowMs, acknowledged_by: caller.userId } : {}),
    };
  });
}

async function change(
  context: Context,
  caller: Caller,
  id: string,
  action: string,
  note: string,
  changeOf: (row: Row) => Partial<Row> | Refusal,
): Promise<Incident | Refusal> {
  return await context.store.transaction(async (queries) => {
    const row = await find(queries, caller.organizationId, id);
    if (row === undefined) return new Refusal('api.not_found');
    const changes = changeOf(row);
    if (changes instanceof Refusal) return changes;
    const after: Row = { ...row, ...changes, note: note === '' ? row.note : note };
    await queries
      .updateTable('incidents')
      .set({ ...changes, note: after.note })
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      ...{ action, objectKind: 'incident', objectId: id },
      // Not what it is about: that may be an address that somebody came from.
      after: { kind: row.kind, objectKind: row.object_kind, note: after.note },
    });
    return toIncident(after);
  });
}
