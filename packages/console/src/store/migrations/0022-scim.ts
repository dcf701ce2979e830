import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';

/** People and groups that a company's directory pushes (SCIM 2.0), and who is in which. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  const organizationId = (c: ColumnDefinitionBuilder) => c.notNull().references('organizations.id').onDelete('cascade');
  const providerId = (c: ColumnDefinitionBuilder) =>
    c.notNull().references('identity_providers.id').onDelete('cascade');

  await schema
    .createTable('scim_users')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('external_id', 'text')
    .addColumn('given_name', 'text')
    .addColumn('family_name', 'text')
    .addColumn('granted_groups', 'text', (c) => c.notNull())
    .addColumn('granted_role', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('scim_users_key', ['provider_id', 'user_id'])
    .execute();
  await schema.createIndex('scim_users_user').on('scim_users').column('user_id').execute();
  await schema
    .createIndex('scim_users_external')
    .unique()
    .on('scim_users')
    .columns(['provider_id', 'external_id'])
    .where(sql.ref('external_id'), 'is not', null)
    .execute();

  await schema
    .createTable('scim_groups')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('provider_id', 'text', providerId)
    .addColumn('display_name', 'text', (c) => c.notNull())
    // In lower case: mappings are by name without regard to case, so that two names of one spelling must not be.
    .addColumn('name_key', 'text', (c) => c.notNull())
    .addColumn('external_id', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('updated_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addUniqueConstraint('scim_groups_name', ['provider_id', 'name_key'])
    .execute();

  await schema
    .createTable('scim_group_members')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('group_id', 'text', (c) => c.notNull().references('scim_groups.id').onDelete('cascade'))
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addPrimaryKeyConstraint('scim_group_members_key', ['group_id', 'user_id'])
    .execute();
  await schema.createIndex('scim_group_members_user').on('scim_group_members').column('user_id').execute();
}
