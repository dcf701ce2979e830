import { type Kysely, sql } from 'kysely';

/** What was wrong, from when to when, and who looked after it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('incidents')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('alarm_key', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('severity', 'text', (c) => c.notNull())
    .addColumn('object_kind', 'text', (c) => c.notNull())
    .addColumn('object_id', 'text', (c) => c.notNull())
    .addColumn('object_name', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('opened_at', 'bigint', (c) => c.notNull())
    .addColumn('last_seen_at', 'bigint', (c) => c.notNull())
    .addColumn('closed_at', 'bigint')
    .addColumn('closed_by', 'text')
    .addColumn('count', 'integer', (c) => c.notNull())
    .addColumn('acknowledged_at', 'bigint')
    .addColumn('acknowledged_by', 'text')
    .addColumn('note', 'text', (c) => c.notNull())
    .execute();
  // Of one thing that is wrong there is one open incident, however many consoles look.
  await schema
    .createIndex('incidents_open')
    .on('incidents')
    .columns(['organization_id', 'alarm_key'])
    .unique()
    .where(sql.ref('closed_at'), 'is', null)
    .execute();
  await schema.createIndex('incidents_organization').on('incidents').columns(['organization_id', 'id']).execute();
  await schema
    .createIndex('incidents_closed')
    .on('incidents')
    .columns(['organization_id', 'alarm_key', 'closed_at'])
    .execute();
}
