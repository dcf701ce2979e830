import type { Kysely } from 'kysely';

/** When a device had a tunnel last. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('devices').addColumn('last_seen_at', 'bigint').execute();
}
