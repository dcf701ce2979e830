import { type Kysely, sql } from 'kysely';

/** What did not pass at one resource, newest first: few among all that it was asked. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createIndex('access_events_resource_refused')
    .on('access_events')
    .columns(['resource_id', 'effect', 'at'])
    .where(sql.ref('effect'), '<>', sql.lit('pass'))
    .execute();
}
