import { sql } from 'kysely';
import type { Context } from '../context.ts';

/** Stores that these devices have a tunnel now, or had one until now. No change of anything that gateways must know. */
export async function storeSightings(
  context: Context,
  organizationId: string,
  deviceIds: ReadonlySet<string>,
): Promise<void> {
  if (deviceIds.size === 0) return;
  const { store, clock } = context;
  // One parameter, however many there are.
  const ids = JSON.stringify([...deviceIds]);
  const among =
    store.kind === 'sqlite'
      ? sql<string>`(select value from json_each(${ids}))`
      : sql<string>`(select jsonb_array_elements_text(${ids}::jsonb))`;
  await store.db
    .updateTable('devices')
    .set({ last_seen_at: clock() })
    .where('organization_id', '=', organizationId)
    .where(sql<boolean>`id in ${among}`)
    .execute();
}
