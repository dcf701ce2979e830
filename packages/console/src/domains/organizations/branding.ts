import { type Branding, branding, DEFAULT_BRANDING } from '@zeronaut/model';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';

/** Null: nobody said anything, and snapshots say nothing of it. */
export async function findBranding(queries: Queries, organizationId: string): Promise<Branding | null> {
  const row = await queries
    .selectFrom('organizations')
    .select('branding')
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  return row.branding === null ? null : branding.parse(JSON.parse(row.branding));
}

export async function getBranding(context: Context, caller: Caller): Promise<Branding> {
  return (await findBranding(context.store.db, caller.organizationId)) ?? DEFAULT_BRANDING;
}

/** Gateways show it with their next snapshot, within a second. */
export async function setBranding(context: Context, caller: Caller, input: Branding): Promise<Branding> {
  const id = caller.organizationId;
  return await context.store.change(id, async (queries) => {
    const before = await findBranding(queries, id);
    await queries
      .updateTable('organizations')
      .set({ branding: JSON.stringify(input) })
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      ...{ action: 'organization.branding', objectKind: 'organization', objectId: id, before, after: input },
    });
    return input;
  });
}
