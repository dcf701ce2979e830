import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';

/** Identity providers, who their subjects are here, and sign-ins on their way. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  const organizationId = (c: ColumnDefinitionBuilder) => c.notNull().references('organizations.id').onDelete('cascade');
  const providerId = (c: ColumnDefinitionBuilder) =>
    c.notNull().references('identity_providers.id').onDelete('cascade');

  await schema
    .createTable('identity_providers')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('display_name', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('enabled', 'integer', (c) => c.notNull())
    .addColumn('position', 'integer', (c) => c.notNull())
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('sealed_secret', 'text')
    .addColumn('create_users', 'integer', (c) => c.notNull())
    .addColumn('default_role', 'text', (c) => c.notNull())
    .addColumn('group_mappings', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addUniqueConstraint('identity_providers_name', ['organization_id', 'name'])
    .execute();

  await schema
    .createTable('identity_provider_domains')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('domain', 'text', (c) => c.notNull())
    .addColumn('proof', 'text', (c) => c.notNull())
    .addColumn('challenge', 'text', (c) => c.notNull())
    .addColumn('verified_at', 'bigint')
    .addPrimaryKeyConstraint('identity_provider_domains_key', ['organization_id', 'domain'])
    .execute();
  await schema
    .createIndex('identity_provider_domains_domain')
    .on('identity_provider_domains')
    .column('domain')
    .execute();
  // A domain that DNS proved belongs to one organization of the whole console.
  await schema
    .createIndex('identity_provider_domains_proved')
    .unique()
    .on('identity_provider_domains')
    .column('domain')
    .where(sql.ref('proof'), '=', sql.lit('dns'))
    .where(sql.ref('verified_at'), 'is not', null)
    .execute();

  await schema
    .createTable('external_identities')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('granted_groups', 'text', (c) => c.notNull())
    .addColumn('granted_role', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('external_identities_key', ['provider_id', 'subject'])
    .execute();
  await schema.createIndex('external_identities_user').on('external_identities').column('user_id').execute();

  await schema
    .createTable('sign_in_flows')
    .addColumn('state_hash', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('browser_hash', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text')
    .addColumn('next', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await schema.createIndex('sign_in_flows_expiry').on('sign_in_flows').column('expires_at').execute();

  await schema
    .createTable('federated_sessions')
    .addColumn('session_id', 'text', (c) => c.primaryKey().references('sessions.id').onDelete('cascade'))
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('provider_session_id', 'text')
    .execute();
  await schema
    .createIndex('federated_sessions_subject')
    .on('federated_sessions')
    .columns(['provider_id', 'subject'])
    .execute();

  await schema
    .createTable('used_assertions')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('assertion_id', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('used_assertions_key', ['provider_id', 'assertion_id'])
    .execute();
  await schema.createIndex('used_assertions_expiry').on('used_assertions').column('expires_at').execute();
}
