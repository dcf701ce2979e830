import type { Kysely } from 'kysely';

/** Zeronaut as OpenID provider: who relies on it, and what the protocol has to remember. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('relying_parties')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('settings', 'text', (c) => c.notNull())
    .addColumn('secret_hash', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('last_used_at', 'bigint')
    .addColumn('revoked_at', 'bigint')
    .execute();
  await db.schema
    .createIndex('relying_parties_organization')
    .on('relying_parties')
    .columns(['organization_id', 'id'])
    .execute();
  await db.schema
    .createTable('relying_party_consents')
    .addColumn('relying_party_id', 'text', (c) => c.notNull().references('relying_parties.id').onDelete('cascade'))
    .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
    .addColumn('scopes', 'text', (c) => c.notNull())
    .addColumn('given_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('relying_party_consents_key', ['relying_party_id', 'user_id'])
    .execute();
  await db.schema
    .createTable('openid_records')
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('id_hash', 'text', (c) => c.notNull())
    .addColumn('grant_hash', 'text')
    .addColumn('uid', 'text')
    .addColumn('relying_party_id', 'text', (c) => c.references('relying_parties.id').onDelete('cascade'))
    .addColumn('session_id', 'text')
    .addColumn('sealed', 'text', (c) => c.notNull())
    .addColumn('consumed_at', 'bigint')
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('openid_records_key', ['model', 'id_hash'])
    .execute();
  for (const column of ['grant_hash', 'uid', 'relying_party_id', 'expires_at']) {
    await db.schema.createIndex(`openid_records_${column}`).on('openid_records').column(column).execute();
  }
}
