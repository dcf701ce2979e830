import type { ColumnDefinitionBuilder, Kysely } from 'kysely';

/** Links that were mailed to sign somebody in. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  const parent = (table: string) => (c: ColumnDefinitionBuilder) =>
    c.notNull().references(`${table}.id`).onDelete('cascade');
  await schema
    .createTable('magic_links')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', parent('organizations'))
    .addColumn('user_id', 'text', parent('users'))
    .addColumn('browser_hash', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await schema.createIndex('magic_links_user').on('magic_links').column('user_id').execute();
  await schema.createIndex('magic_links_expiry').on('magic_links').column('expires_at').execute();
}
