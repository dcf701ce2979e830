import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { eachDatabase, postgresCluster, postgresMissing, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { sql } from 'kysely';
import { Refusal } from './refusal.ts';
import { isUniqueViolation, openStore, type Queries } from './store.ts';

const organization = {
  id: 'org_1',
  name: 'A',
  slug: 'a',
  created_at: 1_790_000_000_123,
  audit_seq: 0,
  audit_head: '',
  time_zone: 'UTC',
  language: 'en' as const,
  branding: null,
  snapshot_max_age_seconds: null,
};

const slugs = async (db: Queries) =>
  (await db.selectFrom('organizations').select('slug').orderBy('slug').execute()).map(({ slug }) => slug);

eachDatabase('the store migrates an empty database, opens it again, and keeps numbers numbers', async (t, database) => {
  const first = await openStore(database.url);
  await first.db.insertInto('organizations').values(organization).execute();
  await first.close();
  const second = await openStore(database.url);
  t.after(() => second.close());
  assert.equal(second.kind, database.kind);
  assert.deepEqual({ ...(await second.db.selectFrom('organizations').selectAll().executeTakeFirst()) }, organization);
});

eachDatabase('a migration of an early area is applied after those of later ones', async (t, database) => {
  const first = await openStore(database.url);
  await sql`delete from kysely_migration where name = '0021-saml'`.execute(first.db);
  await sql`drop table saml_metadata`.execute(first.db);
  await sql`alter table sign_in_flows drop column answered_at`.execute(first.db);
  await sql`alter table sign_in_flows drop column answer`.execute(first.db);
  await first.close();
  const second = await openStore(database.url);
  t.after(() => second.close());
  assert.deepEqual(await second.db.selectFrom('saml_metadata').selectAll().execute(), []);
});

test('SQLite: migrations are all applied or none, so that what stopped half way goes on later', async (t) => {
  const file = `${temporaryDirectory(t)}/z.db`;
  const raw = new DatabaseSync(file);
  raw.exec('create table notified_alarms (in_the_way text)');
  await assert.rejects(openStore(file), { code: 'store.open_failed' });
  const tables = raw.prepare("select name from sqlite_schema where type = 'table' and name not like 'kysely%'").all();
  assert.deepEqual(
    tables.map(({ name }) => name),
    ['notified_alarms'],
  );
  raw.exec('drop table notified_alarms');
  raw.close();
  await (await openStore(file)).close();
});

eachDatabase('a database of before is migrated with the events that it has, and it is said', async (t, database) => {
  const first = await openStore(database.url, { onMigrating: () => assert.fail('there was nothing before') });
  await sql`delete from kysely_migration where name = '0064-refusals-of-resources'`.execute(first.db);
  await sql`drop index access_events_resource_refused`.execute(first.db);
  await first.db.insertInto('organizations').values(organization).execute();
  await sql`insert into gateways (id, organization_id, name, region, base_domain, public_host, https_port, tunnel_port, port_from, port_to,
    signing_key, tls_public_key, key_fingerprint, status, snapshot_version, snapshot_hash, snapshot_issued_at, created_at)
    values ('gw_1', 'org_1', 'edge', '', 'localhost', 'localhost', 1, 1, 1, 1, '', '', 'x', 'active', 0, '', 0, 0)`.execute(
    first.db,
  );
  const event = {
    organization_id: 'org_1',
    gateway_id: 'gw_1',
    epoch: 'e',
    resource_id: 'res_1',
    reason: '',
    body: '{}',
  };
  await first.db
    .insertInto('access_events')
    .values(
      Array.from({ length: 100 }, (_, index) => ({
        ...{ ...event, seq: index, at: index, subject: '', source_address: '' },
        effect: index % 10 === 0 ? ('deny' as const) : ('pass' as const),
      })),
    )
    .execute();
  await first.close();
  const told: string[] = [];
  const second = await openStore(database.url, { onMigrating: (names) => told.push(...names) });
  t.after(() => second.close());
  assert.deepEqual(told, ['0064-refusals-of-resources']);
  const refused = await second.db.selectFrom('access_events').select('seq').where('effect', '=', 'deny').execute();
  assert.equal(refused.length, 10);
  await sql`drop index access_events_resource_refused`.execute(second.db);
});

eachDatabase('a refusal and an error roll back; a commit is told, a rollback is not', async (t, database) => {
  const store = await openStore(database.url);
  t.after(() => store.close());
  const told: (string | null)[] = [];
  const stop = store.onChange((id) => told.push(id));
  const insert = (queries: Queries, slug: string) =>
    queries
      .insertInto('organizations')
      .values({ ...organization, id: `org_${slug}`, slug })
      .execute();

  const refused = await store.change('one', async (queries) => {
    await insert(queries, 'refused');
    return new Refusal('api.conflict');
  });
  assert.ok(refused instanceof Refusal);
  await assert.rejects(
    store.change('two', async (queries) => {
      await insert(queries, 'failed');
      throw new Error('in between');
    }),
    /in between/,
  );
  assert.deepEqual(await slugs(store.db), []);
  assert.deepEqual(told, []);
  await store.change('three', (queries) => insert(queries, 'kept'));
  assert.deepEqual(told, ['three']);
  stop();
  await store.change('four', (queries) => insert(queries, 'later'));
  assert.deepEqual(told, ['three']);
  assert.deepEqual(await slugs(store.db), ['kept', 'later']);
});

eachDatabase('unique and foreign keys hold, and a unique violation is known as one', async (t, database) => {
  const store = await openStore(database.url);
  t.after(() => store.close());
  await store.db.insertInto('organizations').values(organization).execute();
  await assert.rejects(
    store.db
      .insertInto('organizations')
      .values({ ...organization, id: 'org_2' })
      .execute(),
    (error) => isUniqueViolation(error),
  );
  const orphan = { user_id: 'usr_none', organization_id: 'org_1', hash: 'x', changed_at: 1 };
  await assert.rejects(
    store.db.insertInto('password_hashes').values(orphan).execute(),
    (error) => !isUniqueViolation(error),
  );
  const user = {
    organization_id: 'org_1',
    kind: 'person' as const,
    email: 'ann@example.com',
    name: 'Ann',
    role: 'owner' as const,
    groups: '[]',
    status: 'active' as const,
    created_at: 1,
    version: 1,
  };
  await store.db
    .insertInto('organizations')
    .values({ ...organization, id: 'org_3', slug: 'c' })
    .execute();
  await store.db
    .insertInto('users')
    .values({ ...user, id: 'usr_1' })
    .execute();
  await assert.rejects(
    store.db
      .insertInto('users')
      .values({ ...user, id: 'usr_2', organization_id: 'org_3' })
      .execute(),
    (error) => isUniqueViolation(error),
    'a person is one in the whole installation',
  );
  const local = { ...user, kind: 'local' as const, email: 'local@zeronaut.invalid' };
  await store.db
    .insertInto('users')
    .values({ ...local, id: 'usr_3' })
    .execute();
  await store.db
    .insertInto('users')
    .values({ ...local, id: 'usr_4', organization_id: 'org_3' })
    .execute();
});

eachDatabase('transactions that come together do not mix', async (t, database) => {
  const store = await openStore(database.url);
  t.after(() => store.close());
  await store.db.insertInto('organizations').values(organization).execute();
  await Promise.all(
    Array.from({ length: 25 }, () =>
      store.transaction(async (queries) => {
        const { audit_seq } = await queries
          .updateTable('organizations')
          .set((eb) => ({ audit_seq: eb('audit_seq', '+', 1) }))
          .returning('audit_seq')
          .executeTakeFirstOrThrow();
        await queries
          .updateTable('organizations')
          .set({ audit_head: String(audit_seq) })
          .execute();
      }),
    ),
  );
  const row = await store.db.selectFrom('organizations').selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.audit_seq, row.audit_head], [25, '25']);
});

const noPostgres = postgresMissing();
test('what one console changes another one on the same PostgreSQL hears of', {
  skip: noPostgres !== null && !process.env.ZERONAUT_REQUIRE_POSTGRES ? noPostgres : false,
}, async (t) => {
  const database = await (await postgresCluster()).createDatabase();
  t.after(database.release);
  const [here, there] = [await openStore(database.url), await openStore(database.url)];
  t.after(() => Promise.all([here.close(), there.close()]));
  const told: (string | null)[] = [];
  const values: unknown[] = [];
  let lost = 0;
  there.onChange((id) => told.push(id));
  there.notices.listen({ onTold: (topic, value) => values.push([topic, value]), onLost: () => lost++ });
  let toldHere = 0;
  here.onChange(() => toldHere++);

  await here.change('refused', async () => new Refusal('api.conflict'));
  await assert.rejects(here.change('failed', () => Promise.reject(new Error('on purpose'))));
  const seenInside = await here.change('one', async () => [...told]);
  assert.deepEqual(seenInside, []);
  // Longer than PostgreSQL takes at once, and characters of several bytes.
  const long = Array.from({ length: 10_000 }, (_, index) => `${index} é😀`);
  here.notices.tell('gateways', long);
  here.notices.tell('live', { a: [1] });
  await waitFor(() => told.length > 0 && values.length === 2, { what: 'the other console to hear' });
  assert.deepEqual(told, ['one']);
  assert.deepEqual(values, [
    ['gateways', long],
    ['live', { a: [1] }],
  ]);
  assert.equal(toldHere, 1, 'its own change it is told once');

  // More than is told one by one, and more than is told at all: that something is missing.
  for (let index = 0; index < 1_000; index++) here.notices.tell('live', index);
  await waitFor(() => lost === 1, { what: 'that something is missing' });
  here.notices.tell('live', 'x'.repeat(600_000));
  await waitFor(() => lost === 2, { what: 'that something is missing' });
  for (const text of ['', 'x', 'x live', 'x live 1 2 "a"', 'x live 0 1 {', 'x live 0 2 "a', 'x change']) {
    await sql`select pg_notify('zeronaut', ${text})`.execute(here.db);
  }
  assert.equal(values.length, 2);

  // The connection that listens breaks: what was told meanwhile is not known, and that is said.
  const before = told.length;
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and query like 'listen%'`.execute(here.db);
  await waitFor(() => told.length > before && told.at(-1) === null, { what: 'it to listen again' });
  await here.change('two', async () => undefined);
  await waitFor(() => told.includes('two'), { what: 'the next change' });
});

test('SQLite: durable at every commit, checked keys, one console per file, readable by its owner alone', async (t) => {
  const file = `${temporaryDirectory(t)}/z.db`;
  const store = await openStore(`sqlite:${file}`);
  const pragma = async (name: string) =>
    Object.values((await sql.raw(`pragma ${name}`).execute(store.db)).rows[0] as object)[0];
  assert.equal(await pragma('journal_mode'), 'wal');
  assert.equal(await pragma('synchronous'), 2);
  assert.equal(await pragma('foreign_keys'), 1);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await assert.rejects(openStore(`sqlite:${file}`), { code: 'store.locked' });
  await store.close();
  const again = await openStore(`sqlite:${file}`);
  await again.close();
});
