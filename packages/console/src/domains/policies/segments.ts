import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';
import { counted, locking, refuseStale, versionOfRow } from '../if-match.ts';

const TABLES = ['resources', 'sites', 'devices', 'gateways'] as const;
const KINDS = { resources: 'resource', sites: 'site', devices: 'device', gateways: 'gateway' } as const;
const BY_PREFIX = { res_: 'resources', site_: 'sites', dev_: 'devices', gw_: 'gateways' } as const;

/**
 * Which segments a resource, site, device or gateway is in. Policies rest on it, so it takes `policies:write` and not only the
 * right to change the thing itself. By name, a resource is meant before a site before a device before a gateway.
 */
export async function setSegments(
  context: Context,
  caller: Caller,
  idOrName: string,
  version: number | null,
  segments: readonly string[],
): Promise<
  { id: string; kind: (typeof KINDS)[keyof typeof KINDS]; name: string; segments: string[]; version: number } | Refusal
> {
  const { organizationId } = caller;
  const wanted = [...new Set(segments)].sort();
  const prefix = Object.entries(BY_PREFIX).find(([start]) => idOrName.startsWith(start));
  return await context.store.change(organizationId, async (queries) => {
    for (const table of prefix === undefined ? TABLES : [prefix[1]]) {
      // All these tables share the columns used here, which Kysely cannot see through a union.
      const of = table as 'sites';
      const row = await queries
        .selectFrom(of)
        .selectAll()
        .where('organization_id', '=', organizationId)
        .where(prefix === undefined ? 'name' : 'id', '=', idOrName)
        .orderBy('id', 'desc')
        .limit(1)
        .$call(locking(context))
        .executeTakeFirst();
      if (row === undefined) continue;
      const stale = refuseStale(version, versionOfRow(row));
      if (stale !== null) return stale;
      const change = { segments: JSON.stringify(wanted), ...counted(row) };
      await queries
        .updateTable(of)
        .set(change)
        .where('organization_id', '=', organizationId)
        .where('id', '=', row.id)
        .execute();
      const kind = KINDS[table];
      const before = JSON.parse(row.segments) as string[];
      await appendAudit(queries, context, caller, {
        action: 'segments.set',
        objectKind: kind,
        objectId: row.id,
        before: { segments: before },
        after: { segments: wanted },
      });
      return { id: row.id, kind, name: row.name, segments: wanted, version: versionOfRow({ ...row, ...change }) };
    }
    return new Refusal('api.not_found');
  });
}
