import type { Kysely } from 'kysely';

/** What a gateway said of itself last: whole as JSON, and as columns what lists are sorted by. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.alterTable('gateways').addColumn('load', 'text').execute();
  await schema.alterTable('gateways').addColumn('load_at', 'bigint').execute();
  await schema.alterTable('gateways').addColumn('cpu_percent', 'integer').execute();
  await schema.alterTable('gateways').addColumn('open_connections', 'bigint').execute();
}
