import type { Kysely } from 'kysely';

/** Where a site is, by the word of its operator: JSON, or nothing. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sites').addColumn('place', 'text').execute();
}
