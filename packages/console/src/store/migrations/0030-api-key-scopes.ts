import type { Kysely } from 'kysely';

/** API keys: scopes, rotation, and where one was used last. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const column of ['scopes', 'last_used_address', 'replaced_by']) {
    await db.schema.alterTable('api_keys').addColumn(column, 'text').execute();
  }
}
