import type { Kysely } from 'kysely';

/** Receivers of notifications are changed: with the version that was read. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('notifications')
    .addColumn('version', 'integer', (c) => c.notNull().defaultTo(1))
    .execute();
}
