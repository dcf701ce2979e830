import type { Kysely } from 'kysely';

/** What else than alarms is told, and in which language. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .alterTable('organizations')
    .addColumn('language', 'text', (c) => c.notNull().defaultTo('en'))
    .execute();
  await schema.alterTable('notifications').renameColumn('alarms', 'kinds').execute();
  // JSON; null: as usual.
  await schema.alterTable('push_subscriptions').addColumn('kinds', 'text').execute();
  // Which text the detail is, and what is put into it, JSON; null: the detail alone is known.
  await schema.alterTable('incidents').addColumn('said', 'text').execute();
}
