import type { Kysely } from 'kysely';

/** Header rules of resources, and apart from them the values that nobody reads again, sealed. Null: none. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('resources').addColumn('headers', 'text').execute();
  await db.schema.alterTable('resources').addColumn('header_secrets', 'text').execute();
}
