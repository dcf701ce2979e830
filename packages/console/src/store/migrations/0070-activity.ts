import { type Kysely, SqliteAdapter, sql } from 'kysely';

/** What each user and device does, and what each policy decided, as numbers. They begin with this version. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  // Both are read in the order of their keys.
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  const activity = schema
    .createTable('activity')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('step', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('requests', 'bigint', (c) => c.notNull())
    .addColumn('refused', 'bigint', (c) => c.notNull())
    .addColumn('bytes_in', 'bigint', (c) => c.notNull())
    .addColumn('bytes_out', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('activity_key', ['organization_id', 'scope', 'step', 'at']);
  await (isSqlite ? activity.modifyEnd(sql`without rowid`) : activity).execute();
  await schema
    .createIndex('activity_at')
    .on('activity')
    .columns(['step', 'at', 'organization_id', 'scope', 'requests'])
    .execute();
  const parts = schema
    .createTable('activity_parts')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('day', 'integer', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('requests', 'bigint', (c) => c.notNull())
    .addColumn('refused', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('activity_parts_key', ['organization_id', 'scope', 'day', 'kind', 'value']);
  await (isSqlite ? parts.modifyEnd(sql`without rowid`) : parts).execute();
  await schema.createIndex('activity_parts_day').on('activity_parts').column('day').execute();
  await schema
    .createTable('policy_hits')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('step', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('policy_id', 'text', (c) => c.notNull())
    .addColumn('effect', 'text', (c) => c.notNull())
    .addColumn('shard', 'integer', (c) => c.notNull())
    .addColumn('count', 'bigint', (c) => c.notNull())
    .addColumn('last_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('policy_hits_key', ['organization_id', 'step', 'at', 'policy_id', 'effect', 'shard'])
    .execute();
}
