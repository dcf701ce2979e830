import type { Kysely } from 'kysely';

/** How long an organization keeps audit entries and access events, and up to where texts of entries were pruned. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_retentions')
    .addColumn('organization_id', 'text', (c) => c.primaryKey().references('organizations.id').onDelete('cascade'))
    .addColumn('policy', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .execute();
  await db.schema
    .createTable('audit_prunings')
    .addColumn('organization_id', 'text', (c) => c.primaryKey().references('organizations.id').onDelete('cascade'))
    .addColumn('up_to', 'bigint', (c) => c.notNull())
    .addColumn('swept', 'bigint', (c) => c.notNull())
    .execute();
}
