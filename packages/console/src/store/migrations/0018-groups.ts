import { createId } from '@zeronaut/model';
import type { Kysely } from 'kysely';

interface Tables {
  users: { organization_id: string; groups: string; created_at: number };
  groups: {
    id: string;
    organization_id: string;
    name: string;
    description: string;
    created_at: number;
    version: number;
  };
}

const BATCH = 500;

/** Groups, which were words on users alone. */
export async function up(db: Kysely<Tables>): Promise<void> {
  await db.schema
    .createTable('groups')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('organization_id', 'text', (c) => c.notNull().references('organizations.id').onDelete('cascade'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('description', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('version', 'integer', (c) => c.notNull())
    .addUniqueConstraint('groups_name', ['organization_id', 'name'])
    .execute();
  const users = await db
    .selectFrom('users')
    .select(['organization_id', 'groups'])
    .where('groups', '!=', '[]')
    .execute();
  const nowMs = Date.now();
  const rows = new Map<string, Tables['groups']>();
  for (const { organization_id, groups } of users) {
    for (const name of JSON.parse(groups) as string[]) {
      const row = { organization_id, name, description: '', created_at: nowMs, version: 1 };
      rows.set(`${organization_id} ${name}`, { id: createId('group', nowMs), ...row });
    }
  }
  const all = [...rows.values()];
  for (let at = 0; at < all.length; at += BATCH) {
    await db
      .insertInto('groups')
      .values(all.slice(at, at + BATCH))
      .execute();
  }
}
