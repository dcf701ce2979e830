import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import pg from 'pg';
import { eachDatabase } from './each-database.ts';
import { postgresCluster, postgresMissing, SHARED_CLUSTER_VARIABLE } from './postgres-cluster.ts';
import { spawnProcess } from './spawn-process.ts';
import { waitFor } from './wait-for.ts';

for (const round of ['first', 'second']) {
  eachDatabase(`a database is empty in the ${round} test and takes a table`, async (t, database) => {
    if (database.kind === 'sqlite') {
      const sqlite = new DatabaseSync(database.file);
      t.after(() => sqlite.close());
      sqlite.exec('create table things (id integer)');
      assert.equal(sqlite.prepare('select count(*) as n from things').get()?.n, 0);
      return;
    }
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    t.after(() => client.end());
    await client.query('create table things (id integer)');
    assert.equal((await client.query('select count(*)::int as n from things')).rows[0].n, 0);
  });
}

test('contents are made once, and each database has its own copy', { skip: postgresMissing() ?? false }, async (t) => {
  const cluster = await postgresCluster();
  let fills = 0;
  const contents = {
    name: `things_${process.pid}`,
    async fill(url: string) {
      fills++;
      await ask(url, 'create table things (id integer)');
    },
  };
  const ask = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  };
  t.after(() => ask(cluster.url, `drop database template_${contents.name}`));
  const databases = await Promise.all([1, 2, 3].map(() => cluster.createDatabase(contents)));
  assert.equal(fills, 1);
  for (const [index, { url }] of databases.entries()) {
    await ask(url, `insert into things values (${index})`);
    assert.deepEqual(await ask(url, 'select id from things'), [{ id: index }]);
  }
  for (const { release } of databases) release();
});

test('a killed test process leaves no server and no files behind', { skip: postgresMissing() ?? false }, async (t) => {
  const script = `
    import { postgresCluster } from ${JSON.stringify(import.meta.resolve('./postgres-cluster.ts'))};
    const database = await (await postgresCluster()).createDatabase();
    console.log('url=' + database.url);
    setInterval(() => {}, 1000);`;
  const { [SHARED_CLUSTER_VARIABLE]: _shared, ...env } = process.env;
  const child = spawnProcess(t, process.execPath, ['--input-type=module', '-e', script], { env });
  const url = (await child.waitForLine(/^url=(.*)$/))[1]!;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  client.on('error', () => undefined);
  const data: string = (await client.query('show data_directory')).rows[0].data_directory;
  assert.ok(existsSync(data));
  await client.end();
  await child.kill('SIGKILL');
  await waitFor(() => !existsSync(data), { what: 'the data directory is removed', timeoutMs: 10_000 });
  await assert.rejects(new pg.Client({ connectionString: url }).connect());
});
