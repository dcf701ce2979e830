import { Refusal } from '../../store/refusal.ts';
import { appendAudit } from '../audit/audit.ts';
import type { Caller, Context } from '../context.ts';

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
  segments: readonly string[],
): Promise<{ id: string; kind: (typeof KINDS)[keyof typeof KINDS]; name: string; segments: string[] } | Refusal> {
  const { organizationId } = caller;
  const wanted = [...new Set(segments)].sort();
  const prefix = Object.entries(BY_PREFIX).find(([start]) => idOrName.startsWith(start));
  return await context.store.change(organizationId, async (queries) => {
    for (const table of prefix === undefined ? TABLES : [prefix[1]]) {
      const row = await queries
        .selectFrom(table)
        .select(['id', 'name', 'segments'])
        .where('organization_id', '=', organizationId)
        .where(prefix === undefined ? 'name' : 'id', '=', idOrName)
        .orderBy('id', 'desc')
        .executeTakeFirst();
      if (row === undefined) continue;
      await queries
        .updateTable(table)
        .set({ segments: JSON.stringify(wanted) })
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
      return { id: row.id, kind, name: row.name, segments: wanted };
    }
    return new Refusal('api.not_found');
  });
}
