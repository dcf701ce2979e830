import assert from 'node:assert/strict';
import { NO_LIMITS } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';

const HELLO = { type: 'hello', protocol: 1, softwareVersion: '1.2.3', snapshotVersion: 0 };

eachDatabase('limits and balancing are kept, shown, and told to gateways that know them', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const sync = await fixture.startSync();
  const [one, two] = [await organization.enrolGateway(), await organization.enrolGateway()];
  const [knows, old] = [await connectSync(sync.port, one), await connectSync(sync.port, two)];
  knows.send({ ...HELLO, features: ['limits', 'balancing'] });
  old.send(HELLO);
  for (const client of [knows, old]) await client.next('snapshot');
  const target = { address: '10.0.0.1:80' };
  const given = { concurrent: 5, rate: { requests: 10 } };
  const limits = { ...NO_LIMITS, concurrent: 5, rate: { requests: 10, perSeconds: 1 } };
  const body = { name: 'app', targets: [target], limits: given, balancing: 'source' };
  const made = (await organization.call('POST', '/api/v1/resources', body)).json();
  assert.deepEqual([made.limits, made.balancing], [limits, 'source']);
  const resourceOf = async (client: typeof knows) =>
    JSON.parse((await client.next('snapshot')).snapshot.payload).resources[0];
  const told = await resourceOf(knows);
  assert.deepEqual([told.limits, told.balancing], [limits, 'source']);
  const older = await resourceOf(old);
  assert.deepEqual([older.limits, older.balancing], [undefined, undefined]);
  const shown = (await organization.call('GET', `/api/v1/resources/${made.id}`)).json();
  assert.deepEqual([shown.limits, shown.balancing], [limits, 'source']);
  const route = { url: `https://app.${one.gateway.baseDomain}/`, user: null };
  const test = (await organization.call('POST', '/api/v1/resources/test', route)).json();
  assert.deepEqual([test.limits, test.balancing], [limits, 'source']);
  const apply = await organization.call('POST', '/api/v1/resources/apply', { resources: [body] });
  assert.equal(apply.json().changes[0].action, 'none');
  const raw = { name: 'db', protocol: 'tcp', targets: [target], limits: { bodyBytes: 5 } };
  assert.deepEqual((await organization.call('POST', '/api/v1/resources', raw)).json().errors, [
    { path: '/limits/bodyBytes', message: 'only HTTP resources have it' },
  ]);
  for (const wrong of [{ concurrent: 0 }, { idleTimeoutMs: 10 }, { rate: { requests: 0 } }, { bodybytes: 1 }]) {
    const refused = await organization.call('POST', '/api/v1/resources', { ...body, name: 'b', limits: wrong });
    assert.equal(refused.statusCode, 400, JSON.stringify(wrong));
  }
});
