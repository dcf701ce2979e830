import { type ColumnDefinitionBuilder, type Kysely, sql } from 'kysely';

/** What was shown at a sign-in, what an organization asks of one, and the second factors. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  const organizationId = (c: ColumnDefinitionBuilder) => c.notNull().references('organizations.id').onDelete('cascade');
  const userId = (c: ColumnDefinitionBuilder) => c.notNull().references('users.id').onDelete('cascade');

  await schema
    .alterTable('sessions')
    .addColumn('factors', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
  for (const column of ['authenticated_at', 'last_used_at', 'idle_ms']) {
    await schema.alterTable('sessions').addColumn(column, 'bigint').execute();
  }
  // A device waits for the session of whoever approves it, and gets the factors of that one.
  await schema
    .alterTable('device_authorizations')
    .addColumn('factors', 'text', (c) => c.notNull().defaultTo('[]'))
    .execute();
  await sql`update sessions set authenticated_at = created_at`.execute(db);

  await schema
    .createTable('sign_in_policies')
    .addColumn('organization_id', 'text', (c) => organizationId(c).primaryKey())
    .addColumn('policy', 'text', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .execute();

  await schema
    .createTable('pending_sign_ins')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', userId)
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('factors', 'text', (c) => c.notNull())
    .addColumn('missing', 'text', (c) => c.notNull())
    .addColumn('provider', 'text')
    .addColumn('attempts', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await schema.createIndex('pending_sign_ins_expiry').on('pending_sign_ins').column('expires_at').execute();
  await schema.createIndex('pending_sign_ins_user').on('pending_sign_ins').column('user_id').execute();

  await schema
    .createTable('totp_factors')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', (c) => userId(c).unique())
    .addColumn('sealed_secret', 'text', (c) => c.notNull())
    .addColumn('last_step', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('confirmed_at', 'bigint')
    .addColumn('last_used_at', 'bigint')
    .execute();

  await schema
    .createTable('recovery_codes')
    .addColumn('organization_id', 'text', organizationId)
    .addColumn('user_id', 'text', userId)
    .addColumn('code_hash', 'text', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .addPrimaryKeyConstraint('recovery_codes_key', ['user_id', 'code_hash'])
    .execute();
}
