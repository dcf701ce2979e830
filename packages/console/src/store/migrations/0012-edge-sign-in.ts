import type { Kysely } from 'kysely';

/** A sign-in at a gateway may be heard of days later: what was ended meanwhile must count for it, too. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('users').addColumn('sessions_ended_at', 'bigint').execute();
}
