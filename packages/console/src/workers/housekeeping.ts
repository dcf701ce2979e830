import { sql } from 'kysely';
import type { Logger } from 'pino';
import { getRetention, organizationsToPrune, prune } from '../domains/audit/retention.ts';
import type { Context } from '../domains/context.ts';
import { ACTIVITY_KEPT_MS, DAY_MS, DAY_STEP, HIT_STEPS, HOUR_STEP } from '../domains/traffic/count-activity.ts';
import { REASONS_KEPT_MS, TRAFFIC_STEPS } from '../domains/traffic/count-traffic.ts';
import { Refusal } from '../store/refusal.ts';

/** How long access events are kept where an organization set nothing. */
export const EVENT_RETENTION_MS = 30 * DAY_MS;
/** What has expired is kept a little, for people who ask what happened. */
const EXPIRED_RETENTION_MS = 30 * DAY_MS;
/** How long every checkpoint of the audit log is kept, and not only the last of its day. */
const CHECKPOINT_RETENTION_MS = 604_800_000;
/** How long an incident is kept after its end. */
const INCIDENTS_KEPT_MS = 7_776_000_000;
/** Address grants last a day; for so long it is known that one was told of already. */
const ADDRESS_GRANTS_KEPT_MS = 604_800_000;
const INTERVAL_MS = 3_600_000;
/** Rows per statement: SQLite does nothing else while one runs. */
const BATCH_ROWS = 2_000;

/** Removes what is past its time, at the start and then every hour. Returns how to stop. */
export function startHousekeeping(context: Context, log: Logger): () => Promise<void> {
  let running = Promise.resolve();
  let stopped = false;
  const run = () => {
    running = tidy(context, () => stopped)
      .then(() => pruneAll(context, log, () => stopped))
      .catch((error: unknown) => log.error({ err: error }, 'housekeeping failed'));
  };
  run();
  const timer = setInterval(run, INTERVAL_MS);
  return async () => {
    stopped = true;
    clearInterval(timer);
    await running;
  };
}

/** One round; `isStopped` ends it between two batches. */
export async function tidy(context: Context, isStopped: () => boolean = () => false): Promise<void> {
  await context.authority.rotateOpenidKeys();
  const { db } = context.store;
  const nowMs = context.clock();
  const expiredBefore = nowMs - EXPIRED_RETENTION_MS;
  await db.deleteFrom('sessions').where('expires_at', '<', expiredBefore).execute();
  const grantsBefore = nowMs - ADDRESS_GRANTS_KEPT_MS;
  await db
    .deleteFrom('address_grants')
    .where('expires_at', '<', grantsBefore)
    .where('received_at', '<', grantsBefore)
    .execute();
  await db.deleteFrom('enrolment_tokens').where('expires_at', '<', expiredBefore).execute();
  await db.deleteFrom('personal_access_tokens').where('expires_at', '<', expiredBefore).execute();
  await db.deleteFrom('workload_tokens').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('workload_assertions').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('openid_records').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('magic_links').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('invitations').where('expires_at', '<', expiredBefore).execute();
  await db.deleteFrom('shares').where('expires_at', '<', expiredBefore).execute();
  await db.deleteFrom('sign_in_flows').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('pending_sign_ins').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('used_challenges').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('used_assertions').where('expires_at', '<', nowMs).execute();
  await db.deleteFrom('device_authorizations').where('expires_at', '<', nowMs).execute();
  // Of older days the last checkpoint is kept: it vouches for all before it.
  await sql`
    delete from audit_checkpoints where at < ${nowMs - CHECKPOINT_RETENTION_MS} and exists (
      select 1 from audit_checkpoints later where later.organization_id = audit_checkpoints.organization_id
      and later.day = audit_checkpoints.day and later.size > audit_checkpoints.size
    )`.execute(db);
  for (const { step, keptMs } of TRAFFIC_STEPS) {
    await db
      .deleteFrom('traffic')
      .where('step', '=', step)
      .where('at', '<', nowMs - keptMs)
      .execute();
  }
  await db
    .deleteFrom('traffic_reasons')
    .where('at', '<', nowMs - REASONS_KEPT_MS)
    .execute();
  await db
    .deleteFrom('incidents')
    .where('closed_at', '<', nowMs - INCIDENTS_KEPT_MS)
    .execute();
  const activityBefore = nowMs - ACTIVITY_KEPT_MS;
  for (const step of [HOUR_STEP, DAY_STEP]) {
    await db.deleteFrom('activity').where('step', '=', step).where('at', '<', activityBefore).execute();
  }
  await db
    .deleteFrom('activity_parts')
    .where('day', '<', Math.floor(activityBefore / DAY_MS))
    .execute();
  for (const { step, keptMs } of HIT_STEPS) {
    await db
      .deleteFrom('policy_hits')
      .where('step', '=', step)
      .where('at', '<', nowMs - keptMs)
      .execute();
  }
  await tidyEvents(context, isStopped);
}

/** Access events go after the days that their organization set. */
async function tidyEvents(context: Context, isStopped: () => boolean): Promise<void> {
  const { db } = context.store;
  const nowMs = context.clock();
  const set = await db.selectFrom('audit_retentions').select('organization_id').execute();
  const own = new Set(set.map(({ organization_id: id }) => id));
  for (const { id } of await db.selectFrom('organizations').select('id').execute()) {
    const keptMs = own.has(id) ? (await getRetention(db, id)).eventDays * DAY_MS : EVENT_RETENTION_MS;
    for (let removed = BATCH_ROWS; removed === BATCH_ROWS && !isStopped(); ) {
      const { rows } = await sql<{ seq: number }>`
        delete from access_events where (gateway_id, epoch, seq) in (
          select gateway_id, epoch, seq from access_events
          where organization_id = ${id} and at < ${nowMs - keptMs} limit ${BATCH_ROWS}
        ) returning seq`.execute(db);
      removed = rows.length;
    }
  }
}

/** Texts of audit entries go after the days that their organization set; one log that cannot be pruned keeps no other. */
export async function pruneAll(context: Context, log: Logger, isStopped: () => boolean = () => false): Promise<void> {
  for (const organizationId of await organizationsToPrune(context)) {
    if (isStopped()) return;
    try {
      const pruned = await prune(context, organizationId, isStopped);
      if (pruned instanceof Refusal) log.error({ organizationId, detail: pruned.detail }, pruned.reason);
      else if (pruned > 0) log.info({ organizationId, entries: pruned }, 'audit entries pruned');
    } catch (error) {
      log.error({ err: error, organizationId }, 'audit entries cannot be pruned');
    }
  }
}
