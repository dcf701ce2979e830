/** Where gateways, sites and devices are, by the word of their operators. It is shown alone: no snapshot says anything of it. */
import { type Place, place } from '@zeronaut/model';
import { Refusal } from '../store/refusal.ts';
import type { Schema } from '../store/schema.ts';
import { appendAudit } from './audit/audit.ts';
import type { Caller, Context } from './context.ts';
import { counted, locking, refuseStale, versionOfRow } from './if-match.ts';

/** Tables whose rows have a place. */
type PlacedTable = {
  [T in keyof Schema]: 'place' extends keyof Schema[T] ? T : never;
}[keyof Schema];

export function toPlace(stored: string | null): Place | null {
  return stored === null ? null : place.parse(JSON.parse(stored));
}

/** `null`: nowhere in particular. */
export async function setPlace(
  context: Context,
  caller: Caller,
  id: string,
  version: number | null,
  input: Place | null,
  what: { readonly table: PlacedTable; readonly objectKind: string },
): Promise<undefined | Refusal> {
  // All these tables share the columns used here, which Kysely cannot see through a union.
  const table = what.table as 'sites';
  return await context.store.transaction(async (queries) => {
    const before = await queries
      .selectFrom(table)
      .selectAll()
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .$call(locking(context))
      .executeTakeFirst();
    if (before === undefined) return new Refusal('api.not_found');
    const stale = refuseStale(version, versionOfRow(before));
    if (stale !== null) return stale;
    await queries
      .updateTable(table)
      .set({ place: input === null ? null : JSON.stringify(input), ...counted(before) })
      .where('organization_id', '=', caller.organizationId)
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      action: `${what.objectKind}.place`,
      objectKind: what.objectKind,
      objectId: id,
      before: { place: toPlace(before.place) },
      after: { place: input },
    });
    return undefined;
  });
}
