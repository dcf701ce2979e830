import type { Kysely } from 'kysely';

/** Who decided, of classes of access decisions that are not in the audit log yet. Null: it was not noted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('decision_counts').addColumn('deciders', 'text').execute();
}
