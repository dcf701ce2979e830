import type { Kysely } from 'kysely';

/** Audit exports are changed with the version that was read. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('audit_exports')
    .addColumn('version', 'integer', (c) => c.notNull().defaultTo(1))
    .execute();
}
