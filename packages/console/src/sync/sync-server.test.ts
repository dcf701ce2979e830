import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { SNAPSHOT_CONTEXT, type Snapshot, snapshot as snapshotSchema } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture, type TestGateway } from '../testing/fixture.ts';
import { connectSync } from '../testing/sync-client.ts';

const HELLO = { type: 'hello', protocol: 1, softwareVersion: '0.1.0', snapshotVersion: 0 };

function open(gateway: TestGateway, signed: { payload: string; signature: string }): Snapshot {
  const key = createPublicKey({ key: { ...(gateway.snapshotKey as object) }, format: 'jwk' });
  const bytes = Buffer.from(SNAPSHOT_CONTEXT + signed.payload);
  assert.ok(verify(null, bytes, key, Buffer.from(signed.signature, 'base64url')), 'the signature is ours');
  return snapshotSchema.parse(JSON.parse(signed.payload));
}

eachDatabase('a gateway enrols, dials, gets a signed snapshot, and a new one after a change', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const gateway = await organization.enrolGateway();
  const device = await organization.enrolDevice();
  const sync = await fixture.startSync();
  const client = await connectSync(sync.port, gateway);
  t.after(() => client.socket.destroy());
  client.send(HELLO);

  const first = open(gateway, (await client.next('snapshot')).snapshot);
  assert.equal(first.gatewayId, gateway.gateway.id);
  assert.equal(first.version, 1);
  assert.deepEqual(
    first.devices.map(({ id }) => id),
    [device.id],
  );

  const published = await organization.call('POST', '/api/v1/services', {
    deviceId: device.id,
    protocol: 'http',
    address: 'localhost:3000',
  });
  assert.equal(published.statusCode, 200, published.body);
  const second = open(gateway, (await client.next('snapshot')).snapshot);
  assert.equal(second.version, 2);
  const { name, urls } = published.json();
  assert.match(name, /^[a-z]+-[a-z]+-\d{4}$/);
  assert.deepEqual(urls, [`https://${name}.localhost:8443`]);
  assert.deepEqual(second.resources[0]?.hosts, [`${name}.localhost`]);
  assert.ok(second.certificates.some(({ host }) => host === `${name}.localhost`));
});
