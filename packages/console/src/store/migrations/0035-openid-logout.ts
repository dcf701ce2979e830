import { type Kysely, sql } from 'kysely';

/** Services are told when a session ends that signed somebody in to them (Back-Channel Logout), however long that takes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, type] of [
    ['sid', 'text'],
    ['logout_at', 'bigint'],
    ['logout_tries', 'integer'],
    ['logged_out_at', 'bigint'],
  ] as const) {
    await db.schema.alterTable('openid_records').addColumn(name, type).execute();
  }
  await db.schema
    .createIndex('openid_records_session')
    .on('openid_records')
    .column('session_id')
    .where(sql.ref('model'), '=', sql.lit('Grant'))
    .where(sql.ref('logged_out_at'), 'is', null)
    .execute();
}
