import type { Kysely } from 'kysely';

/** What listens on the machines of agents that were told to look, as each said last. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('device_discoveries')
    .addColumn('device_id', 'text', (c) => c.primaryKey().references('devices.id').onDelete('cascade'))
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('services', 'text', (c) => c.notNull())
    .addColumn('publishes', 'integer', (c) => c.notNull())
    .addColumn('reported_at', 'bigint', (c) => c.notNull())
    .execute();
}
