import type { ColumnDefinitionBuilder, Kysely } from 'kysely';

/** Workload identity federation: whom to trust, what came of it, and which tokens were seen. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const organizationId = (c: ColumnDefinitionBuilder) => c.notNull().references('organizations.id').onDelete('cascade');
  const userId = (c: ColumnDefinitionBuilder) => c.notNull().references('users.id').onDelete('cascade');
  const trustId = (c: ColumnDefinitionBuilder) => c.notNull().references('workload_trusts.id').onDelete('cascade');

  await db.schema
    .createTable('workload_trusts')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', userId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('audience', 'text', (c) => c.notNull())
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('workload_trusts_organization')
    .on('workload_trusts')
    .columns(['organization_id', 'id'])
    .execute();
  await db.schema
    .createTable('workload_tokens')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('trust_id', 'text', trustId)
    .addColumn('user_id', 'text', userId)
    .addColumn('token_hash', 'text', (c) => c.notNull().unique())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('scopes', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await db.schema.createIndex('workload_tokens_expiry').on('workload_tokens').column('expires_at').execute();
  await db.schema
    .createTable('workload_assertions')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('trust_id', 'text', trustId)
    .addColumn('assertion_id', 'text', (c) => c.notNull())
    .addColumn('uses', 'integer', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('workload_assertions_key', ['trust_id', 'assertion_id'])
    .execute();
  await db.schema.createIndex('workload_assertions_expiry').on('workload_assertions').column('expires_at').execute();
}
