import {
  type Checkpoint,
  consistencyProof,
  formatCheckpoint,
  formatVerifierKey,
  inclusionProof,
  type NoteSigner,
  originOf,
  parseCheckpoint,
  parseNote,
  signNote,
  treeRoot,
} from '@zeronaut/audit';
import type { AuditCheckpoint, AuditExportPage, AuditProof } from '@zeronaut/model';
import { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import type { Caller, Context } from '../context.ts';
import { openEntries } from './subjects.ts';
import { createReadNode, growTiles } from './tree-store.ts';

/** Checkpoints of one log: made when something was logged since the last, signed by both keys, never a second for one size. */

const DAY_MS = 86_400_000;

interface Stored {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

export async function signersOf(context: Context, organizationId: string): Promise<NoteSigner[]> {
  const { ed25519, mlDsa } = await context.authority.auditKeys();
  const name = originOf(organizationId);
  return [
    { name, kind: 'ed25519', privateKey: ed25519 },
    { name, kind: 'ml-dsa-65', privateKey: mlDsa },
  ];
}

function parseStored(note: string): Stored {
  const parsed = parseNote(note);
  const checkpoint = parsed === undefined ? undefined : parseCheckpoint(parsed.text);
  if (checkpoint === undefined) throw new Error('a stored audit checkpoint is not one');
  return { note, checkpoint };
}

export async function lastCheckpoint(queries: Queries, organizationId: string): Promise<Stored | undefined> {
  const row = await queries
    .selectFrom('audit_checkpoints')
    .select('note')
    .where('organization_id', '=', organizationId)
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? undefined : parseStored(row.note);
}

/**
 * The checkpoint of all that is logged now. What was signed once is not signed away: if the log is shorter than the last
 * checkpoint says, or its tree or its end is another, this refuses and nothing is signed.
 */
export async function makeCheckpoint(context: Context, organizationId: string): Promise<Stored | Refusal> {
  const { db } = context.store;
  const { audit_seq: size, audit_head: head } = await db
    .selectFrom('organizations')
    .select(['audit_seq', 'audit_head'])
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  const last = await lastCheckpoint(db, organizationId);
  if (last?.checkpoint.size === size && last.checkpoint.head === head) return last;
  if (last !== undefined && last.checkpoint.size >= size) {
    // Another call may have been quicker with a longer log; a log that goes back is none of ours.
    const { audit_seq: now } = await db
      .selectFrom('organizations')
      .select('audit_seq')
      .where('id', '=', organizationId)
      .executeTakeFirstOrThrow();
    if (now < last.checkpoint.size || last.checkpoint.size === size) return inconsistent(size);
    return last;
  }
  await growTiles(db, organizationId, size);
  const read = createReadNode(db, organizationId);
  if (last !== undefined) {
    const before = await treeRoot(read, last.checkpoint.size);
    if (Buffer.compare(before, last.checkpoint.root) !== 0) return inconsistent(last.checkpoint.size);
  }
  const end = await db
    .selectFrom('audit_entries')
    .select('hash')
    .where('organization_id', '=', organizationId)
    .where('seq', '=', size)
    .executeTakeFirst();
  if (size > 0 && end?.hash !== head) return inconsistent(size);
  const nowMs = context.clock();
  const root = await treeRoot(read, size);
  const text = formatCheckpoint({
    origin: originOf(organizationId),
    size,
    root,
    head,
    at: new Date(nowMs).toISOString(),
  });
  const lines = (await signersOf(context, organizationId)).map((signer) => signNote(text, signer, nowMs));
  const note = `${text}\n${lines.join('')}`;
  await db
    .insertInto('audit_checkpoints')
    .values({ organization_id: organizationId, size, at: nowMs, day: Math.floor(nowMs / DAY_MS), note })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { note: stored } = await db
    .selectFrom('audit_checkpoints')
    .select('note')
    .where('organization_id', '=', organizationId)
    .where('size', '=', size)
    .executeTakeFirstOrThrow();
  return parseStored(stored);
}

const inconsistent = (size: number) =>
  new Refusal('audit.inconsistent', { detail: `it differs within its first ${size} entries` });

export async function getCheckpoint(context: Context, caller: Caller): Promise<AuditCheckpoint | Refusal> {
  const { organizationId } = caller;
  const made = await makeCheckpoint(context, organizationId);
  if (made instanceof Refusal) return made;
  await context.askWitnesses(organizationId);
  // With the cosignatures that have come.
  const { note, checkpoint } = (await lastCheckpoint(context.store.db, organizationId)) ?? made;
  const signers = await signersOf(context, organizationId);
  return {
    ...{ origin: checkpoint.origin, size: checkpoint.size, at: checkpoint.at, note },
    root: Buffer.from(checkpoint.root).toString('base64'),
    keys: signers.map(({ name, kind, privateKey }) => formatVerifierKey(name, kind, privateKey)),
  };
}

/** That entry `seq` is in the tree of the newest checkpoint. */
export async function proveInclusion(context: Context, caller: Caller, seq: number): Promise<AuditProof | Refusal> {
  const made = await makeCheckpoint(context, caller.organizationId);
  if (made instanceof Refusal) return made;
  const { note, checkpoint } = made;
  if (seq > checkpoint.size) return new Refusal('api.not_found', { detail: `the log has ${checkpoint.size} entries` });
  const read = createReadNode(context.store.db, caller.organizationId);
  const proof = await inclusionProof(read, seq - 1, checkpoint.size);
  return { size: checkpoint.size, note, hashes: proof.map(toText) };
}

/** That the log of `from` entries is how the log of the newest checkpoint begins. */
export async function proveConsistency(context: Context, caller: Caller, from: number): Promise<AuditProof | Refusal> {
  const made = await makeCheckpoint(context, caller.organizationId);
  if (made instanceof Refusal) return made;
  const { note, checkpoint } = made;
  if (from > checkpoint.size) return new Refusal('api.not_found', { detail: `the log has ${checkpoint.size} entries` });
  const read = createReadNode(context.store.db, caller.organizationId);
  const proof = await consistencyProof(read, from, checkpoint.size);
  return { size: checkpoint.size, note, hashes: proof.map(toText) };
}

/** Entries from `from` on, oldest first, with the checkpoints that were made behind them. */
export async function exportPage(
  context: Context,
  caller: Caller,
  { from, to, limit }: { from: number; to: number; limit: number },
): Promise<AuditExportPage> {
  const { db } = context.store;
  const rows = await db
    .selectFrom('audit_entries')
    .select(['seq', 'body', 'previous_hash', 'hash'])
    .where('organization_id', '=', caller.organizationId)
    .where('seq', '>=', from)
    .where('seq', '<=', to)
    .orderBy('seq')
    .limit(limit)
    .execute();
  const last = rows.at(-1)?.seq;
  const checkpoints =
    last === undefined
      ? []
      : await db
          .selectFrom('audit_checkpoints')
          .select(['size', 'note'])
          .where('organization_id', '=', caller.organizationId)
          .where('size', '>=', from)
          .where('size', '<=', last)
          .orderBy('size')
          .execute();
  const entries = await openEntries(
    context,
    caller.organizationId,
    rows.filter(({ body }) => body !== ''),
  );
  let next = 0;
  type Item = AuditExportPage['items'][number];
  return {
    items: rows.map(({ seq, body, hash, previous_hash: previousHash }): Item => {
      if (body === '') return { seq, hash };
      const { entry, opened } = entries[next++]!;
      return { entry, previousHash, hash, ...(opened === undefined ? {} : { opened: [...opened] as Opened }) };
    }),
    checkpoints: checkpoints.map(({ size, note }) => ({ size: Number(size), note })),
  };
}

/** As the schema has it, which knows no readonly lists. */
type Opened = NonNullable<Extract<AuditExportPage['items'][number], { entry: unknown }>['opened']>;

const toText = (hash: Uint8Array) => Buffer.from(hash).toString('base64');

/** Organizations whose log has grown since its last checkpoint. */
export async function organizationsToSign(context: Context): Promise<string[]> {
  const rows = await context.store.db
    .selectFrom('organizations')
    .select('id')
    .where('audit_seq', '>', 0)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('audit_checkpoints')
            .select('size')
            .whereRef('audit_checkpoints.organization_id', '=', 'organizations.id')
            .whereRef('audit_checkpoints.size', '=', 'organizations.audit_seq'),
        ),
      ),
    )
    .execute();
  return rows.map(({ id }) => id);
}
