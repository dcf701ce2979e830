import type { Kysely } from 'kysely';

/** Who is told of alarms, and of which each was told. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('notifications')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text')
    .addColumn('alarms', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_delivered_at', 'bigint')
    .addColumn('failures', 'integer', (c) => c.notNull())
    .addColumn('last_error', 'text')
    .addColumn('next_try_at', 'bigint', (c) => c.notNull())
    .addUniqueConstraint('notifications_name', ['organization_id', 'name'])
    .execute();
  await db.schema
    .createTable('notified_alarms')
    .addColumn('notification_id', 'text', (c) => c.notNull().references('notifications.id').onDelete('cascade'))
    .addColumn('alarm_key', 'text', (c) => c.notNull())
    .addColumn('alarm', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('notified_alarms_key', ['notification_id', 'alarm_key'])
    .execute();
}
