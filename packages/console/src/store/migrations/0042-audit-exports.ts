import type { Kysely } from 'kysely';

/** Where audit entries are sent, and how far that has come: `delivered` is the last entry that the receiver is known to have. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_exports')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('delivered', 'bigint', (c) => c.notNull())
    .addColumn('rejected', 'bigint', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('last_error', 'text')
    .addColumn('last_delivered_at', 'bigint')
    .addColumn('next_try_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('audit_exports_name', ['organization_id', 'name'])
    .execute();
  await db.schema.createIndex('audit_exports_due').on('audit_exports').column('next_try_at').execute();
}
