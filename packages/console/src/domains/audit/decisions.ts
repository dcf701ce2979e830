import { createHash } from 'node:crypto';
import { type AccessEvent, createId } from '@zeronaut/model';
import { sql } from 'kysely';
import { insertRows } from '../../store/insert-rows.ts';
import type { Queries } from '../../store/store.ts';
import type { Context } from '../context.ts';
import { appendAuditEntries } from './audit.ts';
import { type Deciders, decidersOf, policiesOf, policyNames } from './deciders.ts';
import { PolicySets } from './policy-sets.ts';

/**
 * Access decisions in the audit log. One entry for each request would make it as long as the traffic; so those of one class (gateway,
 * resource, subject, effect, reason, snapshot, and the policies that decided) are counted where their events are stored, in the same transaction, and become one
 * entry an hour. The entry names the events that it counted, so that they can be held against it while they are kept.
 */

const policySets = new WeakMap<Context, PolicySets>();

function policySetsOf(context: Context): PolicySets {
  let sets = policySets.get(context);
  if (sets === undefined) {
    sets = new PolicySets();
    policySets.set(context, sets);
  }
  return sets;
}

/** Classes that one transaction puts into the log. */
const APPEND_BATCH = 500;

const COUNTED = {
  organization_id: 'text',
  class_key: 'text',
  gateway_id: 'text',
  epoch: 'text',
  resource_id: 'text',
  subject: 'text',
  effect: 'text',
  reason: 'text',
  snapshot_version: 'bigint',
  deciders: 'text',
  count: 'bigint',
  first_at: 'bigint',
  last_at: 'bigint',
  first_seq: 'bigint',
  last_seq: 'bigint',
} as const;
/** What is there already is added to; who decided is the same, as it makes the class. */
const ADD = sql`on conflict (organization_id, class_key) do update set
  count = decision_counts.count + excluded.count,
  first_at = case when excluded.first_at < decision_counts.first_at then excluded.first_at else decision_counts.first_at end,
  last_at = case when excluded.last_at > decision_counts.last_at then excluded.last_at else decision_counts.last_at end,
  last_seq = excluded.last_seq`;

interface DecisionCount {
  readonly class_key: string;
  readonly resource_id: string;
  readonly subject: string;
  readonly effect: AccessEvent['effect'];
  readonly reason: string;
  readonly snapshot_version: number;
  readonly policies: readonly string[];
  /** There are too many sets of policies: which of them decided is in the events. */
  readonly any: boolean;
  count: number;
  first_at: number;
  last_at: number;
  readonly first_seq: number;
  last_seq: number;
}

/** Counts events that were not stored before, in the transaction that stores them. One gateway, one epoch, in order of `seq`. */
export async function countDecisions(
  queries: Queries,
  context: Context,
  organizationId: string,
  gatewayId: string,
  epoch: string,
  events: readonly AccessEvent[],
): Promise<void> {
  const classes = new Map<string, DecisionCount>();
  const sets = policySetsOf(context);
  const nowMs = context.clock();
  for (const event of events) {
    const { resourceId, subject, effect, reason, snapshotVersion, at, seq } = event;
    const decided = policiesOf(event);
    const parts = [gatewayId, epoch, resourceId, subject, effect, reason, snapshotVersion];
    const any = !sets.isOwn(JSON.stringify([organizationId, ...parts]), decided, nowMs);
    const policies = any ? [] : decided;
    const key = JSON.stringify(any ? [...parts, 'any'] : [...parts, ...policies]);
    const atMs = Date.parse(at);
    const found = classes.get(key);
    if (found === undefined) {
      classes.set(key, {
        class_key: createHash('sha256').update(key).digest('base64url'),
        ...{ resource_id: resourceId ?? '', subject, effect, reason, snapshot_version: snapshotVersion },
        ...{ policies, any, count: 1, first_at: atMs, last_at: atMs, first_seq: seq, last_seq: seq },
      });
    } else {
      found.count++;
      found.first_at = Math.min(found.first_at, atMs);
      found.last_at = Math.max(found.last_at, atMs);
      found.last_seq = seq;
    }
  }
  const counted = [...classes.values()];
  const names = await policyNames(queries, organizationId, counted);
  const rows = counted.map(({ policies, any, ...row }) => ({
    ...row,
    ...{ organization_id: organizationId, gateway_id: gatewayId, epoch },
    deciders: JSON.stringify(any ? { decidedBy: 'policies' } : decidersOf(row.reason, policies, names)),
  }));
  if (rows.length === 0) return;
  await insertRows(queries, context.store.kind, 'decision_counts', COUNTED, rows, { conflict: ADD });
}

/** Moves what was counted into the audit log of each organization. Returns how many entries that made. */
export async function recordDecisions(context: Context): Promise<number> {
  const { db } = context.store;
  let made = 0;
  const organizations = await db.selectFrom('decision_counts').select('organization_id').distinct().execute();
  for (const { organization_id: organizationId } of organizations) {
    for (let moved = APPEND_BATCH; moved === APPEND_BATCH; ) {
      moved = await context.store.transaction(async (queries) => {
        const rows = await queries
          .deleteFrom('decision_counts')
          .where('organization_id', '=', organizationId)
          .where('class_key', 'in', (query) =>
            query
              .selectFrom('decision_counts')
              .select('class_key')
              .where('organization_id', '=', organizationId)
              .orderBy('first_at')
              .limit(APPEND_BATCH),
          )
          .returningAll()
          .execute();
        if (rows.length === 0) return 0;
        const requestId = createId('request');
        await appendAuditEntries(
          queries,
          context,
          organizationId,
          rows
            .toSorted((a, b) => Number(a.first_at) - Number(b.first_at))
            .map((row) => ({
              actor: { kind: 'system', id: row.gateway_id, name: 'gateway', address: '' },
              requestId,
              action: `access.${row.effect}`,
              objectKind: 'resource',
              objectId: row.resource_id,
              after: {
                ...{ subject: row.subject, reason: row.reason, snapshotVersion: Number(row.snapshot_version) },
                ...(row.deciders !== null && (JSON.parse(row.deciders) as Deciders)),
                count: Number(row.count),
                from: new Date(Number(row.first_at)).toISOString(),
                to: new Date(Number(row.last_at)).toISOString(),
                events: { epoch: row.epoch, firstSeq: Number(row.first_seq), lastSeq: Number(row.last_seq) },
              },
            })),
        );
        return rows.length;
      });
      made += moved;
    }
  }
  return made;
}
