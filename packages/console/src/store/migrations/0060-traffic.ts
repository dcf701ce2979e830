import { type Kysely, SqliteAdapter, sql } from 'kysely';

/** Columns of the latency histogram, as many as there were when this was written. */
const LATENCY_COLUMNS = 25;

/** Access events as numbers, for charts. They begin with this version: older events are not counted after the fact. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  let traffic = schema
    .createTable('traffic')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('scope', 'text', (c) => c.notNull())
    .addColumn('step', 'integer', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('shard', 'integer', (c) => c.notNull());
  for (const column of ['requests', 'refused', 'challenged', 'failed', 'bytes_in', 'bytes_out'] as const) {
    traffic = traffic.addColumn(column, 'bigint', (c) => c.notNull());
  }
  for (let index = 0; index < LATENCY_COLUMNS; index++) {
    traffic = traffic.addColumn(`l${index}`, 'bigint', (c) => c.notNull());
  }
  traffic = traffic.addPrimaryKeyConstraint('traffic_key', ['organization_id', 'scope', 'step', 'at', 'shard']);
  // Read in the order of its key and hardly otherwise, so it is kept in that order.
  const isSqlite = db.getExecutor().adapter instanceof SqliteAdapter;
  await (isSqlite ? traffic.modifyEnd(sql`without rowid`) : traffic).execute();
  // All that top lists are ranked by, so that ranking thousands reads nothing else.
  await schema
    .createIndex('traffic_kind')
    .on('traffic')
    .columns([
      'organization_id',
      'kind',
      'step',
      'at',
      'scope',
      'requests',
      'failed',
      'refused',
      'bytes_in',
      'bytes_out',
    ])
    .execute();
  await schema.createIndex('traffic_at').on('traffic').columns(['step', 'at']).execute();
  await schema
    .createTable('traffic_reasons')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('resource_id', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('shard', 'integer', (c) => c.notNull())
    .addColumn('count', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('traffic_reasons_key', ['organization_id', 'resource_id', 'at', 'reason', 'shard'])
    .execute();
  await schema.createIndex('traffic_reasons_at').on('traffic_reasons').column('at').execute();
}
