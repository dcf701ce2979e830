import type { Kysely } from 'kysely';

/** What a session approved goes with it; null: approved at the console's own machine, or before this was kept. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('device_authorizations').addColumn('approved_by_session', 'text').execute();
}
