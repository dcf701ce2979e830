import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

const target = { address: '10.0.0.1:80' };

eachDatabase('apply makes it as the file says, all or nothing, and a dry run changes nothing', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const device = await organization.enrolDevice();
  await organization.enrolGateway();
  const apply = async (resources: object[], more: object = {}) =>
    (await organization.call('POST', '/api/v1/resources/apply', { resources, ...more })).json();
  const actions = (answer: { changes: { name: string; action: string }[] }) =>
    answer.changes.map(({ name, action }) => `${action} ${name}`);
  const list = async () =>
    (await organization.call('GET', '/api/v1/resources'))
      .json()
      .items.map(({ name }: { name: string }) => name)
      .sort();

  const app = {
    name: 'app',
    domains: ['app.example.com', '*.api.example.com'],
    targets: [target, { ...target, weight: 3 }],
  };
  const database5432 = { name: 'db', protocol: 'tcp', targets: [{ address: 'localhost:5432', agent: 'laptop' }] };
  const dry = await apply([app, database5432], { dryRun: true });
  assert.deepEqual(actions(dry), ['create app', 'create db']);
  assert.deepEqual(
    dry.changes.map(({ resource }: { resource: unknown }) => resource),
    [null, null],
  );
  assert.deepEqual(await list(), []);

  const made = await apply([app, database5432]);
  assert.deepEqual(actions(made), ['create app', 'create db']);
  assert.equal(made.changes[1].resource.targets[0].deviceId, device.id, 'an agent may be named');
  assert.equal(made.changes[1].resource.port, 20_000);
  assert.deepEqual(actions(await apply([app, database5432])), ['none app', 'none db']);

  const changed = await apply([{ ...app, targets: [target] }]);
  assert.deepEqual(actions(changed), ['update app']);
  assert.equal(
    changed.changes[0].resource.targets[0].id,
    made.changes[0].resource.targets[0].id,
    'a target keeps its id',
  );
  assert.deepEqual(await list(), ['app', 'db'], 'what is not named is left alone');

  await organization.call('POST', '/api/v1/services', {
    deviceId: device.id,
    protocol: 'http',
    address: 'localhost:1',
    name: 'mine',
  });
  const taken = await apply([
    { name: 'new', targets: [target] },
    { name: 'mine', targets: [target] },
  ]);
  assert.deepEqual([taken.reason, taken.errors[0].path], ['api.name_taken', '/resources/1']);
  assert.deepEqual(await list(), ['app', 'db', 'mine'], 'nothing of a file that is refused is done');
  assert.deepEqual(actions(await apply([app], { prune: true, dryRun: true })), ['delete db', 'update app']);
  assert.deepEqual(actions(await apply([app], { prune: true })), ['delete db', 'update app']);
  assert.deepEqual(await list(), ['app', 'mine'], 'services are not pruned');
  assert.equal((await apply([app, app])).errors[0].path, '/resources/1/name');
});

eachDatabase('no host means two resources', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await organization.enrolGateway({ baseDomain: 'edge.example.com' });
  const create = async (name: string, domains: string[]) =>
    (await organization.call('POST', '/api/v1/resources', { name, domains, targets: [target] })).json();
  assert.equal((await create('one', ['one.example.com'])).version, 1);
  const refused: [string, string[], string, string?][] = [
    ['one', [], 'api.name_taken'],
    ['portal', [], 'api.name_taken'],
    ['two', ['one.example.com'], 'api.conflict', '/domains/0'],
    ['two', ['two.example.com', 'two.example.com'], 'api.conflict', '/domains/1'],
    ['two', ['edge.example.com'], 'api.conflict', '/domains/0'],
    ['two', ['*.edge.example.com'], 'api.conflict', '/domains/0'],
    ['two', ['portal.edge.example.com'], 'api.conflict', '/domains/0'],
    ['two', ['one.edge.example.com'], 'api.conflict', '/domains/0'],
  ];
  for (const [name, domains, reason, path] of refused) {
    const answer = await create(name, domains);
    assert.deepEqual([answer.reason, answer.errors?.[0].path], [reason, path], `${name} ${domains}`);
  }
  assert.equal((await create('two', ['three.edge.example.com'])).version, 1);
  assert.equal((await create('three', [])).reason, 'api.name_taken', 'its host is a domain of another');
  const other = await fixture.organization('other');
  assert.equal(
    (await other.call('POST', '/api/v1/resources', { name: 'one', domains: ['one.example.com'], targets: [target] }))
      .statusCode,
    201,
  );
});

eachDatabase('two who change the same thing: one has to look again', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const made = (await organization.call('POST', '/api/v1/resources', { name: 'app', targets: [target] })).json();
  const put = (address: string) =>
    organization.call(
      'PUT',
      `/api/v1/resources/${made.id}`,
      { name: 'app', targets: [{ address }] },
      { headers: { 'if-match': '"1"' } },
    );
  const both = await Promise.all([put('10.0.0.2:80'), put('10.0.0.3:80')]);
  assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [200, 412]);
  assert.equal(both.find(({ statusCode }) => statusCode === 412)?.json().reason, 'api.precondition_failed');
});

eachDatabase('a resource is changed without its passwords, and a new user name needs one', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const body = { name: 'app', targets: [target], access: { basic: [{ username: 'ci', password: 'a secret' }] } };
  const { id } = (await organization.call('POST', '/api/v1/resources', body)).json();
  const hashes = async () => {
    const row = await fixture.context.store.db.selectFrom('resources').select('access').executeTakeFirstOrThrow();
    return JSON.parse(row.access).basic;
  };
  const before = await hashes();
  const put = (basic: object[], version: number) =>
    organization.call(
      'PUT',
      `/api/v1/resources/${id}`,
      { ...body, enabled: false, access: { basic } },
      { headers: { 'if-match': `"${version}"` } },
    );
  const refused = await put([{ username: 'ci' }, { username: 'bob' }], 1);
  assert.deepEqual(refused.json().errors, [
    { path: '/access/basic/1/password', message: 'a new user name needs a password' },
  ]);
  const changed = await put([{ username: 'ci' }], 1);
  assert.equal(changed.statusCode, 200, changed.body);
  assert.equal(changed.json().enabled, false);
  assert.deepEqual(await hashes(), before);
});
