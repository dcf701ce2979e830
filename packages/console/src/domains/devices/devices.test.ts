import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('calling a device like that of somebody else takes nothing over', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await organization.enrolGateway();
  const member = await organization.user('member');
  const declare = (agent: string) =>
    organization.call('POST', '/api/v1/resources/apply', {
      resources: [{ name: 'db', protocol: 'tcp', targets: [{ address: 'localhost:5432', agent }] }],
    });
  const deviceOf = async (agent: string) => (await declare(agent)).json().changes[0].resource.targets[0].deviceId;

  const first = await organization.enrolDevice(organization.key, 'rack');
  fixture.clock.nowMs += 1;
  const again = await organization.enrolDevice(organization.key, 'rack');
  assert.equal(await deviceOf('rack'), again.id, 'of one user the newest');

  const fake = await organization.enrolDevice(member.key, 'rack');
  const refused = await declare('rack');
  assert.equal(refused.statusCode, 400);
  assert.deepEqual(refused.json().errors, [
    { path: '/resources/0/targets/0/agent', message: 'several users have a device called rack; use the id' },
  ]);

  for (let i = 0; i < 3; i++) await organization.enrolDevice(member.key, first.id);
  assert.equal(await deviceOf(first.id), first.id, 'an id is an id, whatever devices are called');

  await organization.call('DELETE', `/api/v1/devices/${fake.id}`);
  assert.equal(await deviceOf('rack'), again.id);
});

eachDatabase('a user cannot fill the snapshots with devices', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const member = await organization.user('member');
  const first = await organization.enrolDevice(member.key);
  const { db } = fixture.context.store;
  const row = await db.selectFrom('devices').selectAll().where('id', '=', first.id).executeTakeFirstOrThrow();
  const others = Array.from({ length: 999 }, (_, i) => ({
    ...row,
    id: `${row.id}${i}`,
    key_fingerprint: `print-${i}`,
  }));
  for (let i = 0; i < others.length; i += 333) {
    await db
      .insertInto('devices')
      .values(others.slice(i, i + 333))
      .execute();
  }
  await assert.rejects(organization.enrolDevice(member.key), /at most 1000 devices/);
  await organization.enrolDevice();
  await organization.call('DELETE', `/api/v1/devices/${first.id}`);
  await organization.enrolDevice(member.key);
});
