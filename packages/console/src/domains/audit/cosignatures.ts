import { consistencyProof, formatVerifierKey, isSignedBy, parseNote, parseVerifierKey } from '@zeronaut/audit';
import type { SyncFromConsole } from '@zeronaut/model';
import type { Context } from '../context.ts';
import { lastCheckpoint, signersOf } from './checkpoints.ts';
import { createReadNode } from './tree-store.ts';

/** With so many a checkpoint is vouched for; more would only make it longer. */
const MAX_COSIGNATURES = 64;

type Offer = Omit<Extract<SyncFromConsole, { type: 'checkpoint' }>, 'type'>;

/** The newest checkpoint for a witness that vouched for `from` entries last; null: there is nothing that it could add. */
export async function offerOf(
  context: Context,
  organizationId: string,
  from: number,
): Promise<{ size: number; message: Offer } | null> {
  const { db } = context.store;
  const last = await lastCheckpoint(db, organizationId);
  if (last === undefined || last.checkpoint.size === 0 || last.checkpoint.size === from) return null;
  const { size } = last.checkpoint;
  // A witness that knows of more than we have gets to see it all the same: it is the one to say so.
  const isProvable = from > 0 && from < size;
  const proof = isProvable ? await consistencyProof(createReadNode(db, organizationId), from, size) : [];
  const signers = await signersOf(context, organizationId);
  return {
    size,
    message: {
      note: last.note,
      keys: signers.map(({ name, kind, privateKey }) => formatVerifierKey(name, kind, privateKey)),
      consistency: proof.map((hash) => Buffer.from(hash).toString('base64')),
    },
  };
}

/** Adds the line to the checkpoint of that size. False: it is not a good cosignature of that key. */
export async function addCosignature(
  context: Context,
  organizationId: string,
  verifierKey: string,
  { size, line }: { size: number; line: string },
): Promise<boolean> {
  const verifier = parseVerifierKey(verifierKey);
  if (verifier?.kind !== 'cosignature' || !/^— \S+ \S+\n$/.test(line)) return false;
  const { db } = context.store;
  const read = () =>
    db
      .selectFrom('audit_checkpoints')
      .select('note')
      .where('organization_id', '=', organizationId)
      .where('size', '=', size)
      .executeTakeFirst();
  for (;;) {
    const row = await read();
    const known = row === undefined ? undefined : parseNote(row.note);
    // Thinned out meanwhile, or vouched for by enough.
    if (row === undefined || known === undefined || known.signatures.length >= MAX_COSIGNATURES) return true;
    if (isSignedBy(known, verifier)) return true;
    const note = parseNote(row.note + line);
    if (note === undefined || !isSignedBy(note, verifier)) return false;
    const { numUpdatedRows } = await db
      .updateTable('audit_checkpoints')
      .set({ note: row.note + line })
      .where('organization_id', '=', organizationId)
      .where('size', '=', size)
      // Another gateway's line that came meanwhile stays: then it is tried again.
      .where('note', '=', row.note)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) return true;
  }
}
