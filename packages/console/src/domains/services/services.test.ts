import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { startFixture } from '../../testing/fixture.suite.ts';
import { readOrganization } from '../organizations/organization-facts.ts';

eachDatabase(
  'a name is random and readable, stays with device, protocol and address, and is forgotten',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const device = await organization.enrolDevice();
    const publish = (more: object = {}) =>
      organization.call('POST', '/api/v1/services', {
        deviceId: device.id,
        protocol: 'http',
        address: 'localhost:3000',
        ...more,
      });
    assert.equal((await publish()).json().reason, 'api.no_gateway');
    await organization.enrolGateway();
    const first = (await publish()).json();
    assert.match(first.name, /^[a-z]+-[a-z]+-\d{4}$/);
    assert.equal(first.access.mode, 'login', 'sign-in is required unless it is said otherwise');
    const again = (await publish()).json();
    assert.deepEqual(
      [again.id, again.name, again.version],
      [first.id, first.name, 1],
      'the same again changes nothing',
    );
    const opened = (await publish({ access: { mode: 'public' } })).json();
    assert.deepEqual([opened.id, opened.access.mode, opened.version], [first.id, 'public', 2]);
    assert.notEqual((await publish({ address: 'localhost:3001' })).json().name, first.name);
    const named = (await publish({ name: 'shop' })).json();
    assert.notEqual(named.id, first.id, 'a name asked for is another service');
    assert.equal((await publish()).json().id, first.id);

    const other = await organization.enrolDevice();
    assert.equal((await publish({ deviceId: other.id, name: 'shop' })).json().reason, 'api.name_taken');
    assert.equal((await publish({ name: 'portal' })).json().reason, 'api.name_taken', 'the sign-in pages live there');
    await organization.call('DELETE', `/api/v1/devices/${device.id}`);
    assert.equal((await publish()).statusCode, 404, 'a revoked device publishes nothing');
    const moved = (await publish({ deviceId: other.id, name: 'shop' })).json();
    assert.deepEqual([moved.id, moved.deviceId], [named.id, other.id], 'its user takes the name over');
    await organization.call('DELETE', `/api/v1/services/${moved.name}`);
    assert.equal((await organization.call('GET', '/api/v1/services/shop')).statusCode, 404);

    const operator = await organization.user('operator');
    const foreign = await organization.call(
      'POST',
      '/api/v1/services',
      { deviceId: other.id, protocol: 'http', address: 'localhost:1' },
      { key: operator.key },
    );
    assert.equal(foreign.statusCode, 403, 'a device of somebody else');
  },
);

eachDatabase(
  'a stopped service stays under its name until somebody starts it, whatever its agent does',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const device = await organization.enrolDevice();
    await organization.enrolGateway();
    const publish = async (more: object = {}) =>
      (
        await organization.call('POST', '/api/v1/services', {
          deviceId: device.id,
          protocol: 'tcp',
          address: 'localhost:3000',
          ...more,
        })
      ).json();
    const first = await publish();
    assert.equal(first.enabled, true);
    const stopped = (await organization.call('POST', `/api/v1/services/${first.name}/stop`)).json();
    assert.deepEqual([stopped.id, stopped.enabled, stopped.version, stopped.port], [first.id, false, 2, first.port]);
    assert.equal(
      (await organization.call('POST', `/api/v1/services/${first.id}/stop`)).json().version,
      2,
      'once is enough',
    );
    const facts = () => readOrganization(fixture.context, organization.id);
    assert.deepEqual((await facts()).resources, [], 'gateways do not hear of it');

    const again = await publish();
    assert.deepEqual([again.id, again.enabled, again.version], [first.id, false, 2], 'its agent came back');
    const opened = await publish({ access: { mode: 'public' } });
    assert.deepEqual([opened.enabled, opened.access.mode], [false, 'public'], 'with another rule');
    assert.equal(
      (await publish({ address: 'localhost:9', port: first.port })).reason,
      'api.port_taken',
      'its port is its own',
    );
    const other = await organization.enrolDevice();
    await organization.call('DELETE', `/api/v1/devices/${device.id}`);
    const taken = await publish({ deviceId: other.id, name: first.name });
    assert.deepEqual([taken.id, taken.enabled], [first.id, false], 'a machine that was set up anew opens nothing, too');

    const started = (await organization.call('POST', `/api/v1/services/${first.id}/start`)).json();
    assert.deepEqual([started.enabled, started.version], [true, taken.version + 1]);
    assert.deepEqual(
      (await facts()).resources.map(({ id }) => id),
      [first.id],
    );
    const log = (await organization.call('GET', `/api/v1/audit?objectId=${first.id}&limit=1`)).json().items[0];
    assert.deepEqual([log.action, log.before.enabled, log.after.enabled], ['service.update', false, true]);
    const declared = await organization.call('POST', '/api/v1/resources', {
      name: 'wiki',
      targets: [{ address: '10.0.0.1:80' }],
    });
    assert.equal((await organization.call('POST', `/api/v1/services/${declared.json().id}/stop`)).statusCode, 404);
  },
);

eachDatabase(
  'ports come from the intersection of all ranges, stay, are refused when taken, and run out',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const device = await organization.enrolDevice();
    await organization.enrolGateway({ portRange: { from: 20_000, to: 20_005 } });
    await organization.enrolGateway({ portRange: { from: 20_003, to: 20_009 }, publicHost: '2001:db8::1' });
    const publish = async (address: string, more: object = {}) =>
      (
        await organization.call('POST', '/api/v1/services', { deviceId: device.id, protocol: 'tcp', address, ...more })
      ).json();
    const first = await publish('localhost:1');
    assert.equal(first.port, 20_003);
    assert.deepEqual(first.urls, ['127.0.0.1:20003', '[2001:db8::1]:20003']);
    assert.equal((await publish('localhost:2', { port: 20_005 })).port, 20_005);
    assert.equal((await publish('localhost:3', { port: 20_003 })).reason, 'api.port_taken');
    assert.equal((await publish('localhost:3', { port: 20_006 })).reason, 'api.invalid');
    assert.equal((await publish('localhost:4')).port, 20_004);
    assert.equal((await publish('localhost:5')).reason, 'api.no_port_free');
    assert.equal((await publish('localhost:5', { protocol: 'udp' })).port, 20_003, 'UDP has ports of its own');
    assert.equal((await publish('localhost:1')).port, 20_003, 'publishing again keeps the port');
    assert.equal((await publish('localhost:1', { protocol: 'http', port: 20_004 })).reason, 'api.invalid');
  },
);

eachDatabase('real domains get the DNS records that they need', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const device = await organization.enrolDevice();
  for (const gateway of [
    { baseDomain: 'a.example.com', publicHost: '192.0.2.1', httpsPort: 443 },
    { baseDomain: 'b.example.com', publicHost: '2001:db8::1' },
    { baseDomain: 'c.example.com', publicHost: 'edge.example.net' },
    { baseDomain: 'localhost' },
  ]) {
    await organization.enrolGateway(gateway);
  }
  const body = { deviceId: device.id, protocol: 'http', address: 'localhost:3000', name: 'app' };
  const service = (await organization.call('POST', '/api/v1/services', body)).json();
  assert.deepEqual(service.dns, [
    '*.a.example.com. 300 IN A 192.0.2.1',
    '*.b.example.com. 300 IN AAAA 2001:db8::1',
    '*.c.example.com. 300 IN CNAME edge.example.net.',
  ]);
  assert.deepEqual(service.urls, [
    'https://app.a.example.com',
    'https://app.b.example.com:8443',
    'https://app.c.example.com:8443',
    'https://app.localhost:8443',
  ]);
});

eachDatabase(
  'basic passwords are kept as hashes, never shown, and the same password changes nothing',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const device = await organization.enrolDevice();
    await organization.enrolGateway();
    const publish = (password?: string) =>
      organization.call('POST', '/api/v1/services', {
        deviceId: device.id,
        protocol: 'http',
        address: 'localhost:3000',
        access: { basic: [{ username: 'ci', password }] },
      });
    const first = (await publish('a secret')).json();
    assert.deepEqual(first.access.basic, [{ username: 'ci', passwordHash: '$argon2id$redacted' }]);
    assert.equal((await publish('a secret')).json().version, 1);
    assert.equal((await publish('another')).json().version, 2);
    assert.equal((await publish()).json().version, 2, 'no password: the one that is there');
    const row = await fixture.context.store.db.selectFrom('resources').select('access').executeTakeFirstOrThrow();
    const [{ passwordHash }] = JSON.parse(row.access).basic;
    assert.equal(await fixture.context.passwords.verify('another', passwordHash), true);
  },
);

eachDatabase('a share link is signed for one resource and ends when it is revoked', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const device = await organization.enrolDevice();
  await organization.enrolGateway();
  const body = { deviceId: device.id, protocol: 'http', address: 'localhost:3000', name: 'app' };
  const { id } = (await organization.call('POST', '/api/v1/services', body)).json();
  const made = (await organization.call('POST', `/api/v1/resources/${id}/shares`, { ttlSeconds: 600 })).json();
  assert.equal(decodeProtectedHeader(made.token).typ, 'zn-share+jwt');
  const claims = decodeJwt(made.token);
  assert.deepEqual([claims.aud, claims.jti, claims.exp! * 1000], [id, made.share.id, Date.parse(made.share.expiresAt)]);
  assert.deepEqual(made.urls, [`https://app.localhost:8443/.zeronaut/share/${made.token}`]);
  await organization.call('DELETE', `/api/v1/shares/${made.share.id}`);
  const listed = (await organization.call('GET', `/api/v1/resources/${id}/shares`)).json();
  assert.notEqual(listed.items[0].revokedAt, null);
  const tcp = (await organization.call('POST', '/api/v1/services', { ...body, protocol: 'tcp', name: 'raw' })).json();
  const refused = await organization.call('POST', `/api/v1/resources/${tcp.id}/shares`, { ttlSeconds: 600 });
  assert.equal(refused.json().reason, 'api.invalid');
});
