import type { Kysely } from 'kysely';

/** Source addresses that people authorised for raw ports on the portal of a gateway, as it tells of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('address_grants')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('gateway_id', 'text', (c) => c.notNull().references('gateways.id').onDelete('cascade'))
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('resource_id', 'text', (c) => c.notNull())
    .addColumn('session_id', 'text', (c) => c.notNull())
    .addColumn('address', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('received_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .addPrimaryKeyConstraint('address_grants_key', ['organization_id', 'id'])
    .execute();
  await db.schema
    .createIndex('address_grants_of_user')
    .on('address_grants')
    .columns(['organization_id', 'user_id', 'id'])
    .execute();
  await db.schema
    .createIndex('address_grants_of_gateway')
    .on('address_grants')
    .columns(['gateway_id', 'expires_at'])
    .execute();
}
