import type { Selectable } from 'kysely';
import { Refusal } from '../store/refusal.ts';
import type { Schema } from '../store/schema.ts';
import type { Queries } from '../store/store.ts';
import { appendAudit } from './audit/audit.ts';
import type { Caller, Context } from './context.ts';

/** Tables whose rows end by `revoked_at`. */
type RevocableTable = {
  [T in keyof Schema]: Schema[T] extends { id: string; organization_id: string; revoked_at: number | null } ? T : never;
}[keyof Schema];

export interface Revocable<T extends RevocableTable> {
  readonly table: T;
  readonly objectKind: string;
  /** In the audit chain. */
  readonly action: string;
  /** What the audit entry keeps of the row as it was; never a secret or its hash. */
  readonly view: (row: Selectable<Schema[T]>) => unknown;
  /** Gateways hold rows of this table, or refuse by what became of them: they are sent a new snapshot. */
  readonly inSnapshot: boolean;
  /** Only rows of this user; those of others do not exist. Default: all of the organization. */
  readonly ownerId?: string;
  /** What ends together with it, in the same transaction. */
  readonly also?: (queries: Queries, row: Selectable<Schema[T]>) => Promise<void>;
}

/** Revokes one row of the caller's organization, once and for ever. Revoking twice is no error. */
export async function revoke<T extends RevocableTable>(
  context: Context,
  caller: Caller,
  id: string,
  what: Revocable<T>,
): Promise<undefined | Refusal> {
  // All these tables share the columns used here, which Kysely cannot see through a type parameter.
  const table = what.table as 'shares';
  const run = async (queries: Queries): Promise<undefined | Refusal> => {
    // The condition on `revoked_at` makes one of two revocations at once the first.
    let update = queries
      .updateTable(table)
      .set({ revoked_at: context.clock() })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .where('revoked_at', 'is', null);
    let known = queries
      .selectFrom(table)
      .select('id')
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id);
    if (what.ownerId !== undefined) {
      update = update.where('user_id' as 'id', '=', what.ownerId);
      known = known.where('user_id' as 'id', '=', what.ownerId);
    }
    const revoked = await update.returningAll().executeTakeFirst();
    if (revoked === undefined) {
      return (await known.executeTakeFirst()) === undefined ? new Refusal('api.not_found') : undefined;
    }
    const row = { ...revoked, revoked_at: null } as unknown as Selectable<Schema[T]>;
    await what.also?.(queries, row);
    await appendAudit(queries, context, caller, {
      action: what.action,
      objectKind: what.objectKind,
      objectId: id,
      before: what.view(row),
    });
    return undefined;
  };
  return what.inSnapshot
    ? await context.store.change(caller.organizationId, run)
    : await context.store.transaction(run);
}
