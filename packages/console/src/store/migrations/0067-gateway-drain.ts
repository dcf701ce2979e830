import type { Kysely } from 'kysely';

/** Gateways that are being emptied: since when, and until when open connections may go on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('gateways').addColumn('drain_since', 'bigint').execute();
  await db.schema.alterTable('gateways').addColumn('drain_until', 'bigint').execute();
}
