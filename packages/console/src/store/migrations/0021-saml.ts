import type { Kysely } from 'kysely';

/** What SAML needs beyond other providers: metadata that outlive their server, and an answer that waits for its browser. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('saml_metadata')
    .addColumn('provider_id', 'text', (c) => c.primaryKey().references('identity_providers.id').onDelete('cascade'))
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('provider_version', 'integer', (c) => c.notNull())
    .addColumn('document', 'text', (c) => c.notNull())
    .addColumn('fetched_at', 'bigint', (c) => c.notNull())
    .addColumn('tried_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.alterTable('sign_in_flows').addColumn('answered_at', 'bigint').execute();
  await schema.alterTable('sign_in_flows').addColumn('answer', 'text').execute();
}
