import type { Kysely } from 'kysely';

/** Events past their time are found by organization, as lists find them: one index less to write for each event. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('access_events_at').execute();
}
