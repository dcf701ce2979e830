import { type Branding, type BrandingView, branding, DEFAULT_BRANDING } from '@zeronaut/model';
import type { Refusal } from '../../store/refusal.ts';
import type { Queries } from '../../store/store.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { refuseStale, versionOf } from '../if-match.ts';
import { lockOrganization } from './organizations.ts';

/** Null: nobody said anything, and snapshots say nothing of it. */
export async function findBranding(queries: Queries, organizationId: string): Promise<Branding | null> {
  const row = await queries
    .selectFrom('organizations')
    .select('branding')
    .where('id', '=', organizationId)
    .executeTakeFirstOrThrow();
  return row.branding === null ? null : branding.parse(JSON.parse(row.branding));
}

function view(branding: Branding): BrandingView {
  return { ...branding, version: versionOf(branding) };
}

export async function getBranding(context: Context, caller: Caller): Promise<BrandingView> {
  return view((await findBranding(context.store.db, caller.organizationId)) ?? DEFAULT_BRANDING);
}

/** Gateways show it with their next snapshot, within a second. */
export async function setBranding(
  context: Context,
  caller: Caller,
  version: number | null,
  input: Branding,
): Promise<BrandingView | Refusal> {
  const id = caller.organizationId;
  return await context.store.change(id, async (queries) => {
    await lockOrganization(queries, context, id);
    const before = await findBranding(queries, id);
    const stale = refuseStale(version, view(before ?? DEFAULT_BRANDING).version);
    if (stale !== null) return stale;
    await queries
      .updateTable('organizations')
      .set({ branding: JSON.stringify(input) })
      .where('id', '=', id)
      .execute();
    await appendAudit(queries, context, caller, {
      ...{ action: 'organization.branding', objectKind: 'organization', objectId: id, before, after: input },
    });
    return view(input);
  });
}
