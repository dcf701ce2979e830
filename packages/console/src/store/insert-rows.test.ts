import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { sql } from 'kysely';
import { insertRows } from './insert-rows.ts';
import { isOneOf } from './is-one-of.ts';
import { openStore } from './store.ts';

const COLUMNS = {
  organization_id: 'text',
  seq: 'bigint',
  id: 'text',
  at: 'bigint',
  body: 'text',
  previous_hash: 'text',
  hash: 'text',
  action: 'text',
  object_id: 'text',
  actor_id: 'text',
} as const;

async function open(url: string) {
  const store = await openStore(url);
  await store.db
    .insertInto('organizations')
    .values({ id: 'org_1', name: 'A', slug: 'a', created_at: 0, audit_seq: 0, audit_head: '' })
    .execute();
  return store;
}

const row = (seq: number, body: string) => ({
  ...{ organization_id: 'org_1', seq, id: `aud_${seq}`, at: 2 ** 52 + seq, body, previous_hash: '', hash: '' },
  ...{ action: 'a', object_id: `o${seq}`, actor_id: '' },
});

eachDatabase('rows come out as they went in, whatever is in them and however many they are', async (t, database) => {
  const store = await open(database.url);
  t.after(() => store.close());
  const texts = ['', '{"a":"b\\\\"}', "it's", '{},"\\N"', 'ä€😀', 'NULL', '\t\n', 'x'.repeat(100_000), '\ud800 lone'];
  const rows = [
    ...texts.map((text, index) => row(index, text)),
    ...Array.from({ length: 4_000 }, (_, index) => row(100 + index, 'x')),
  ];
  await store.transaction((queries) => insertRows(queries, store.kind, 'audit_entries', COLUMNS, rows));
  const found = await store.db.selectFrom('audit_entries').selectAll().orderBy('seq').execute();
  assert.deepEqual(
    found.map((stored) => ({ ...stored })),
    rows.map((given) => ({ ...given, body: given.body.toWellFormed() })),
  );
});

eachDatabase('of rows that are there already none comes twice, and null stays null', async (t, database) => {
  const store = await open(database.url);
  t.after(() => store.close());
  const columns = { name: 'text', sealed: 'text', created_at: 'bigint' } as const;
  const conflict = sql`on conflict (name) do nothing`;
  const insert = (names: readonly string[]) =>
    insertRows(
      store.db,
      store.kind,
      'secrets',
      columns,
      names.map((name) => ({ name, sealed: 's', created_at: 1 })),
      { conflict },
    );
  await insert(['a', 'b']);
  await insert(['b', 'c']);
  const names = await store.db.selectFrom('secrets').select('name').orderBy('name').execute();
  assert.deepEqual(
    names.map(({ name }) => name),
    ['a', 'b', 'c'],
  );

  const subjects = {
    organization_id: 'text',
    id: 'text',
    user_id: 'text',
    sealed_key: 'text',
    created_at: 'bigint',
    erased_at: 'bigint',
  } as const;
  const subject = (id: string, user_id: string | null, erased_at: number | null) => ({
    ...{ organization_id: 'org_1', id, user_id, sealed_key: null as string | null, created_at: 1, erased_at },
  });
  await insertRows(store.db, store.kind, 'audit_subjects', subjects, [subject('a', null, 7), subject('b', 'u', null)]);
  const stored = await store.db
    .selectFrom('audit_subjects')
    .select(['id', 'user_id', 'erased_at'])
    .orderBy('id')
    .execute();
  assert.deepEqual(
    stored.map((item) => ({ ...item })),
    [
      { id: 'a', user_id: null, erased_at: 7 },
      { id: 'b', user_id: 'u', erased_at: null },
    ],
  );
});

eachDatabase('what is done beside the rows is done with them, or not at all', async (t, database) => {
  const store = await open(database.url);
  t.after(() => store.close());
  const append = (seq: number, rows: readonly ReturnType<typeof row>[]) =>
    store.transaction((queries) =>
      insertRows(queries, store.kind, 'audit_entries', COLUMNS, rows, {
        beside: sql`update organizations set audit_seq = ${seq} where id = ${'org_1'}`,
      }),
    );
  await append(2, [row(1, 'x'), row(2, 'x')]);
  await assert.rejects(append(3, [row(3, 'x'), row(2, 'twice')]));
  const { audit_seq } = await store.db.selectFrom('organizations').select('audit_seq').executeTakeFirstOrThrow();
  const entries = await store.db.selectFrom('audit_entries').select('seq').execute();
  assert.deepEqual([audit_seq, entries.length], [2, 2]);
});

eachDatabase('a column is held against many values', async (t, database) => {
  const store = await open(database.url);
  t.after(() => store.close());
  await insertRows(
    store.db,
    store.kind,
    'audit_entries',
    COLUMNS,
    [1, 2, 3].map((seq) => row(seq, 'x')),
  );
  const found = await store.db
    .selectFrom('audit_entries')
    .select('object_id')
    .where(
      isOneOf(store.kind, 'object_id', ['o3', "o'1", 'o1', ...Array.from({ length: 400 }, (_, index) => `{${index}}`)]),
    )
    .orderBy('seq')
    .execute();
  assert.deepEqual(
    found.map(({ object_id }) => object_id),
    ['o1', 'o3'],
  );
});
