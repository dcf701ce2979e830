import { type Kysely, sql } from 'kysely';

const BATCH = 1000;

interface Tables {
  audit_entries: {
    organization_id: string;
    seq: number;
    body: string;
    action: string;
    object_id: string;
    actor_id: string;
  };
}

/** What lists are searched, sorted and filtered by. */
export async function up(db: Kysely<Tables>): Promise<void> {
  const { schema } = db;
  // Events of before are found by what there was; they are gone after 30 days.
  for (const column of ['reason', 'subject', 'source_address']) {
    await schema
      .alterTable('access_events')
      .addColumn(column, 'text', (c) => c.notNull().defaultTo(''))
      .execute();
  }
  const events = (name: string, ...columns: string[]) =>
    schema
      .createIndex(`access_events_${name}`)
      .on('access_events')
      .columns(['organization_id', ...columns, 'at']);
  // Most events pass and are looked for by what they are about; those that did not are few, and looked for by why.
  await events('refused', 'effect').where(sql.ref('effect'), '<>', sql.lit('pass')).execute();
  await events('reason', 'reason').where(sql.ref('effect'), '<>', sql.lit('pass')).execute();
  await events('subject', 'subject').where(sql.ref('subject'), '<>', sql.lit('')).execute();
  await events('source', 'source_address').execute();
  await events('gateway', 'gateway_id').execute();

  for (const column of ['action', 'object_id', 'actor_id']) {
    await schema
      .alterTable('audit_entries')
      .addColumn(column, 'text', (c) => c.notNull().defaultTo(''))
      .execute();
  }
  await fillAudit(db);
  for (const column of ['action', 'object_id', 'actor_id']) {
    await schema
      .createIndex(`audit_entries_${column}`)
      .on('audit_entries')
      .columns(['organization_id', column, 'seq'])
      .execute();
  }
  await schema.createIndex('audit_entries_at').on('audit_entries').columns(['organization_id', 'at']).execute();

  await schema.createIndex('users_name').on('users').columns(['organization_id', 'name', 'id']).execute();
  await schema.createIndex('users_organization').on('users').columns(['organization_id', 'id']).execute();
  await schema.createIndex('devices_name').on('devices').columns(['organization_id', 'name', 'id']).execute();
  await schema
    .createIndex('devices_certificate_end')
    .on('devices')
    .columns(['organization_id', 'certificate_expires_at'])
    .execute();
  await schema
    .createIndex('gateway_certificates_end')
    .on('gateway_certificates')
    .columns(['organization_id', 'not_after'])
    .execute();
  await schema
    .createIndex('resources_updated')
    .on('resources')
    .columns(['organization_id', 'updated_at', 'id'])
    .execute();
}

/** The log is kept for ever, so it is found by these from its first entry. */
async function fillAudit(db: Kysely<Tables>): Promise<void> {
  let last = { organization_id: '', seq: 0 };
  for (;;) {
    const rows = await db
      .selectFrom('audit_entries')
      .select(['organization_id', 'seq', 'body'])
      .where(sql<boolean>`(organization_id, seq) > (${last.organization_id}, ${last.seq})`)
      .orderBy('organization_id')
      .orderBy('seq')
      .limit(BATCH)
      .execute();
    for (const { organization_id, seq, body } of rows) {
      const entry = JSON.parse(body) as { action: string; objectId: string; actor: { id: string } };
      await db
        .updateTable('audit_entries')
        .set({ action: entry.action, object_id: entry.objectId, actor_id: entry.actor.id })
        .where('organization_id', '=', organization_id)
        .where('seq', '=', seq)
        .execute();
    }
    if (rows.length < BATCH) return;
    last = rows.at(-1)!;
  }
}
