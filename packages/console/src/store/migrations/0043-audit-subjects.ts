import { type Kysely, sql } from 'kysely';

/**
 * Keys of the personal data in audit entries, one for each person, sealed with the master key. Erasing a person empties the row:
 * then the key is nowhere. Who has an account is found by it, others by a keyed hash of their mail address.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_subjects')
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text')
    .addColumn('mail_hash', 'text')
    .addColumn('sealed_key', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('erased_at', 'bigint')
    .addPrimaryKeyConstraint('audit_subjects_key', ['organization_id', 'id'])
    .execute();
  for (const column of ['user_id', 'mail_hash']) {
    await db.schema
      .createIndex(`audit_subjects_${column}`)
      .on('audit_subjects')
      .columns(['organization_id', column])
      .unique()
      .where(sql.ref('erased_at'), 'is', null)
      .execute();
  }
}
