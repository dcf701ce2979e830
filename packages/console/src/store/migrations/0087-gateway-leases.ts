import type { Kysely } from 'kysely';

/** How long a gateway decides without hearing from the console, by the snapshot that it runs (s); null: for ever. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('gateways').addColumn('lease_seconds', 'integer').execute();
}
