import { CHAIN_START, GrowingTree, originOf } from '@zeronaut/audit';
import { Refusal } from '../../store/refusal.ts';
import type { Caller, Context } from '../context.ts';
import { type ExportRow, findExport, secretOf, settingsOf } from './audit-exports.ts';
import { type ExportRecord, readBatch, testRecord } from './export-records.ts';
import { sendOtlp } from './otlp.ts';
import { sendSyslog } from './syslog.ts';

/**
 * Sends what a receiver does not have yet. At least once: the place in the log moves when the receiver has a batch, and what was
 * on its way when the console or the receiver died is sent again. The log itself never waits for any of it.
 */

/** How long a console has a receiver for itself; renewed with each batch. Longer than one batch can take. */
const CLAIM_MS = 60_000;
/** Pause after the first failure; doubled with each further one. */
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 300_000;
const MAX_ERROR_CHARACTERS = 500;
/** Batches of one receiver until others have their turn. */
const BATCHES_OF_A_TURN = 50;

type Outcome =
  | { readonly delivered: true; readonly rejected: number; readonly message: string }
  | { readonly delivered: false; readonly error: string; readonly retryAfterMs: number };

async function send(context: Context, row: ExportRow, records: readonly ExportRecord[]): Promise<Outcome> {
  const settings = settingsOf(row);
  const failed = (refusal: Refusal, retryAfterMs = 0): Outcome => ({
    ...{ delivered: false, retryAfterMs },
    error: `${refusal.reason}: ${refusal.detail ?? ''}`.slice(0, MAX_ERROR_CHARACTERS),
  });
  if (settings.kind === 'syslog') {
    const refusal = await sendSyslog(context, settings, records);
    return refusal === null ? { delivered: true, rejected: 0, message: '' } : failed(refusal);
  }
  const sent = await sendOtlp(context, settings, secretOf(context, row), records, row.organization_id);
  return 'refusal' in sent ? failed(sent.refusal, sent.retryAfterMs) : { delivered: true, ...sent };
}

/** Receivers whose time has come, the longest waiting first. */
export async function dueExports(context: Context, limit: number): Promise<ExportRow[]> {
  return await context.store.db
    .selectFrom('audit_exports')
    .selectAll()
    .where('next_try_at', '<=', context.clock())
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('audit_checkpoints')
          .select('size')
          .whereRef('audit_checkpoints.organization_id', '=', 'audit_exports.organization_id')
          .whereRef('audit_checkpoints.size', '>', 'audit_exports.delivered'),
      ),
    )
    .orderBy('next_try_at')
    .limit(limit)
    .execute();
}

/** Everything that is there, or until it fails. */
export async function deliver(context: Context, found: ExportRow, isStopped: () => boolean): Promise<void> {
  const { db } = context.store;
  let row = found;
  for (let batches = 0; batches < BATCHES_OF_A_TURN && !isStopped(); batches++) {
    const claimed = await db
      .updateTable('audit_exports')
      .set({ next_try_at: context.clock() + CLAIM_MS })
      .where('id', '=', row.id)
      // Another console was faster, or somebody removed it.
      .where('next_try_at', '=', row.next_try_at)
      .where('delivered', '=', row.delivered)
      .returningAll()
      .executeTakeFirst();
    if (claimed === undefined) return;
    row = claimed;
    const batch = await readBatch(context, row.organization_id, row.delivered);
    const outcome = batch === null ? null : await send(context, row, batch.records);
    const after = await record(context, row, batch?.upTo ?? row.delivered, outcome);
    if (after === undefined || batch === null || outcome?.delivered !== true) return;
    row = after;
  }
}

async function record(context: Context, row: ExportRow, upTo: number, outcome: Outcome | null) {
  const nowMs = context.clock();
  const values =
    outcome === null
      ? { next_try_at: nowMs }
      : outcome.delivered
        ? {
            ...{ delivered: upTo, failures: 0, last_delivered_at: nowMs, next_try_at: nowMs },
            rejected: row.rejected + outcome.rejected,
            last_error:
              outcome.rejected === 0
                ? null
                : `the receiver dropped ${outcome.rejected} records: ${outcome.message}`.slice(0, MAX_ERROR_CHARACTERS),
          }
        : {
            failures: row.failures + 1,
            last_error: outcome.error,
            next_try_at: nowMs + Math.max(outcome.retryAfterMs, retryMs(row.failures)),
          };
  return await context.store.db
    .updateTable('audit_exports')
    .set(values)
    .where('id', '=', row.id)
    .where('next_try_at', '=', row.next_try_at)
    .where('delivered', '=', row.delivered)
    .returningAll()
    .executeTakeFirst();
}

export function retryMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures, 16), MAX_RETRY_MS);
}

/** One message that is in no log. */
export async function testExport(
  context: Context,
  caller: Caller,
  idOrName: string,
): Promise<{ delivered: boolean; error: string | null } | Refusal> {
  const row = await findExport(context.store.db, caller.organizationId, idOrName);
  if (row instanceof Refusal) return row;
  const nowMs = context.clock();
  const empty = { size: 0, root: new GrowingTree().root(), head: CHAIN_START, at: new Date(nowMs).toISOString() };
  const checkpoint = { ...empty, origin: originOf(caller.organizationId) };
  const outcome = await send(context, row, [testRecord(caller.organizationId, checkpoint, nowMs)]);
  return { delivered: outcome.delivered, error: outcome.delivered ? null : outcome.error };
}
