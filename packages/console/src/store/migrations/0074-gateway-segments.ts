import type { Kysely } from 'kysely';

/** Segments of gateways, as other things have them: policies name them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('gateways')
    .addColumn('segments', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
}
