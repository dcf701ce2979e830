import type { Expression } from 'kysely';
import type { Queries } from '../../store/store.ts';

export interface ThroughDevice {
  readonly kind: 'resource' | 'site';
  readonly name: string;
}

/** What is reached through these devices (a list of ids, or a query for them), at most `limit` of each kind. */
export async function throughDevices(
  queries: Queries,
  organizationId: string,
  devices: readonly string[] | Expression<{ id: string }>,
  limit: number,
): Promise<ThroughDevice[]> {
  // Kysely takes both, and says so with overloads that a union of them does not fit.
  const among = devices as readonly string[];
  const resources = await queries
    .selectFrom('resources')
    .select('name')
    .where('organization_id', '=', organizationId)
    .where((eb) =>
      eb.or([
        eb('device_id', 'in', among),
        eb('id', 'in', eb.selectFrom('targets').select('resource_id').where('device_id', 'in', among)),
      ]),
    )
    .orderBy('id')
    .limit(limit)
    .execute();
  const sites = await queries
    .selectFrom('sites')
    .select('name')
    .where('organization_id', '=', organizationId)
    .where('device_id', 'in', among)
    .orderBy('id')
    .limit(limit)
    .execute();
  return [
    ...resources.map(({ name }) => ({ kind: 'resource' as const, name })),
    ...sites.map(({ name }) => ({ kind: 'site' as const, name })),
  ];
}
