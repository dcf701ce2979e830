import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';

eachDatabase('branding reaches the gateways of its own organization, by owners alone', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const sync = await fixture.startSync();
  const connect = async (organization: typeof ours) => {
    const client = await connectSync(sync.port, await organization.enrolGateway());
    client.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion: 0 });
    return { client, first: JSON.parse((await client.next('snapshot')).snapshot.payload) };
  };
  const [mine, other] = [await connect(ours), await connect(theirs)];
  assert.equal(mine.first.branding, undefined);
  const path = '/api/v1/organizations/current/branding';
  const { version: first, ...unset } = (await ours.call('GET', path)).json();
  assert.deepEqual(unset, { name: 'Zeronaut', colour: null, text: '' });

  const branding = { name: '<b>Acme</b>', colour: '#2451d6', text: 'Ask the help desk.' };
  const admin = await ours.user('admin');
  assert.equal((await ours.call('PUT', path, branding, { key: admin.key })).statusCode, 403);
  for (const bad of [
    { colour: 'red' },
    { colour: '#2451d6;}' },
    { colour: '#ABCDEF' },
    { name: '' },
    { text: 'x'.repeat(501) },
    { html: '' },
  ]) {
    assert.equal((await ours.call('PUT', path, { ...branding, ...bad })).statusCode, 400, JSON.stringify(bad));
  }
  const { version, ...set } = (await ours.call('PUT', path, branding)).json();
  assert.notEqual(version, first);
  assert.deepEqual(set, branding);
  assert.deepEqual(JSON.parse((await mine.client.next('snapshot')).snapshot.payload).branding, branding);
  assert.deepEqual((await ours.call('GET', path, undefined, { key: admin.key })).json(), { ...branding, version });
  assert.equal((await theirs.call('GET', path)).json().name, 'Zeronaut');
  await theirs.call('POST', '/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
  assert.equal(JSON.parse((await other.client.next('snapshot')).snapshot.payload).branding, undefined);
  const [entry] = (await ours.call('GET', '/api/v1/audit?action=organization.branding')).json().items;
  assert.deepEqual([entry.before, entry.after], [null, branding]);
});
