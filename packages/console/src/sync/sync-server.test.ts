import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type TestContext, test } from 'node:test';
import {
  CONSOLE_ISSUER,
  currentStatement,
  gatewayServerName,
  PORTAL_AUDIENCE,
  portalSessionClaims,
  SNAPSHOT_CONTEXT,
  type Snapshot,
  snapshot as snapshotSchema,
  TOKEN_TYPE,
} from '@zeronaut/model';
import { createTestAuthority, eachDatabase, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { certificateRequest, startFixture, type TestGateway } from '../testing/fixture.suite.ts';
import { connectSync } from '../testing/sync-client.suite.ts';
import { startSyncServer } from './sync-server.ts';

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

function event(gatewayId: string, seq: number, more: Record<string, unknown> = {}) {
  return {
    gatewayId,
    epoch: 'epoch-0001',
    seq,
    at: new Date(1_790_000_000_000 + seq).toISOString(),
    requestId: `req_${seq}`,
    organizationId: null,
    resourceId: null,
    protocol: 'http',
    effect: 'pass',
    reason: 'access.public',
    subject: '',
    sourceAddress: '192.0.2.1',
    method: 'GET',
    host: 'app.localhost',
    path: '/',
    status: 200,
    bytesIn: 0,
    bytesOut: 10,
    durationMs: 1,
    targetId: '',
    snapshotVersion: 1,
    ...more,
  };
}

async function world(
  t: TestContext,
  database = { kind: 'sqlite' as const, file: '', url: `sqlite:${temporaryDirectory(t)}/z.db` },
) {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const gateway = await organization.enrolGateway();
  const sync = await fixture.startSync();
  const connect = async (hello: object | null = HELLO) => {
    const client = await connectSync(sync.port, gateway);
    t.after(() => client.socket.destroy());
    if (hello !== null) client.send(hello);
    return client;
  };
  return { fixture, organization, gateway, sync, connect };
}

eachDatabase('events are stored once each and acknowledged to the highest', async (t, database) => {
  const { organization, gateway, connect } = await world(t, database as never);
  const first = await connect();
  const numbers = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, i) => event(gateway.gateway.id, from + i));
  first.send({ type: 'events', events: numbers(1, 600) });
  assert.deepEqual(await first.next('events_stored'), { type: 'events_stored', epoch: 'epoch-0001', seq: 600 });
  first.socket.destroy();

  const second = await connect();
  second.send({ type: 'events', events: numbers(590, 610) });
  assert.equal((await second.next('events_stored')).seq, 610);
  second.send({ type: 'events', events: numbers(1, 5) });
  assert.equal((await second.next('events_stored')).seq, 610, 'old ones do not move the head back');
  const third = event(gateway.gateway.id, 1, { epoch: 'epoch-0002' });
  second.send({ type: 'events', events: [third] });
  assert.deepEqual(await second.next('events_stored'), { type: 'events_stored', epoch: 'epoch-0002', seq: 1 });

  const seen = new Set<string>();
  let pages = 0;
  for (let cursor: string | null = ''; cursor !== null; pages++) {
    const answer = await organization.call('GET', `/api/v1/access-events?limit=200${cursor && `&cursor=${cursor}`}`);
    for (const item of answer.json().items) seen.add(`${item.epoch}/${item.seq}`);
    cursor = answer.json().nextCursor;
  }
  assert.equal(seen.size, 611);
  assert.equal(pages, 4);
  const newest = await organization.call('GET', '/api/v1/access-events?limit=1&effect=pass');
  assert.equal(newest.json().items[0].seq, 610);
});

test('a version survives a restart, and grows past what the gateway runs', async (t) => {
  const { fixture, organization, gateway, sync, connect } = await world(t);
  const client = await connect();
  const first = (await client.next('snapshot')).snapshot;
  await sync.stop();
  fixture.clock.nowMs += 60_000;

  const again = await fixture.startSync();
  const restarted = await connectSync(again.port, gateway);
  t.after(() => restarted.socket.destroy());
  restarted.send(HELLO);
  assert.deepEqual((await restarted.next('snapshot')).snapshot, first, 'the same content is the same snapshot');
  restarted.socket.destroy();

  const current = await connectSync(again.port, gateway);
  t.after(() => current.socket.destroy());
  current.send({ ...HELLO, snapshotVersion: 1 });
  current.send({ type: 'ping' });
  await current.next('pong');
  await organization.call('POST', '/api/v1/resources', { name: 'later', targets: [{ address: '10.0.0.1:80' }] });
  assert.equal(open(gateway, (await current.next('snapshot')).snapshot).version, 2, 'nothing was sent for version 1');

  const ahead = await connectSync(again.port, gateway);
  t.after(() => ahead.socket.destroy());
  ahead.send({ ...HELLO, snapshotVersion: 500 });
  assert.equal(open(gateway, (await ahead.next('snapshot')).snapshot).version, 501, 'a restored console catches up');
});

const EXPIRY = { ...HELLO, features: ['expiry'] };
const NONCE = 'A'.repeat(22);

eachDatabase(
  'how long a gateway may decide is in its snapshot, and what is the newest one is confirmed',
  async (t, database) => {
    const { fixture, organization, gateway, connect } = await world(t, database as never);
    const old = await connect();
    assert.equal(open(gateway, (await old.next('snapshot')).snapshot).maxAgeSeconds, undefined);
    const bound = { snapshotMaxAgeSeconds: 3_600 };
    assert.equal((await organization.call('PATCH', '/api/v1/organizations/current', bound)).statusCode, 200);
    // It does not know the field, and would refuse the whole snapshot for it.
    await organization.call('POST', '/api/v1/resources', { name: 'other', targets: [{ address: '10.0.0.1:80' }] });
    assert.equal(open(gateway, (await old.next('snapshot')).snapshot).maxAgeSeconds, undefined);

    const client = await connect(EXPIRY);
    client.send({ type: 'confirm_snapshot', rpcId: 1, nonce: NONCE });
    const { version, maxAgeSeconds, organizationId } = open(gateway, (await client.next('snapshot')).snapshot);
    assert.equal(maxAgeSeconds, 3_600);
    const isSigned = (answer: { version: number; signature: string }, nonce: string) => {
      const statement = currentStatement({
        gatewayId: gateway.gateway.id,
        organizationId,
        version: answer.version,
        nonce,
      });
      const key = createPublicKey({ key: { ...(gateway.snapshotKey as object) }, format: 'jwk' });
      return verify(null, Buffer.from(statement), key, Buffer.from(answer.signature, 'base64url'));
    };
    // Asked with the hello, it is answered once it was built.
    const first = await client.next('snapshot_confirmed');
    assert.deepEqual([first.rpcId, first.version, isSigned(first, NONCE)], [1, version, true]);
    assert.equal(isSigned(first, 'B'.repeat(22)), false);

    // Nothing is confirmed that a committed change has overtaken.
    for (let round = 1; round <= 12; round++) {
      const later = { name: `later-${round}`, targets: [{ address: '10.0.0.1:80' }] };
      assert.equal((await organization.call('POST', '/api/v1/resources', later)).statusCode, 201);
      // Before, in the midst of and after the build that follows.
      await new Promise((resolve) => setTimeout(resolve, round));
      client.send({ type: 'confirm_snapshot', rpcId: round + 1, nonce: NONCE });
      const next = await client.next('snapshot_confirmed');
      assert.equal(next.rpcId, round + 1);
      assert.ok(next.version >= version + round, `${next.version} was the newest after ${round} changes`);
    }

    // A console that does not know what is in the database says nothing, and keeps the link.
    const { db } = fixture.context.store;
    const set = (status: 'active' | 'revoked') =>
      db.updateTable('gateways').set({ status }).where('id', '=', gateway.gateway.id).execute();
    await set('revoked');
    client.send({ type: 'confirm_snapshot', rpcId: 100, nonce: NONCE });
    await waitFor(() => client.closed(), { what: 'the link of what is no gateway any more to end' });
    assert.equal(
      client.received.some(({ type }) => type === 'snapshot_confirmed'),
      false,
    );
    await set('active');

    // Another console on the same database has built a newer one.
    const again = await connect(EXPIRY);
    again.send({ type: 'confirm_snapshot', rpcId: 1, nonce: NONCE });
    const { version: running } = await again.next('snapshot_confirmed');
    const newer = { snapshot_version: running + 5, snapshot_hash: 'of another console' };
    await db.updateTable('gateways').set(newer).where('id', '=', gateway.gateway.id).execute();
    again.send({ type: 'confirm_snapshot', rpcId: 2, nonce: NONCE });
    const third = await again.next('snapshot_confirmed');
    assert.deepEqual([third.rpcId, third.version], [2, running + 6]);
  },
);

test('a visitor signs in through a gateway, is rate limited, and signs out', async (t) => {
  const { fixture, organization, gateway, connect } = await world(t);
  const password = 'plum violin harbour seven';
  const { user } = await organization.user('member', { email: 'ann@example.com', password });
  const elsewhere = await fixture.organization('elsewhere');
  await elsewhere.user('owner', { email: 'eve@example.com', password });
  const client = await connect();
  const signIn = async (email: string, secret: string, address: string) => {
    const rpcId = Math.floor(Math.random() * 1e9) + 1;
    client.send({ type: 'sign_in', rpcId, email, password: secret, address, userAgent: 'test' });
    const result = await client.next('sign_in_result');
    assert.equal(result.rpcId, rpcId);
    return result;
  };

  const { token } = await signIn('ann@example.com', password, '192.0.2.7');
  const key = await importJWK({ ...fixture.context.authority.tokenKey.publicJwk });
  assert.equal(decodeProtectedHeader(token!).typ, TOKEN_TYPE.portalSession);
  const { payload } = await jwtVerify(token!, key, {
    issuer: CONSOLE_ISSUER,
    audience: PORTAL_AUDIENCE,
    algorithms: ['EdDSA'],
  });
  const claims = portalSessionClaims.parse(payload);
  assert.equal(claims.sub, user.id);
  assert.equal(
    (await signIn('eve@example.com', password, '192.0.2.7')).reason,
    'api.credentials_invalid',
    'not of this organization',
  );

  for (let i = 0; i < 5; i++) {
    assert.equal((await signIn('ann@example.com', 'wrong', '198.51.100.1')).reason, 'api.credentials_invalid');
  }
  assert.equal((await signIn('ann@example.com', password, '198.51.100.1')).reason, 'api.rate_limited');
  assert.notEqual(
    (await signIn('ann@example.com', password, '192.0.2.7')).token,
    null,
    'the good address is not locked out',
  );

  const before = open(gateway, (await client.next('snapshot')).snapshot);
  assert.deepEqual(before.revokedSessions, []);
  client.send({ type: 'sign_out', rpcId: 1, sessionId: claims.sid });
  await client.next('sign_out_result');
  const after = open(gateway, (await client.next('snapshot')).snapshot);
  assert.deepEqual(after.revokedSessions, [{ id: claims.sid, expiresAt: new Date(claims.exp * 1000).toISOString() }]);
});

test('what is revoked or disabled leaves the snapshot', async (t) => {
  const { organization, gateway, connect } = await world(t);
  const device = await organization.enrolDevice();
  const member = await organization.user('member');
  const client = await connect();
  await client.next('snapshot');

  const { version } = member.user;
  await organization.call(
    'PATCH',
    `/api/v1/users/${member.user.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': `"${version}"` } },
  );
  const withoutUser = open(gateway, (await client.next('snapshot')).snapshot);
  assert.ok(!withoutUser.users.some(({ id }) => id === member.user.id));
  await organization.call('DELETE', `/api/v1/devices/${device.id}`);
  assert.deepEqual(open(gateway, (await client.next('snapshot')).snapshot).devices, []);
  await organization.call('DELETE', `/api/v1/gateways/${gateway.gateway.id}`);
  await waitFor(client.closed, { what: 'the link of a revoked gateway to close' });
  const late = await connect();
  await waitFor(late.closed, { what: 'a revoked gateway to be turned away' });
});

test('a gateway renews its certificate for the same key only, and the snapshot names its tunnel listener', async (t) => {
  const { gateway, connect } = await world(t);
  const client = await connect();
  const { certificates } = open(gateway, (await client.next('snapshot')).snapshot);
  assert.equal(certificates[0]?.host, gatewayServerName(gateway.gateway.id));
  client.send({ type: 'renew', rpcId: 1, csr: await certificateRequest(gateway.privateKey) });
  const renewed = await client.next('renewed');
  const again = await connectSync(client.socket.remotePort as number, {
    ...gateway,
    certificate: renewed.certificate!,
  });
  t.after(() => again.socket.destroy());
  again.send(HELLO);
  await again.next('snapshot');

  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  again.send({ type: 'renew', rpcId: 2, csr: await certificateRequest(other) });
  assert.equal((await again.next('renewed')).certificate, null, 'another key');
  again.send({ type: 'renew', rpcId: 3, csr: 'nonsense' });
  assert.equal((await again.next('renewed')).certificate, null, 'no request at all');
});

test('names that nobody has get a certificate, where browsers take a wildcard', async (t) => {
  const { fixture, organization, sync } = await world(t);
  const other = await (await fixture.organization()).enrolGateway({ baseDomain: 'gateway.example.com' });
  const hostsOf = async (gateway: typeof other) => {
    const client = await connectSync(sync.port, gateway);
    t.after(() => client.socket.destroy());
    client.send(HELLO);
    return open(gateway, (await client.next('snapshot')).snapshot).certificates.map(({ host }) => host);
  };
  assert.deepEqual((await hostsOf(other)).slice(1), ['portal.gateway.example.com', '*.gateway.example.com']);
  assert.deepEqual((await hostsOf(await organization.enrolGateway())).slice(1), ['portal.localhost']);
});

test('strangers are closed: no certificate, another authority, a device, a forged name, another protocol', async (t) => {
  const { fixture, organization, gateway, sync } = await world(t);
  const stranger = await createTestAuthority();
  const ids = { organizationId: organization.id, gatewayId: gateway.gateway.id };
  const forged = await stranger.gateway(ids);
  const device = await organization.enrolDevice();
  const ca = fixture.context.authority.certificates;
  const key = { ...gateway };
  const attempts = {
    'no certificate': connectSync(sync.port, null, { trust: ca.certificate }),
    'another authority': connectSync(sync.port, {
      key: forged.key,
      certificate: forged.cert,
      certificateAuthority: ca.certificate,
    }),
    'a device': connectSync(sync.port, {
      key: device.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      certificate: device.certificate,
      certificateAuthority: ca.certificate,
    }),
    'another protocol': connectSync(sync.port, key, { alpn: 'h2' }),
  };
  for (const [what, attempt] of Object.entries(attempts)) {
    const client = await attempt;
    client.send(HELLO);
    await waitFor(client.closed, { what: `${what} to be closed` });
    assert.deepEqual(client.received, [], what);
  }
  const good = await connectSync(sync.port, gateway);
  t.after(() => good.socket.destroy());
  good.send(HELLO);
  await good.next('snapshot');
});

test('whoever connects and does not finish the handshake is closed', async (t) => {
  const { fixture } = await world(t);
  const { log } = fixture;
  const server = await startSyncServer(fixture.context, { host: '127.0.0.1', port: 0, log, handshakeTimeoutMs: 100 });
  t.after(() => server.stop());
  for (const bytes of ['', '\x16\x03\x01']) {
    const socket = connectTcp(server.port, '127.0.0.1').resume();
    if (bytes !== '') socket.write(bytes, 'latin1');
    await once(socket, 'close');
  }
});

function frame(body: Buffer | string): Buffer {
  const bytes = Buffer.from(body as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

test('hostile messages close the link and nothing else', async (t) => {
  const { fixture, gateway, connect } = await world(t);
  const id = gateway.gateway.id;
  const hello = frame(JSON.stringify(HELLO));
  const json = (value: unknown) => Buffer.concat([hello, frame(JSON.stringify(value))]);
  const attacks: Record<string, Buffer> = {
    'a length of zero': Buffer.alloc(4),
    'a length beyond the limit': Buffer.from([0xff, 0xff, 0xff, 0xff]),
    'no JSON': frame('{'),
    'no UTF-8': frame(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
    'a message of the console': json({ type: 'sign_out_result', rpcId: 1 }),
    'deep nesting': frame('['.repeat(200_000)),
    noise: frame(randomBytes(4096)),
    'something before hello': frame(JSON.stringify({ type: 'ping' })),
    'hello twice': json(HELLO),
    'another protocol version': frame(JSON.stringify({ ...HELLO, protocol: 2 })),
    'an unknown field': frame(JSON.stringify({ ...HELLO, admin: true })),
    'a version that cannot be': frame(JSON.stringify({ ...HELLO, snapshotVersion: Number.MAX_SAFE_INTEGER })),
    'an applied version that was never sent': json({ type: 'applied', version: 99 }),
    'events of another gateway': json({ type: 'events', events: [event('gw_00000000000000000000000000', 1)] }),
    'events of another organization': json({
      type: 'events',
      events: [event(id, 1, { organizationId: 'org_00000000000000000000000000' })],
    }),
    'a hole in the events': json({ type: 'events', events: [event(id, 1), event(id, 3)] }),
    'a prototype': frame('{"type":"hello","__proto__":{"protocol":1}}'),
  };
  for (const [what, bytes] of Object.entries(attacks)) {
    const client = await connect(null);
    client.sendBytes(bytes);
    await waitFor(client.closed, { what: `${what} to close the link` });
  }
  const stored = await fixture.context.store.db.selectFrom('access_events').select('seq').execute();
  assert.deepEqual(stored, []);
  const good = await connect();
  await good.next('snapshot');
});

test('a gateway that asks and never reads is not read without end, and one byte at a time is understood', async (t) => {
  const { connect } = await world(t);
  const slow = await connect(null);
  for (const byte of frame(JSON.stringify(HELLO))) slow.sendBytes(Buffer.from([byte]));
  await slow.next('snapshot');

  slow.socket.pause();
  const ping = frame(JSON.stringify({ type: 'ping' }));
  const many = Buffer.concat(Array.from({ length: 50_000 }, () => ping));
  for (let i = 0; i < 20; i++) slow.sendBytes(many);
  // What the console does not read stays here: a million pings are not answered into its memory.
  await waitFor(() => slow.socket.writableLength > 0, { what: 'pressure' });
  const before = slow.socket.writableLength;
  assert.ok(before > many.length, `${before} bytes wait at the sender`);
  const other = await connect();
  await other.next('snapshot');
});

test('changes that come together go out together, and all gateways learn of them', async (t) => {
  const { fixture, organization, sync, connect } = await world(t);
  const second = await organization.enrolGateway();
  const clients = [await connect(), await connectSync(sync.port, second)];
  t.after(() => clients[1]!.socket.destroy());
  clients[1]!.send(HELLO);
  for (const client of clients) await client.next('snapshot');
  await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      organization.call('POST', '/api/v1/resources', { name: `r-${i}`, targets: [{ address: '10.0.0.1:80' }] }),
    ),
  );
  for (const client of clients) {
    const names = await waitFor(
      () => {
        const last = client.received.findLast((message) => message.type === 'snapshot');
        const found: string[] =
          last === undefined ? [] : JSON.parse(last.snapshot.payload).resources.map((r: { name: string }) => r.name);
        return found.length === 20 && found;
      },
      { what: 'all twenty resources' },
    );
    assert.equal(new Set(names).size, 20);
  }
  assert.equal(fixture.context.connectedGateways().size, 2);
});

test('many new hosts come in several snapshots, and a revocation does not wait for the last', async (t) => {
  const { organization, gateway, connect } = await world(t);
  const device = await organization.enrolDevice();
  const client = await connect();
  await client.next('snapshot');
  const resources = Array.from({ length: 300 }, (_, i) => ({ name: `r-${i}`, targets: [{ address: '10.0.0.1:80' }] }));
  await organization.call('POST', '/api/v1/resources/apply', { resources });
  const revoked = organization.call('DELETE', `/api/v1/devices/${device.id}`);
  const first = open(gateway, (await client.next('snapshot')).snapshot);
  assert.ok(first.resources.length === 300 && first.certificates.length < 300);
  await revoked;
  let last = first;
  let withoutDevice = 0;
  while (last.certificates.length < 302) {
    last = open(gateway, (await client.next('snapshot')).snapshot);
    if (last.devices.length === 0 && withoutDevice === 0) withoutDevice = last.certificates.length;
  }
  assert.ok(withoutDevice > 0 && withoutDevice < 302, `${withoutDevice} certificates when the device was gone`);
});

test('a change that was answered reaches the gateways before the console stops', async (t) => {
  const { fixture, organization, gateway } = await world(t);
  const device = await organization.enrolDevice();
  const options = { host: '127.0.0.1', port: 0, log: fixture.log, handOverMs: 60_000 };
  const sync = await startSyncServer(fixture.context, options);
  let stopped: Promise<void> | null = null;
  const stop = () => {
    stopped ??= sync.stop();
  };
  const client = await connectSync(sync.port, gateway);
  t.after(async () => {
    client.socket.destroy();
    stop();
    await stopped;
  });
  client.send(HELLO);
  const { version, devices } = open(gateway, (await client.next('snapshot')).snapshot);
  assert.equal(devices.length, 1);
  client.send({ type: 'applied', version });
  // In the moment of the commit: nothing of it is under way.
  t.after(fixture.context.store.onChange(stop));
  const { statusCode } = await organization.call('DELETE', `/api/v1/devices/${device.id}`);
  assert.equal(statusCode, 204);
  assert.notEqual(stopped, null);
  const last = open(gateway, (await client.next('snapshot')).snapshot);
  assert.deepEqual(last.devices, []);
  assert.equal(client.closed(), false, 'the gateway is waited for');
  client.send({ type: 'applied', version: last.version });
  await stopped;
  await waitFor(() => client.closed(), { what: 'the link is closed' });
});

eachDatabase(
  'what is the newest snapshot is said, too, where something changes during each build',
  async (t, database) => {
    const { fixture, organization, connect } = await world(t, database as never);
    const { store } = fixture.context;
    const client = await connect(EXPIRY);
    const { version } = JSON.parse((await client.next('snapshot')).snapshot.payload);
    const change = () => store.change(organization.id, async () => undefined);
    const { transaction } = store;
    let changing = true;
    const duringReads: typeof transaction = async (run) => {
      const read = await transaction(run);
      if (changing) await change();
      return read;
    };
    Object.assign(store, { transaction: duringReads });
    await change();
    for (let rpcId = 1; rpcId <= 3; rpcId++) {
      client.send({ type: 'confirm_snapshot', rpcId, nonce: NONCE });
      const answer = await client.next('snapshot_confirmed');
      assert.deepEqual([answer.rpcId, answer.version], [rpcId, version]);
    }
    changing = false;
  },
);

eachDatabase('a gateway that asks without end has its row looked at once at a time', async (t, database) => {
  const { fixture, connect } = await world(t, database as never);
  const client = await connect(EXPIRY);
  await client.next('snapshot');
  const { store } = fixture.context;
  const { db } = store;
  let [now, most] = [0, 0];
  const counting = db.withPlugin({
    transformQuery({ node }) {
      most = Math.max(most, ++now);
      return node;
    },
    async transformResult({ result }) {
      now--;
      return result;
    },
  });
  Object.assign(store, { db: counting });
  for (let rpcId = 1; rpcId <= 200; rpcId++) client.send({ type: 'confirm_snapshot', rpcId, nonce: NONCE });
  await waitFor(
    () => client.received.some((message) => message.type === 'snapshot_confirmed' && message.rpcId === 200),
    { what: 'the last question to be answered' },
  );
  Object.assign(store, { db });
  assert.ok(most >= 1 && most <= 3, `${most} looks at a time`);
});

eachDatabase('what is the newest snapshot is said while events wait to be stored', async (t, database) => {
  const { fixture, gateway, connect } = await world(t, database as never);
  const { store } = fixture.context;
  const client = await connect(EXPIRY);
  await client.next('snapshot');
  const { transaction } = store;
  const stored = Promise.withResolvers<void>();
  t.after(() => stored.resolve());
  // As a table does that is being migrated.
  const waiting: typeof transaction = async (run) => {
    await stored.promise;
    return await transaction(run);
  };
  Object.assign(store, { transaction: waiting });
  client.send({ type: 'events', events: [event(gateway.gateway.id, 1)] });
  client.send({ type: 'confirm_snapshot', rpcId: 1, nonce: NONCE });
  assert.equal((await client.next('snapshot_confirmed')).rpcId, 1);
  stored.resolve();
  assert.equal((await client.next('events_stored')).seq, 1);
});
