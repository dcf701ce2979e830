import assert from 'node:assert/strict';
import { syncFromConsole } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';

const VALUE = 'Bearer of-the-backend';
const HELLO = { type: 'hello', protocol: 1, softwareVersion: '1.2.3', snapshotVersion: 0 };

eachDatabase('the secret of a header reaches gateways that know headers, and nobody else', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const sync = await fixture.startSync();
  const [one, two] = [await organization.enrolGateway(), await organization.enrolGateway()];
  const [knows, old] = [await connectSync(sync.port, one), await connectSync(sync.port, two)];
  knows.send({ ...HELLO, features: ['headers'] });
  old.send(HELLO);
  for (const client of [knows, old]) await client.next('snapshot');
  const request = [
    { action: 'set', name: 'Authorization', value: VALUE },
    { action: 'set', name: 'X-Environment', value: 'prod' },
    { action: 'remove', name: 'X-Internal-Token' },
  ];
  const response = [{ action: 'remove', name: 'Server' }];
  const body = {
    name: 'app',
    targets: [{ address: '10.0.0.1:80' }],
    headers: { host: 'app.internal', request, response },
  };
  const made = await organization.call('POST', '/api/v1/resources', body);
  assert.equal(made.statusCode, 201, made.body);
  const shown = {
    host: 'app.internal',
    request: [
      { action: 'set', name: 'Authorization', value: null, secret: true },
      { action: 'set', name: 'X-Environment', value: 'prod', secret: false },
      { action: 'remove', name: 'X-Internal-Token', value: null, secret: false },
    ],
    response: [{ action: 'remove', name: 'Server', value: null }],
  };
  assert.deepEqual(made.json().headers, shown);

  const { snapshot } = await knows.next('snapshot');
  syncFromConsole.parse({ type: 'snapshot', snapshot });
  assert.deepEqual(JSON.parse(snapshot.payload).resources[0].headers, {
    host: 'app.internal',
    request: [
      { action: 'set', name: 'Authorization', value: VALUE },
      { action: 'set', name: 'X-Environment', value: 'prod' },
      { action: 'remove', name: 'X-Internal-Token' },
    ],
    response: [{ action: 'remove', name: 'Server' }],
  });
  const older = JSON.parse((await old.next('snapshot')).snapshot.payload);
  assert.equal(older.resources[0].headers, undefined, 'it would refuse the whole snapshot');

  const route = { url: `https://app.${one.gateway.baseDomain}/`, user: null };
  const answers = await Promise.all([
    organization.call('GET', '/api/v1/resources'),
    organization.call('GET', `/api/v1/resources/${made.json().id}`),
    organization.call('GET', '/api/v1/audit'),
    organization.call('POST', '/api/v1/resources/test', route),
  ]);
  for (const { statusCode, body: text } of answers) {
    assert.equal(statusCode, 200, text);
    assert.ok(!text.includes('of-the-backend'), text);
  }
  assert.deepEqual(answers[3]!.json().headers, shown, 'a test of the route says what is changed');
  const row = await fixture.context.store.db.selectFrom('resources').selectAll().executeTakeFirstOrThrow();
  assert.ok(!JSON.stringify(row).includes('of-the-backend'), 'the database alone opens nothing');
});

eachDatabase('a secret stays without its value, and only where it went before', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const target = { address: '10.0.0.1:80' };
  const secret = (value?: string) => ({ action: 'set', name: 'X-Api-Key', ...(value !== undefined && { value }) });
  const body = { name: 'app', targets: [target], headers: { request: [secret('one')] } };
  const unknown = await organization.call('POST', '/api/v1/resources', { ...body, headers: { request: [secret()] } });
  assert.deepEqual(unknown.json().errors, [
    { path: '/headers/request/0/value', message: 'a new secret needs its value' },
  ]);
  const { id } = (await organization.call('POST', '/api/v1/resources', body)).json();
  const sealed = async () =>
    (await fixture.context.store.db.selectFrom('resources').select('header_secrets').executeTakeFirstOrThrow())
      .header_secrets;
  const first = await sealed();
  let version = 1;
  const put = async (change: object) => {
    const headers = { 'if-match': `"${version}"` };
    const answer = await organization.call('PUT', `/api/v1/resources/${id}`, { ...body, ...change }, { headers });
    version = answer.json().version ?? version;
    return answer;
  };
  const kept = { headers: { request: [{ action: 'set', name: 'X-Env', value: 'a' }, secret()] } };
  assert.equal((await put(kept)).statusCode, 200);
  assert.equal(await sealed(), first, 'the one that is there stays');
  assert.equal((await put({ headers: { request: [secret('one')] } })).statusCode, 200);
  assert.equal(await sealed(), first, 'the same value is the same secret');
  const applied = await organization.call('POST', '/api/v1/resources/apply', { resources: [body] });
  assert.equal(applied.json().changes[0].action, 'none', applied.body);

  for (const moved of [{ address: '10.6.6.6:80' }, { address: '10.0.0.1:80', protocol: 'https', tlsVerify: false }]) {
    const refused = await put({ ...kept, targets: [target, moved] });
    assert.deepEqual(refused.json().errors, [
      { path: '/headers/request/1/value', message: 'it would go to another target or host: give it again' },
    ]);
  }
  assert.equal(
    (await put({ targets: [{ address: '10.0.0.2:80' }], headers: { request: [secret('two')] } })).statusCode,
    200,
  );
  assert.notEqual(await sealed(), first);
  const raw = { ...body, name: 'raw', protocol: 'tcp' };
  assert.deepEqual((await organization.call('POST', '/api/v1/resources', raw)).json().errors, [
    { path: '/headers', message: 'only HTTP resources have headers' },
  ]);
  assert.equal((await put({ headers: {} })).json().headers.request.length, 0);
  assert.equal(await sealed(), null);
});
