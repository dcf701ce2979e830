import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId } from '@zeronaut/model';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { startFixture } from '../testing/fixture.suite.ts';
import { connectSync } from '../testing/sync-client.suite.ts';

const load = {
  ...{ startedAt: '2026-11-29T08:00:00.000Z', connections: 3, tunnels: 1, streams: 2, cpuPercent: 12 },
  ...{ memoryBytes: 90_000_000, delayMs: 1.5, eventsWaiting: 0, eventsDropped: 0 },
};

test('agents, targets and load are as connected gateways say, for their own organization', async (t) => {
  const file = `${temporaryDirectory(t)}/zeronaut.db`;
  const fixture = await startFixture(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const sync = await fixture.startSync();
  const enrolled = [await ours.enrolGateway(), await ours.enrolGateway()] as const;
  const foreign = await theirs.enrolGateway();
  const device = await ours.enrolDevice();
  const service = (
    await ours.call('POST', '/api/v1/services', { deviceId: device.id, protocol: 'http', address: 'localhost:3000' })
  ).json();
  const wiki = (
    await ours.call('POST', '/api/v1/resources', {
      name: 'wiki',
      targets: [{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }],
    })
  ).json();
  const connect = async (identity: (typeof enrolled)[number]) => {
    const client = await connectSync(sync.port, identity);
    client.send({ type: 'hello', protocol: 1, softwareVersion: '1.2.3', snapshotVersion: 0, features: ['tunnels'] });
    const { snapshot } = await client.next('snapshot');
    client.send({ type: 'applied', version: JSON.parse(snapshot.payload).version });
    return client;
  };
  const get = async (path: string) => (await ours.call('GET', `/api/v1/${path}`)).json();
  const health = async (id: string) => (await get(`resources/health?ids=${id}`)).items[0];
  const alarms = async () =>
    (await get('overview')).alarms.map((alarm: { kind: string; object: { name: string } }) => [
      alarm.kind,
      alarm.object.name,
    ]);
  assert.equal((await health(wiki.id)).state, 'unknown');

  // Somebody else's gateway says that it has our agent: that is nothing to us.
  const other = await connect(foreign);
  other.send({
    type: 'status',
    load,
    devices: [device.id],
    serving: [service.id],
    unhealthy: [{ resourceId: wiki.id, targetId: wiki.targets[0].id }],
  });
  const one = await connect(enrolled[0]);
  one.send({ type: 'status', load, devices: [], serving: [], unhealthy: [] });
  await waitFor(async () => (await get(`gateways/${enrolled[0].gateway.id}/status`)).load !== null, {
    what: 'the load',
  });
  // A policy that asks for countries is warned of gateways that know none.
  const check = async () => {
    const text = 'permit (principal, action, resource) when { context has country && context.country == "CH" };';
    return (await ours.call('POST', '/api/v1/policies/check', { text })).json().warnings;
  };
  assert.deepEqual(await check(), []);
  one.send({ type: 'status', load: { ...load, countries: 'none' } });
  await waitFor(async () => (await check()).length === 1, { what: 'the warning' });
  assert.match((await check())[0].message, new RegExp(`the gateway ${enrolled[0].gateway.name} knows no countries`));
  one.send({ type: 'status', load });
  await waitFor(async () => (await check()).length === 0, { what: 'no warning' });
  assert.equal((await get('services')).items[0].connected, false);
  assert.equal((await get('devices')).items[0].connected, false);
  assert.deepEqual([(await health(wiki.id)).state, (await health(service.id)).state], ['up', 'down']);
  assert.deepEqual(await alarms(), [
    ['gateway_offline', enrolled[1].gateway.name],
    ['agent_away', service.name],
  ]);

  one.send({ type: 'status', load, devices: [device.id], serving: [service.id] });
  await waitFor(async () => (await get('services')).items[0].connected, { what: 'the agent' });
  assert.equal((await get(`services/${service.id}`)).connected, true);
  assert.equal((await get('devices')).items[0].connected, true);
  // Its tunnels are asked for when somebody looks, at the gateways that have it.
  const tunnels = get(`devices/${device.id}/tunnels`);
  const { rpcId, deviceId } = await one.next('list_tunnels');
  const tunnel = { openedAt: '2026-11-29T08:00:00.000Z', address: '192.0.2.7', streams: 3, forwards: 1, serving: 2 };
  one.send({ type: 'tunnels', rpcId, tunnels: [tunnel] });
  assert.deepEqual(
    [deviceId, (await tunnels).gateways],
    [device.id, [{ id: enrolled[0].gateway.id, name: enrolled[0].gateway.name, tunnels: [tunnel] }]],
  );
  assert.equal((await theirs.call('GET', `/api/v1/devices/${device.id}/tunnels`)).statusCode, 404);
  assert.equal((await health(service.id)).state, 'up');
  const two = await connect(enrolled[1]);
  two.send({
    type: 'status',
    load: { ...load, eventsDropped: 4 },
    devices: [],
    serving: [],
    unhealthy: [{ resourceId: wiki.id, targetId: wiki.targets[0].id }],
  });
  await waitFor(async () => (await health(wiki.id)).state === 'partly', { what: 'the target' });
  assert.deepEqual(
    (await health(wiki.id)).targets.map(({ state, unhealthy }: { state: string; unhealthy: string[] }) => [
      state,
      unhealthy,
    ]),
    [
      ['partly', [enrolled[1].gateway.id]],
      ['up', []],
    ],
  );
  assert.deepEqual((await health(service.id)).targets[0].away, [enrolled[1].gateway.id]);
  assert.deepEqual(await alarms(), [
    ['events_dropped', enrolled[1].gateway.name],
    ['target_unhealthy', 'wiki'],
  ]);
  const status = await get(`gateways/${enrolled[1].gateway.id}/status`);
  assert.deepEqual(
    [status.connected, status.softwareVersion, status.load.eventsDropped, status.unhealthy.length],
    [true, '1.2.3', 4, 1],
  );
  assert.ok(
    status.certificates.length > 0 && status.certificates.every((row: { notAfter: string }) => row.notAfter > '2026'),
  );

  one.socket.destroy();
  await waitFor(async () => !(await get('services')).items[0].connected, { what: 'that it is gone' });
  const gone = await get(`gateways/${enrolled[0].gateway.id}/status`);
  assert.deepEqual([gone.connected, gone.loadIsStale, gone.load], [false, true, load], 'what it said last stays');

  const listed = (await get('gateways?sort=-connections')).items;
  assert.deepEqual(
    listed.map((one: { id: string; load: { connections: number } | null; loadIsStale: boolean }) => [
      one.id === enrolled[0].gateway.id,
      one.load?.connections,
      one.loadIsStale,
    ]),
    [
      [false, 3, false],
      [true, 3, true],
    ],
  );
  assert.equal((await get(`gateways/${enrolled[1].gateway.id}/status`)).history.length, 1);

  // What is no status ends the link.
  const hostile = [
    { ...load, cpuPercent: -1 },
    { ...load, connections: 1e300 },
    { ...load, delayP99Ms: 1e10 },
    { ...load, heapBytes: 'much' },
    { ...load, more: 1 },
  ];
  for (const one of hostile) {
    const liar = await connect(enrolled[0]);
    liar.send({ type: 'status', load: one });
    await waitFor(liar.closed, { what: 'the end' });
  }
  assert.deepEqual((await get(`gateways/${enrolled[0].gateway.id}/status`)).load, load, 'nothing of it was stored');
  two.send({ type: 'status', load, devices: ['not an id'] });
  await waitFor(two.closed, { what: 'the end' });
  const three = await connect(enrolled[1]);
  three.send({ type: 'status', load, devices: Array.from({ length: 50_001 }, () => createId('device')) });
  await waitFor(three.closed, { what: 'the end' });
  const four = await connect(enrolled[0]);
  four.send({ type: 'tunnels', rpcId: 7, tunnels: [] });
  await waitFor(four.closed, { what: 'the end: nobody asked' });

  // When it had a tunnel last is there when nobody is connected any more; who only claims to have it says nothing of ours.
  assert.equal((await get('devices')).items[0].connected, false);
  await sync.stop();
  const seen = (await get('devices?sort=-seen')).items[0];
  assert.deepEqual([seen.id, seen.lastSeenAt], [device.id, new Date(fixture.clock.nowMs).toISOString()]);
});
