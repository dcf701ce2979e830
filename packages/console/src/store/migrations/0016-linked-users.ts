import type { Kysely } from 'kysely';

/** Users whose sign-in is that of a user of another organization, and sessions that came of another one. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema.alterTable('users').addColumn('home_user_id', 'text').execute();
  await schema.createIndex('users_home').on('users').columns(['home_user_id', 'organization_id']).execute();
  await schema.alterTable('sessions').addColumn('home_session_id', 'text').execute();
}
