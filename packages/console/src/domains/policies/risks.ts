import type { Risk, Snapshot } from '@zeronaut/model';
import type { Selectable } from 'kysely';
import { Refusal } from '../../store/refusal.ts';
import type { Schema } from '../../store/schema.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { locking, NOTHING, refuseStale, versionOf } from '../if-match.ts';
import { isoTime, type Page, type PageQuery, parseCursor, toPage } from '../page.ts';

type Row = Selectable<Schema['risks']>;

function toRisk(row: Row, nowMs: number): Risk {
  const { score, reason, expires_at } = row;
  const counts = score > 0 && (expires_at === null || expires_at > nowMs);
  return {
    id: row.subject_id,
    score,
    reason,
    updatedAt: isoTime(row.updated_at),
    expiresAt: isoTime(expires_at),
    version: counts ? versionOf({ score, reason, expires_at }) : NOTHING,
  };
}

/** What snapshots carry: scores above 0 that have not expired. */
export async function risksOf(queries: Queries, organizationId: string, nowMs: number): Promise<Snapshot['risks']> {
  const rows = await current(queries, organizationId, nowMs).orderBy('subject_id').execute();
  return rows.map(({ subject_id, score, expires_at }) => ({
    id: subject_id,
    score,
    ...(expires_at !== null && { expiresAt: isoTime(expires_at) }),
  }));
}

function current(queries: Queries, organizationId: string, nowMs: number) {
  return queries
    .selectFrom('risks')
    .selectAll()
    .where('organization_id', '=', organizationId)
    .where('score', '>', 0)
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', nowMs)]));
}

export async function listRisks(context: Context, caller: Caller, query: PageQuery): Promise<Page<Risk> | Refusal> {
  const after = parseCursor(query.cursor, ['string']);
  if (after instanceof Refusal) return after;
  const nowMs = context.clock();
  let select = current(context.store.db, caller.organizationId, nowMs)
    .orderBy('subject_id')
    .limit(query.limit + 1);
  if (after !== null) select = select.where('subject_id', '>', String(after[0]));
  return toPage(
    await select.execute(),
    query.limit,
    (row) => toRisk(row, nowMs),
    (row) => [row.subject_id],
  );
}

export async function setRisk(
  context: Context,
  caller: Caller,
  subjectId: string,
  version: number | null,
  input: { score: number; reason: string; expiresInSeconds?: number | undefined },
): Promise<Risk | Refusal> {
  const nowMs = context.clock();
  return await context.store.change(caller.organizationId, async (queries) => {
    const { organizationId } = caller;
    if (!(await lockSubject(queries, context, organizationId, subjectId))) return new Refusal('api.not_found');
    const before = await queries
      .selectFrom('risks')
      .selectAll()
      .where('organization_id', '=', organizationId)
      .where('subject_id', '=', subjectId)
      .executeTakeFirst();
    const stale = refuseStale(version, before === undefined ? NOTHING : toRisk(before, nowMs).version);
    if (stale !== null) return stale;
    const row: Row = {
      organization_id: organizationId,
      subject_id: subjectId,
      score: input.score,
      reason: input.reason,
      updated_at: nowMs,
      expires_at: input.expiresInSeconds === undefined ? null : nowMs + input.expiresInSeconds * 1000,
    };
    const { organization_id: _o, subject_id: _s, ...columns } = row;
    await queries
      .insertInto('risks')
      .values(row)
      .onConflict((conflict) => conflict.columns(['organization_id', 'subject_id']).doUpdateSet(columns))
      .execute();
    const after = toRisk(row, nowMs);
    await appendAudit(queries, context, caller, {
      action: 'risk.set',
      objectKind: subjectId.startsWith('dev_') ? 'device' : 'user',
      objectId: subjectId,
      before: before === undefined ? null : toRisk(before, nowMs),
      after,
    });
    return after;
  });
}

/** The subject is locked, as it may have no risk yet. False: there is none. */
async function lockSubject(
  queries: Queries,
  context: Context,
  organizationId: string,
  subjectId: string,
): Promise<boolean> {
  const table = subjectId.startsWith('dev_') ? 'devices' : 'users';
  const row = await queries
    .selectFrom(table)
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('id', '=', subjectId)
    .$call(locking(context))
    .executeTakeFirst();
  return row !== undefined;
}
