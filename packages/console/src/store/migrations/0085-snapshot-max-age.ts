import type { Kysely } from 'kysely';

/** How long gateways may decide without hearing from the console (s); null: for ever, as before. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('organizations').addColumn('snapshot_max_age_seconds', 'integer').execute();
}
