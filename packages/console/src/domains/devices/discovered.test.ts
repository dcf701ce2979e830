import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('what listens on a machine is told by its own agent, bounded, and forgotten', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const theirs = await fixture.organization();
  const member = await ours.user('member');
  const device = await ours.enrolDevice(member.key);
  const path = `/api/v1/devices/${device.id}/discovered`;
  const service = { port: 3000, scope: 'loopback', address: '127.0.0.1:3000', process: 'node', guess: 'http' };
  const tell = async (services: unknown[], key = member.key) =>
    await ours.call('PUT', path, { publishes: true, services }, { key });
  const told = async () => (await ours.call('GET', path)).json();
  const nothing = { reportedAt: null, publishes: false, services: [] };
  assert.deepEqual(await told(), nothing);
  assert.equal((await tell([service])).statusCode, 204);
  const reportedAt = new Date(fixture.clock.nowMs).toISOString();
  assert.deepEqual(await told(), { reportedAt, publishes: true, services: [service] });

  assert.equal((await tell([service], ours.key)).statusCode, 403, 'somebody else for it');
  assert.equal((await theirs.call('GET', path)).statusCode, 404);
  const bad = [
    { ...service, port: 0 },
    { ...service, address: '10.0.0.1:3000' },
    { ...service, address: '127.0.0.1.example.com:80' },
    { ...service, process: 'x\u001b[31m' },
    { ...service, process: 'x'.repeat(65) },
    { ...service, more: 1 },
  ];
  for (const one of bad) assert.equal((await tell([one])).statusCode, 400, JSON.stringify(one));
  assert.equal((await tell(Array.from({ length: 65 }, () => service))).statusCode, 400);
  const script = { ...service, process: '<img src=x onerror=alert(1)>' };
  assert.equal((await tell([script])).statusCode, 204);
  assert.deepEqual((await told()).services, [script], 'a name is text');

  // Its agent is told of what declared resources want of it, and nobody else is.
  const target = { address: '127.0.0.1:3000', agent: device.id };
  const create = async (name: string, enabled: boolean) =>
    (
      await ours.call('POST', '/api/v1/resources', { name, enabled, targets: [target, { address: '10.0.0.1:80' }] })
    ).json();
  const wiki = await create('wiki', true);
  await create('off', false);
  const targets = `/api/v1/devices/${device.id}/targets`;
  assert.deepEqual((await ours.call('GET', targets, undefined, { key: member.key })).json().items, [
    { resourceId: wiki.id, name: 'wiki', address: '127.0.0.1:3000', protocol: 'tcp' },
  ]);
  assert.equal((await ours.call('GET', targets)).statusCode, 403);
  assert.equal((await theirs.call('GET', targets)).statusCode, 404);

  fixture.clock.nowMs += 86_400_001;
  assert.deepEqual(await told(), nothing, 'of an agent that does not look any more');
});
