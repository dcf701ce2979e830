import { type Checkpoint, canonicalJson, parseCheckpoint, parseNote } from '@zeronaut/audit';
import type { AuditEntry } from '@zeronaut/model';
import { openEntries } from '../audit/subjects.ts';
import type { Context } from '../context.ts';

/**
 * What goes to a receiver, in order: the entries, each with the first checkpoint that counts it, and behind the last entry that
 * a checkpoint counts the checkpoint itself. Nothing leaves before it is under a checkpoint: what the receiver holds can then
 * be proved against the console, and not only the other way round.
 */
export type ExportRecord = EntryRecord | PrunedRecord | CheckpointRecord;

export interface EntryRecord {
  readonly type: 'entry';
  readonly entry: AuditEntry;
  /** Exactly what was hashed. */
  readonly body: string;
  /** Canonical JSON of what opens its sealed parts; empty where it has none. */
  readonly opened: string;
  readonly checkpoint: Checkpoint;
}

/** An entry that was past its time before the receiver got it. */
export interface PrunedRecord {
  readonly type: 'pruned';
  readonly seq: number;
  readonly hash: string;
  readonly checkpoint: Checkpoint;
}

export interface CheckpointRecord {
  readonly type: 'checkpoint';
  readonly checkpoint: Checkpoint;
  /** The signed note. */
  readonly note: string;
}

export interface Batch {
  readonly records: readonly ExportRecord[];
  /** The last entry in it. */
  readonly upTo: number;
}

const BATCH_ENTRIES = 500;
/** Of bodies. One larger entry is a batch of its own. */
const BATCH_CHARACTERS = 1_048_576;

/** What comes after entry `after`; null: nothing that a checkpoint counts. */
export async function readBatch(context: Context, organizationId: string, after: number): Promise<Batch | null> {
  const { db } = context.store;
  const { signed } = await db
    .selectFrom('audit_checkpoints')
    .select((eb) => eb.fn.max<number | null>('size').as('signed'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow();
  if (signed === null || signed <= after) return null;
  const sizes = await db
    .selectFrom('audit_entries')
    .select(['seq', (eb) => eb.fn<number>('length', ['body']).as('characters')])
    .where('organization_id', '=', organizationId)
    .where('seq', '>', after)
    .where('seq', '<=', signed)
    .orderBy('seq')
    .limit(BATCH_ENTRIES)
    .execute();
  let upTo = sizes[0]?.seq;
  if (upTo === undefined) return null;
  let characters = 0;
  for (const { seq, characters: own } of sizes) {
    characters += Number(own);
    if (characters > BATCH_CHARACTERS && seq !== sizes[0]?.seq) break;
    upTo = seq;
  }
  const rows = await db
    .selectFrom('audit_entries')
    .select(['seq', 'body', 'previous_hash', 'hash'])
    .where('organization_id', '=', organizationId)
    .where('seq', '>', after)
    .where('seq', '<=', upTo)
    .orderBy('seq')
    .execute();
  const whole = rows.filter(({ body }) => body !== '');
  const entries = (await openEntries(context, organizationId, whole)).values();
  const notes = await checkpointsFor(context, organizationId, after, upTo);
  const records: ExportRecord[] = [];
  let next = 0;
  for (const row of rows) {
    while (notes[next] !== undefined && notes[next]!.checkpoint.size < row.seq) next++;
    const covering = notes[next];
    // Every one is below `signed`: without it, somebody removed checkpoints.
    if (covering === undefined) throw new Error(`no checkpoint counts entry ${row.seq} of ${organizationId}`);
    const { checkpoint } = covering;
    if (row.body === '') records.push({ type: 'pruned', seq: row.seq, hash: row.hash, checkpoint });
    else {
      const { readable, opened } = entries.next().value!;
      const text = opened === undefined ? '' : canonicalJson(opened);
      records.push({ type: 'entry', entry: readable, body: row.body, opened: text, checkpoint });
    }
    if (covering.checkpoint.size === row.seq) records.push({ type: 'checkpoint', ...covering });
  }
  return { records, upTo };
}

/** Those behind entries after `after` up to `upTo`, and the first that counts `upTo`. */
async function checkpointsFor(context: Context, organizationId: string, after: number, upTo: number) {
  const select = () =>
    context.store.db
      .selectFrom('audit_checkpoints')
      .select('note')
      .where('organization_id', '=', organizationId)
      .orderBy('size');
  const within = await select().where('size', '>', after).where('size', '<', upTo).execute();
  const covering = await select().where('size', '>=', upTo).limit(1).execute();
  return [...within, ...covering].map(({ note }) => {
    const text = parseNote(note)?.text;
    const checkpoint = text === undefined ? undefined : parseCheckpoint(text);
    if (checkpoint === undefined) throw new Error('a stored audit checkpoint is not one');
    return { note, checkpoint };
  });
}

export const referenceOf = ({ size, root }: Checkpoint) => `${size} ${Buffer.from(root).toString('base64')}`;

/** For tests of a receiver: an entry of no log. */
export function testRecord(organizationId: string, checkpoint: Checkpoint, nowMs: number): EntryRecord {
  const entry: AuditEntry = {
    ...{ seq: 0, id: 'aud_test', organizationId, at: new Date(nowMs).toISOString() },
    actor: { kind: 'system', id: 'console', name: 'console', address: '' },
    ...{ action: 'audit.export_test', objectKind: 'audit_export', objectId: '', before: null, after: null },
    ...{ requestId: '', previousHash: '', hash: '' },
  };
  return { type: 'entry', entry, body: '{}', opened: '', checkpoint };
}
