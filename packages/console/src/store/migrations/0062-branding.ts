import type { Kysely } from 'kysely';

/** How pages of gateways present themselves: JSON, null where nobody said anything. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('organizations').addColumn('branding', 'text').execute();
}
