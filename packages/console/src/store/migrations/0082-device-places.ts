import type { Kysely } from 'kysely';

/** Where a device is, by the word of an operator: JSON, or nothing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('devices').addColumn('place', 'text').execute();
}
