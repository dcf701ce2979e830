import { chainHash, KEPT_ACTIONS, PRUNE_ACTION, RETENTION_ACTION } from '@zeronaut/audit';
import { type AuditRetention, type AuditRetentionInput, auditRetentionInput, createId } from '@zeronaut/model';
import { leaveNoTrace } from '../../store/leave-no-trace.ts';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { isoTime } from '../page.ts';
import { replaceSettings } from '../replace-settings.ts';
import { appendAudit } from './audit.ts';
import { makeCheckpoint } from './checkpoints.ts';

/**
 * How long entries are kept. When they are past their time their texts go, and their hashes stay: chain, tree, checkpoints and
 * proofs are what they were. What is pruned ends at a checkpoint that is older than the retention, since only what was signed
 * tells an outsider how old an entry is. The entries that account for it (retentions, prunings, erasures) stay.
 */

const DAY_MS = 86_400_000;
/** Entries whose texts one transaction removes. */
const SWEEP_BATCH = 500;

export async function getRetention(queries: Queries, organizationId: string): Promise<AuditRetention> {
  const row = await queries
    .selectFrom('audit_retentions')
    .select(['policy', 'version'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  return { ...auditRetentionInput.parse(JSON.parse(row?.policy ?? '{}')), version: row?.version ?? 1 };
}

export async function setRetention(
  context: Context,
  caller: Caller,
  version: number,
  input: AuditRetentionInput,
): Promise<AuditRetention | Refusal> {
  return await replaceSettings(context, caller, version, {
    table: 'audit_retentions',
    column: 'policy',
    action: RETENTION_ACTION,
    read: getRetention,
    next: input,
    stored: input,
  });
}

/** Up to which entry texts were pruned, and how many entries there are. */
export async function prunedUpTo(queries: Queries, organizationId: string): Promise<number> {
  const row = await queries
    .selectFrom('audit_prunings')
    .select('up_to')
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
  return row?.up_to ?? 0;
}

/** Organizations in which something is past its time, or was left when a console ended. */
export async function organizationsToPrune(context: Context): Promise<string[]> {
  const { db } = context.store;
  const set = await db.selectFrom('audit_retentions').select('organization_id').execute();
  const begun = await db
    .selectFrom('audit_prunings')
    .select('organization_id')
    .whereRef('swept', '<', 'up_to')
    .execute();
  return [...new Set([...set, ...begun].map(({ organization_id }) => organization_id))];
}

/** Removes the texts that are past their time. A log that is not what was signed is left as it is: it is evidence. */
export async function prune(
  context: Context,
  organizationId: string,
  isStopped: () => boolean,
): Promise<number | Refusal> {
  const made = await makeCheckpoint(context, organizationId);
  if (made instanceof Refusal) return made;
  await decide(context, organizationId);
  const pruning = await readPruning(context.store.db, organizationId);
  if (pruning === undefined || pruning.swept >= pruning.up_to) return 0;
  return await leaveNoTrace(context.store, async () => {
    let removed = 0;
    while (!isStopped()) {
      const swept = await sweep(context, organizationId);
      if (swept instanceof Refusal) return swept;
      if (swept === null) break;
      removed += swept;
    }
    return removed;
  });
}

async function readPruning(queries: Queries, organizationId: string) {
  return await queries
    .selectFrom('audit_prunings')
    .select(['up_to', 'swept'])
    .where('organization_id', '=', organizationId)
    .executeTakeFirst();
}

/** Says in the log what is going to be removed; only then is it. */
async function decide(context: Context, organizationId: string): Promise<void> {
  await context.store.transaction(async (queries) => {
    // Locks the log: the retention that is read here is the one in force where the entry stands.
    await queries
      .updateTable('organizations')
      .set((eb) => ({ audit_seq: eb.ref('audit_seq') }))
      .where('id', '=', organizationId)
      .execute();
    const { entryDays: days } = await getRetention(queries, organizationId);
    if (days === null) return;
    const last = await queries
      .selectFrom('audit_checkpoints')
      .select(['size', 'at'])
      .where('organization_id', '=', organizationId)
      .where('at', '<=', context.clock() - days * DAY_MS)
      // The last of its day: it is never thinned out.
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('audit_checkpoints as later')
              .select('later.size')
              .whereRef('later.organization_id', '=', 'audit_checkpoints.organization_id')
              .whereRef('later.day', '=', 'audit_checkpoints.day')
              .whereRef('later.size', '>', 'audit_checkpoints.size'),
          ),
        ),
      )
      .orderBy('size', 'desc')
      .limit(1)
      .executeTakeFirst();
    const before = await prunedUpTo(queries, organizationId);
    if (last === undefined || last.size <= before) return;
    const actor = { kind: 'system' as const, id: 'console', name: 'retention', address: '' };
    await appendAudit(
      queries,
      context,
      { organizationId, actor, requestId: createId('request') },
      {
        action: PRUNE_ACTION,
        objectKind: 'organization',
        objectId: organizationId,
        after: { from: before + 1, upTo: last.size, days, checkpointAt: isoTime(last.at) },
      },
    );
    await queries
      .insertInto('audit_prunings')
      .values({ organization_id: organizationId, up_to: last.size, swept: 0 })
      .onConflict((conflict) => conflict.column('organization_id').doUpdateSet({ up_to: last.size }))
      .execute();
  });
}

/** One batch; null: there is none left. Each text is held against its hash once more: forged ones are not taken away. */
async function sweep(context: Context, organizationId: string): Promise<number | null | Refusal> {
  return await context.store.transaction(async (queries) => {
    const pruning = await readPruning(queries, organizationId);
    if (pruning === undefined || pruning.swept >= pruning.up_to) return null;
    const to = Math.min(pruning.swept + SWEEP_BATCH, pruning.up_to);
    const rows = await queries
      .selectFrom('audit_entries')
      .select(['seq', 'body', 'previous_hash', 'hash'])
      .where('organization_id', '=', organizationId)
      .where('seq', '>', pruning.swept)
      .where('seq', '<=', to)
      .orderBy('seq')
      .execute();
    const forged = rows.find(({ body, previous_hash, hash }) => body !== '' && chainHash(previous_hash, body) !== hash);
    if (forged !== undefined)
      return new Refusal('audit.inconsistent', { detail: `entry ${forged.seq} is not what was hashed` });
    const gone = rows.filter(({ body }) => body !== '' && !KEPT_ACTIONS.includes(JSON.parse(body).action));
    if (gone.length > 0) {
      await queries
        .updateTable('audit_entries')
        .set({ body: '', action: '', object_id: '', actor_id: '' })
        .where('organization_id', '=', organizationId)
        .where(
          'seq',
          'in',
          gone.map(({ seq }) => seq),
        )
        .execute();
    }
    await queries
      .updateTable('audit_prunings')
      .set({ swept: to })
      .where('organization_id', '=', organizationId)
      .where('swept', '=', pruning.swept)
      .execute();
    return gone.length;
  });
}
