import type { Kysely } from 'kysely';

/** The device that a session of the command line is bound to: it proves its key with each call, and ends with it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').addColumn('device_id', 'text').execute();
  await db.schema.createIndex('sessions_device').on('sessions').columns(['organization_id', 'device_id']).execute();
}
