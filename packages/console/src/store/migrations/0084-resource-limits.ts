import type { Kysely } from 'kysely';

/** Limits of resources, and how their targets are chosen. Null: none, and by weight. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('resources').addColumn('limits', 'text').execute();
  await db.schema.alterTable('resources').addColumn('balancing', 'text').execute();
}
