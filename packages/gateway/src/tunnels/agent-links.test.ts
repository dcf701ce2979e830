import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, deviceUri, type TunnelFromAgent, tunnelFromGateway } from '@zeronaut/model';
import {
  createTestAuthority,
  seededRandom,
  testResource,
  testSite,
  testTarget,
  testUser,
  waitFor,
} from '@zeronaut/testkit';
import type { MuxStream } from '@zeronaut/tunnel';
import { gather, tunnelWorld } from './testdata/tunnel-world.ts';

test('an enrolled device is welcomed with the address it comes from', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  world.swap({ users: [device.user], devices: [device.row] });
  const agent = await world.dial(device.credentials).up();
  assert.deepEqual(agent.received('welcome'), [
    { type: 'welcome', gatewayId: world.tables.get().snapshot.gatewayId, address: '127.0.0.1' },
  ]);
  assert.equal(world.links.status().sessions, 1);
});

test('who is not in the tables with this very key is refused', async (t) => {
  const world = await tunnelWorld(t, { limits: { admissionWaitMs: 30 } });
  const known = await world.enrol();
  const stranger = await world.enrol();
  const otherOrganization = createId('organization');
  const foreign = await world.enrol(testUser(otherOrganization), otherOrganization);
  const disabled = await world.enrol();
  const pending = await world.enrol(known.user);
  world.swap({
    users: [known.user, foreign.user],
    devices: [known.row, foreign.row, disabled.row, { ...pending.row, pending: true }],
  });
  const { organizationId, userId, deviceId } = known.ids;
  const uri = (...ids: Parameters<typeof deviceUri>) => ({ type: 'url' as const, value: deviceUri(...ids) });
  const { authority } = world;
  const cases = {
    'unknown device': [stranger.credentials, 'access.device_unknown'],
    'another key under a known id': [await authority.device(known.ids), 'access.device_unknown'],
    'a device of another organization': [foreign.credentials, 'access.device_unknown'],
    'known device, organization of the certificate differs': [
      await authority.issue([uri(otherOrganization, userId, deviceId)]),
      'access.device_unknown',
    ],
    'known device, user of the certificate differs': [
      await authority.issue([uri(organizationId, createId('user'), deviceId)]),
      'access.device_unknown',
    ],
    'two names': [
      await authority.issue([uri(organizationId, userId, deviceId), uri(organizationId, userId, createId('device'))]),
      'access.device_unknown',
    ],
    'a gateway certificate': [
      await authority.gateway({ organizationId, gatewayId: createId('gateway') }),
      'access.device_unknown',
    ],
    'a server certificate': [await authority.server(['localhost']), 'access.device_unknown'],
    'a disabled user': [disabled.credentials, 'access.user_disabled'],
    'a device that waits for approval': [pending.credentials, 'access.device_pending'],
  } as const;
  for (const [name, [credentials, code]] of Object.entries(cases)) {
    const agent = world.dial(credentials);
    assert.equal(await agent.refused(), code, name);
    agent.stop();
  }
  assert.equal(world.links.status().sessions, 0);
  await world.dial(known.credentials).up();
});

test('a certificate of another authority, or an expired one, does not get as far as a decision', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  world.swap({ users: [device.user], devices: [device.row] });
  const other = await createTestAuthority();
  for (const credentials of [
    await other.device(device.ids),
    await world.authority.device(device.ids, { notAfter: new Date(Date.now() - 1_000) }),
  ]) {
    const agent = world.dial(credentials);
    await agent.refused();
    assert.equal(agent.messages.length, 0);
    agent.stop();
  }
  assert.equal(world.links.status().sessions, 0);
});

test('a device that just enrolled waits for the snapshot that names it', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  const agent = world.dial(device.credentials);
  world.swap({ users: [device.user] });
  world.swap({ devices: [device.row] });
  await agent.up();
  assert.deepEqual(agent.faults, []);
});

test('a swap that revokes the device or its user closes the tunnel at once, and no other', async (t) => {
  const world = await tunnelWorld(t);
  const [a, b, c] = [await world.enrol(), await world.enrol(), await world.enrol()];
  const users = [a.user, b.user, c.user];
  const devices = [a.row, b.row, c.row];
  world.swap({ users, devices });
  const [agentA, agentB, agentC] = await Promise.all([a, b, c].map(({ credentials }) => world.dial(credentials).up()));
  world.swap({ devices: [b.row, c.row] });
  assert.equal(world.links.status().sessions, 2, 'within the swap');
  world.swap({ users: [a.user, c.user] });
  assert.equal(world.links.status().sessions, 1, 'within the swap');
  assert.equal(await agentA!.refused(), 'access.device_revoked');
  assert.equal(await agentB!.refused(), 'access.device_revoked');
  assert.deepEqual(agentC!.faults, []);
});

test('a device binds what it owns, waits for what is to come, and is refused the rest', async (t) => {
  const world = await tunnelWorld(t, { limits: { bindWaitMs: 60 } });
  const { organizationId } = world;
  const [device, other] = [await world.enrol(), await world.enrol()];
  const { deviceId } = device.ids;
  const own = testResource(organizationId, { deviceId });
  const targeted = testResource(organizationId, { targets: [testTarget('127.0.0.1:1', { deviceId })] });
  const foreign = testResource(organizationId, { deviceId: other.ids.deviceId });
  const hidden = testResource(createId('organization'), { deviceId });
  const site = testSite(organizationId, { connection: 'tunnel', deviceId });
  const foreignSite = testSite(organizationId, { connection: 'tunnel', deviceId: other.ids.deviceId });
  const localSite = testSite(organizationId, { connection: 'local', deviceId });
  const later = testResource(organizationId, { deviceId });
  const never = createId('resource');
  const base = { users: [device.user, other.user], devices: [device.row, other.row] };
  const resources = [own, targeted, foreign, hidden];
  world.swap({ ...base, resources, sites: [site, foreignSite, localSite] });

  const agent = await world.dial(device.credentials).up();
  agent.send({
    type: 'bind',
    resourceIds: [own.id, targeted.id, foreign.id, hidden.id, later.id, never],
    siteIds: [site.id, foreignSite.id, localSite.id],
    softwareVersion: '0.1.0',
  });
  const bound = () => agent.received('bound').map(({ id }) => id);
  await waitFor(() => bound().length === 3, { what: 'three are bound' });
  assert.deepEqual(new Set(bound()), new Set([own.id, targeted.id, site.id]));
  world.swap({ resources: [...resources, later] });
  await waitFor(() => bound().length === 4, { what: 'the later one is bound' });
  await waitFor(() => agent.received('refused').length === 5, { what: 'the rest is refused' });
  assert.deepEqual(Object.fromEntries(agent.received('refused').map(({ id, reason }) => [id, reason])), {
    [foreign.id]: 'tunnel.not_owner',
    [hidden.id]: 'tunnel.unknown_resource',
    [never]: 'tunnel.unknown_resource',
    [foreignSite.id]: 'tunnel.not_owner',
    [localSite.id]: 'tunnel.not_owner',
  });
  for (const { id } of [own, targeted, site, later]) assert.equal(world.links.serves(deviceId, id), true);
  for (const { id } of [foreign, hidden, foreignSite, localSite]) assert.equal(world.links.serves(deviceId, id), false);
  assert.equal(world.links.serves(other.ids.deviceId, foreign.id), false);
  for (const message of agent.messages) assert.ok(tunnelFromGateway.safeParse(message).success);

  // Disabled and enabled again: served again without a new request.
  world.swap({ resources: [targeted, foreign] });
  assert.equal(world.links.serves(deviceId, own.id), false);
  world.swap({ resources: [own, targeted, foreign] });
  assert.equal(world.links.serves(deviceId, own.id), true);

  // The full set replaces the set before.
  agent.send({ type: 'bind', resourceIds: [targeted.id], siteIds: [], softwareVersion: '0.1.0' });
  await waitFor(() => !world.links.serves(deviceId, own.id), { what: 'the first is let go' });
  assert.equal(world.links.serves(deviceId, targeted.id), true);
});

test('whatever order binds and swaps come in, exactly what is wanted and owned is served', async (t) => {
  const world = await tunnelWorld(t, { limits: { bindWaitMs: 5, messageBurst: 1_000 } });
  const random = seededRandom(undefined, t);
  const [device, other] = [await world.enrol(), await world.enrol()];
  const ids = Array.from({ length: 6 }, () => createId('resource'));
  world.swap({ users: [device.user], devices: [device.row] });
  const agent = await world.dial(device.credentials).up();
  let wanted = new Set<string>();
  let owned = new Set<string>();
  for (let step = 0; step < 80; step++) {
    if (random.next() < 0.5) {
      wanted = new Set(ids.filter(() => random.next() < 0.5));
      agent.send({ type: 'bind', resourceIds: [...wanted], siteIds: [], softwareVersion: '0.1.0' });
    } else {
      owned = new Set(ids.filter(() => random.next() < 0.5));
      const rest = ids.filter((id) => !owned.has(id) && random.next() < 0.5);
      world.swap({
        resources: [
          ...[...owned].map((id) => testResource(world.organizationId, { id, deviceId: device.ids.deviceId })),
          ...rest.map((id) => testResource(world.organizationId, { id, deviceId: other.ids.deviceId })),
        ],
      });
    }
    const expected = ids.map((id) => wanted.has(id) && owned.has(id));
    await waitFor(() => ids.every((id, i) => world.links.serves(device.ids.deviceId, id) === expected[i]), {
      what: `step ${step}`,
      timeoutMs: 2_000,
      intervalMs: 1,
    });
    // The agent is told the same, sooner or later: its last word on each wanted id.
    await waitFor(
      () =>
        ids.every((id, i) => {
          const last = agent.messages.findLast((message) => 'id' in message && message.id === id);
          return !wanted.has(id) || last?.type === (expected[i] ? 'bound' : 'refused');
        }),
      { what: `the agent knows of step ${step}`, timeoutMs: 2_000, intervalMs: 1 },
    );
  }
});

test('streams reach the agent at once, by its newest tunnel, and end with it', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  const { deviceId } = device.ids;
  const resource = testResource(world.organizationId, { deviceId });
  world.swap({ users: [device.user], devices: [device.row], resources: [resource] });
  const request = {
    kind: 'target',
    resourceId: resource.id,
    address: '127.0.0.1:80',
    protocol: 'tcp',
    source: '192.0.2.1:5',
  } as const;
  assert.equal(world.links.open(deviceId, request), null);

  const bind: TunnelFromAgent = { type: 'bind', resourceIds: [resource.id], siteIds: [], softwareVersion: '0.1.0' };
  const echo = (_: unknown, stream: MuxStream) => {
    stream.handler = {
      onData: (chunk) => void stream.write(chunk),
      onDrain() {},
      onEnd: () => stream.end(),
      onClosed() {},
    };
  };
  const old = await world.dial(device.credentials, echo).up();
  old.send(bind);
  await waitFor(() => old.received('bound').length === 1, { what: 'the old tunnel is bound' });
  const young = await world.dial(device.credentials, echo).up();
  young.send(bind);
  await waitFor(() => young.received('bound').length === 1, { what: 'the new tunnel is bound' });

  const stream = world.links.open(deviceId, request);
  assert.ok(stream);
  const got = gather(stream);
  stream.write(Buffer.from('hello'));
  await waitFor(() => got.text() === 'hello', { what: 'the echo' });
  assert.deepEqual(
    young.opened.map((opened) => opened.request),
    [request],
  );
  assert.equal(old.opened.length, 0);

  young.stop();
  await waitFor(() => got.closed, { what: 'the stream ends with its tunnel' });
  const second = world.links.open(deviceId, request);
  assert.ok(second);
  const echoed = gather(second);
  second.write(Buffer.from('by the old one'));
  await waitFor(() => echoed.text() === 'by the old one', { what: 'the old tunnel serves again' });
  old.stop();
  await waitFor(() => !world.links.serves(deviceId, resource.id), { what: 'nobody serves it' });
  assert.equal(world.links.open(deviceId, request), null);
});

test('hostile messages end the tunnel', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  world.swap({ users: [device.user], devices: [device.row] });
  const hostile = [
    'no json',
    '[]',
    'null',
    '{}',
    '{"type":"welcome","gatewayId":"gw_1","address":"127.0.0.1"}',
    '{"type":"bind"}',
    '{"type":"watch","resourceIds":["../../etc"]}',
    '{"type":"watch","resourceIds":[],"more":1}',
    `{"type":"watch","resourceIds":["${'a'.repeat(1_000)}"]}`,
    `{"type":"bind","resourceIds":[${Array(5_001).fill('"res_1"').join()}],"siteIds":[],"softwareVersion":"1"}`,
    '['.repeat(100_000),
    Buffer.from([0xff, 0xfe, 0x00]),
    '{"__proto__":{"type":"watch"},"resourceIds":[]}',
  ];
  for (const message of hostile) {
    const agent = await world.dial(device.credentials).up();
    agent.sendRaw(message);
    assert.equal(await agent.refused(), 'tunnel.protocol_error', String(message).slice(0, 60));
    agent.stop();
  }
  const flood = await world.dial(device.credentials).up();
  for (let i = 0; i < 100; i++) flood.send({ type: 'watch', resourceIds: [] });
  assert.equal(await flood.refused(), 'tunnel.protocol_error');
  flood.stop();
  await waitFor(() => world.links.status().sessions === 0, { what: 'no session is left' });
});

test('a device has a bounded number of tunnels, and so has the gateway', async (t) => {
  const world = await tunnelWorld(t, { limits: { maxSessionsPerDevice: 2, maxSessions: 3 } });
  const [a, b] = [await world.enrol(), await world.enrol()];
  world.swap({ users: [a.user, b.user], devices: [a.row, b.row] });
  const first = await world.dial(a.credentials).up();
  await world.dial(a.credentials).up();
  const third = world.dial(a.credentials);
  assert.equal(await third.refused(), 'limit.connections');
  third.stop();
  await world.dial(b.credentials).up();
  const fourth = world.dial(b.credentials);
  assert.equal(await fourth.refused(), 'limit.connections');
  fourth.stop();
  first.stop();
  await waitFor(() => world.links.status().sessions === 2, { what: 'the first is gone' });
  await world.dial(a.credentials).up();
});

test('an agent watches its own resources only, in bounded batches', async (t) => {
  const world = await tunnelWorld(t, { limits: { watchQueueEvents: 100, watchBatchMs: 20 } });
  const [device, other] = [await world.enrol(), await world.enrol()];
  const own = testResource(world.organizationId, { deviceId: device.ids.deviceId });
  const foreign = testResource(world.organizationId, { deviceId: other.ids.deviceId });
  world.swap({ users: [device.user, other.user], devices: [device.row, other.row], resources: [own, foreign] });
  const agent = await world.dial(device.credentials).up();
  assert.equal(world.isWatched(), false);
  agent.send({ type: 'watch', resourceIds: [own.id, foreign.id] });
  // Messages are handled in order: once this is answered, the one before it is in effect.
  agent.send({ type: 'bind', resourceIds: [own.id], siteIds: [], softwareVersion: '0.1.0' });
  await waitFor(() => agent.received('bound').length === 1, { what: 'the answer' });

  for (let i = 0; i < 150; i++) {
    world.publish({ resourceId: own.id, path: `/${i}${'x'.repeat(1_000)}` });
    world.publish({ resourceId: foreign.id, path: '/secret' });
    world.publish({ resourceId: null, path: '/none' });
  }
  const events = () => agent.received('access').flatMap((message) => message.events);
  await waitFor(() => events().length === 100, { what: 'as many events as may wait' });
  assert.ok(events().every(({ resourceId }) => resourceId === own.id));
  assert.ok(
    events().every((event, i) => event.path.startsWith(`/${i}x`)),
    'in order',
  );
  const dropped = agent.received('access').reduce((sum, message) => sum + message.dropped, 0);
  assert.equal(dropped, 50);
  assert.ok(agent.received('access').length > 1, 'split into messages that fit a frame');
  for (const message of agent.messages) assert.ok(tunnelFromGateway.safeParse(message).success);
});

test('events cost nothing while nobody watches, and end with the resource, the wish or the tunnel', async (t) => {
  const world = await tunnelWorld(t, { limits: { watchBatchMs: 1 } });
  const device = await world.enrol();
  const own = testResource(world.organizationId, { deviceId: device.ids.deviceId });
  world.swap({ users: [device.user], devices: [device.row], resources: [own] });
  const agents = [await world.dial(device.credentials).up(), await world.dial(device.credentials).up()];
  for (const agent of agents) agent.send({ type: 'watch', resourceIds: [own.id] });
  await waitFor(
    () => {
      world.publish({ resourceId: own.id });
      return agents.every((agent) => agent.received('access').length > 0);
    },
    { what: 'both see events' },
  );
  const [first, second] = agents as [(typeof agents)[0], (typeof agents)[0]];
  first.send({ type: 'watch', resourceIds: [] });
  const before = second.received('access').length;
  await waitFor(
    () => {
      world.publish({ resourceId: own.id });
      return second.received('access').length > before;
    },
    { what: 'the second still sees events' },
  );
  assert.equal(world.isWatched(), true);
  second.stop();
  await waitFor(() => !world.isWatched(), { what: 'nobody watches' });
});

test('a device at its limit replaces its own silent tunnel and nobody else’s', async (t) => {
  // Nothing counts as healthy here, so that the test need not wait for silence.
  const world = await tunnelWorld(t, { limits: { maxSessionsPerDevice: 2, healthyWithinMs: 0 } });
  const [device, other] = [await world.enrol(), await world.enrol()];
  world.swap({ users: [device.user, other.user], devices: [device.row, other.row] });
  const bystander = await world.dial(other.credentials).up();
  const first = await world.dial(device.credentials).up();
  const second = await world.dial(device.credentials).up();
  // The first one to fall silent is the first one: the second speaks once more.
  await second.session().ping();
  const third = await world.dial(device.credentials).up();
  assert.equal(await first.refused(), 'tunnel.replaced');
  first.stop();
  assert.deepEqual([second.faults, third.faults, bystander.faults], [[], [], []]);
  assert.equal(world.links.status().sessions, 3);
});

test('stop asks agents to go elsewhere, lets streams end, and refuses newcomers', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  const { deviceId } = device.ids;
  const resource = testResource(world.organizationId, { deviceId });
  world.swap({ users: [device.user], devices: [device.row], resources: [resource] });
  const agent = await world.dial(device.credentials).up();
  agent.send({ type: 'bind', resourceIds: [resource.id], siteIds: [], softwareVersion: '0.1.0' });
  await waitFor(() => world.links.serves(deviceId, resource.id), { what: 'it is served' });
  const stream = world.links.open(deviceId, {
    kind: 'target',
    resourceId: resource.id,
    address: '127.0.0.1:80',
    protocol: 'tcp',
    source: '192.0.2.1:5',
  });
  assert.ok(stream);
  const got = gather(stream);
  await waitFor(() => agent.opened.length === 1, { what: 'the stream arrives' });
  const stopped = world.links.stop(5_000);
  await waitFor(() => agent.draining() && agent.received('draining').length === 1, { what: 'it drains' });
  const late = world.dial(device.credentials);
  assert.equal(await late.refused(), 'limit.draining');
  late.stop();
  agent.opened[0]!.stream.write(Buffer.from('last words'));
  await waitFor(() => got.text() === 'last words', { what: 'the stream goes on' });
  stream.abort();
  await stopped;
  assert.equal(await agent.refused(), 'limit.draining');
});
