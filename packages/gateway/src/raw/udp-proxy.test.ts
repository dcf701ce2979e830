import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { createId, Fault } from '@zeronaut/model';
import { freePort, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { type ByteStream, createDatagramStream, pipePair } from '@zeronaut/tunnel';
import { rawWorld } from './testdata/raw-world.ts';

const organizationId = createId('organization');

interface UdpService {
  readonly address: string;
  readonly received: { datagram: Buffer; source: RemoteInfo }[];
  readonly socket: Socket;
}

/** Answers `>` and what it got. */
async function udpService(t: TestContext): Promise<UdpService> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const received: UdpService['received'] = [];
  socket.on('message', (datagram, source) => {
    received.push({ datagram, source });
    socket.send(Buffer.concat([Buffer.from('>'), datagram]), source.port, source.address);
  });
  return { address: `127.0.0.1:${socket.address().port}`, received, socket };
}

async function caller(t: TestContext): Promise<{ socket: Socket; got: string[]; port: number }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const got: string[] = [];
  socket.on('message', (datagram) => got.push(datagram.toString()));
  return { socket, got, port: socket.address().port };
}

async function udpWorld(
  t: TestContext,
  overrides: Parameters<typeof testResource>[1] = {},
  options: Parameters<typeof rawWorld>[2] = {},
) {
  const service = await udpService(t);
  const port = await freePort('udp');
  const resource = testResource(organizationId, {
    protocol: 'udp',
    port,
    // Behind an agent: through the dialer, framed over a stream.
    targets: [testTarget(service.address, { protocol: 'udp', deviceId: createId('device') })],
    ...overrides,
  });
  const world = await rawWorld(t, [resource], options);
  return { ...world, service, port, resource };
}

test('each caller has a session of its own and hears its own answers', async (t) => {
  const { service, port, listeners, dials } = await udpWorld(t);
  const [a, b] = [await caller(t), await caller(t)];
  a.socket.send('a1', port, '127.0.0.1');
  b.socket.send('b1', port, '127.0.0.1');
  await waitFor(() => a.got.length === 1 && b.got.length === 1, { what: 'both answers' });
  a.socket.send('a2', port, '127.0.0.1');
  await waitFor(() => a.got.length === 2, { what: 'the second answer' });
  assert.deepEqual([a.got, b.got], [['>a1', '>a2'], ['>b1']]);
  assert.equal(listeners.status()[0]?.openFlows, 2);
  assert.equal(dials.length, 2);
  assert.equal(new Set(service.received.map(({ source }) => source.port)).size, 2);
});

test('empty and large datagrams pass whole', async (t) => {
  const { port, service } = await udpWorld(t);
  const a = await caller(t);
  const large = Buffer.alloc(20_000, 7);
  a.socket.send('', port, '127.0.0.1');
  a.socket.send(large, port, '127.0.0.1');
  await waitFor(() => service.received.length === 2, { what: 'both datagrams' });
  assert.equal(service.received[0]?.datagram.length, 0);
  assert.deepEqual(service.received[1]?.datagram, large);
});

test('a source that may not come in gets silence, and one event in ten seconds', async (t) => {
  const { port, service, events, dials, asked, granted, listeners } = await udpWorld(t, { access: { mode: 'login' } });
  const a = await caller(t);
  for (let i = 0; i < 50; i++) a.socket.send(`${i}`, port, '127.0.0.1');
  await waitFor(() => asked.length === 50, { what: 'all fifty to be refused' });
  granted.add('127.0.0.1');
  a.socket.send('now', port, '127.0.0.1');
  await waitFor(() => a.got.length > 0, { what: 'the answer after the grant' });
  assert.deepEqual(a.got, ['>now']);
  assert.deepEqual(
    service.received.map(({ datagram }) => datagram.toString()),
    ['now'],
  );
  assert.equal(events.length, 1);
  assert.equal(events[0]?.effect, 'deny');
  assert.equal(events[0]?.reason, 'access.address_unknown');
  assert.equal(dials.length, 1);

  granted.clear();
  listeners.reevaluate();
  assert.equal(listeners.status()[0]?.openFlows, 0);
  assert.equal(events.length, 2);
});

test('a silent session ends after its time and is recorded with its bytes', async (t) => {
  const { port, listeners, events, dials } = await udpWorld(t, {}, { limits: { udpIdleTimeoutMs: 60 } });
  const a = await caller(t);
  a.socket.send('hello', port, '127.0.0.1');
  await waitFor(() => a.got.length === 1, { what: 'the answer' });
  await waitFor(() => listeners.status()[0]?.openFlows === 0, { what: 'the session is over' });
  assert.equal(events.length, 1);
  assert.deepEqual([events[0]?.effect, events[0]?.bytesIn, events[0]?.bytesOut], ['pass', 5, 6]);
  a.socket.send('again', port, '127.0.0.1');
  await waitFor(() => a.got.length === 2, { what: 'a new session answers' });
  assert.equal(dials.length, 2);
});

test('a flood of sources is bounded per source and per port', async (t) => {
  const { port, listeners, events } = await udpWorld(
    t,
    {},
    { limits: { udpSessionsPerSource: 3, udpSessionsPerPort: 5 } },
  );
  const callers = await Promise.all(Array.from({ length: 10 }, () => caller(t)));
  for (const { socket } of callers) socket.send('x', port, '127.0.0.1');
  await waitFor(() => callers.filter(({ got }) => got.length > 0).length === 3, { what: 'three are served' });
  await waitFor(() => events.some(({ reason }) => reason === 'limit.connections'), { what: 'the bound is recorded' });
  assert.equal(listeners.status()[0]?.openFlows, 3);
  // Other addresses of the loopback network are other sources.
  const others = await Promise.all(
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map(async (address) => {
      const socket = createSocket('udp4').bind(0, address);
      await once(socket, 'listening');
      t.after(() => socket.close());
      return socket;
    }),
  );
  for (const socket of others) socket.send('x', port, '127.0.0.1');
  await waitFor(() => events.filter(({ reason }) => reason === 'limit.connections').length === 2, {
    what: 'the bound of the port is recorded too',
  });
  assert.equal(listeners.status()[0]?.openFlows, 5);
});

for (const version of ['v1', 'v2'] as const) {
  test(`with PROXY ${version}, each datagram carries a version 2 header of its own`, async (t) => {
    const { port, service } = await udpWorld(t, { proxyProtocol: version });
    const a = await caller(t);
    a.socket.send('one', port, '127.0.0.1');
    a.socket.send('two', port, '127.0.0.1');
    await waitFor(() => service.received.length === 2, { what: 'both datagrams' });
    const header = Buffer.from('0d0a0d0a000d0a515549540a2112000c7f0000017f00000100000000', 'hex');
    header.writeUInt16BE(a.port, 24);
    header.writeUInt16BE(port, 26);
    assert.deepEqual(
      service.received.map(({ datagram }) => datagram),
      [Buffer.concat([header, Buffer.from('one')]), Buffer.concat([header, Buffer.from('two')])],
    );
  });
}

test('datagrams wait for a slow dial, boundedly, and a failed one is not repeated for each', async (t) => {
  const gate = Promise.withResolvers<void>();
  let dials = 0;
  const { port, events, listeners } = await udpWorld(
    t,
    {},
    {
      dialer: {
        reachable: () => true,
        async dial() {
          dials++;
          await gate.promise;
          throw new Fault('target.dial_refused', { side: 'upstream' });
        },
      },
    },
  );
  const a = await caller(t);
  for (let i = 0; i < 200; i++) a.socket.send(`${i}`, port, '127.0.0.1');
  await waitFor(() => dials === 1, { what: 'the dial' });
  gate.resolve();
  await waitFor(() => events.length === 1, { what: 'the event' });
  for (let i = 0; i < 20; i++) a.socket.send(`${i}`, port, '127.0.0.1');
  const b = await caller(t);
  b.socket.send('x', port, '127.0.0.1');
  await waitFor(() => events.length === 2, { what: 'the event of the second caller' });
  assert.equal(dials, 2);
  assert.equal(events[0]?.reason, 'target.dial_refused');
  await waitFor(() => listeners.status()[0]?.openFlows === 0, { what: 'failed sessions are forgotten' });
});

test('a swap keeps sessions of unchanged resources and ends those that are gone', async (t) => {
  const { port, swap, resource, listeners, events, dials } = await udpWorld(t);
  const a = await caller(t);
  a.socket.send('one', port, '127.0.0.1');
  await waitFor(() => a.got.length === 1, { what: 'the answer' });
  swap([resource, testResource(organizationId, { protocol: 'udp', port: await freePort('udp') })]);
  a.socket.send('two', port, '127.0.0.1');
  await waitFor(() => a.got.length === 2, { what: 'the answer of the same session' });
  assert.equal(dials.length, 1);
  swap([]);
  assert.deepEqual(listeners.status(), []);
  assert.equal(events.length, 1);
  assert.equal(events[0]?.reason, 'router.port_closed');
  swap([resource]);
  await waitFor(() => listeners.status()[0]?.state === 'listening', { what: 'the port is open again' });
  a.socket.send('three', port, '127.0.0.1');
  await waitFor(() => a.got.length === 3, { what: 'the answer of a new session' });
  assert.equal(dials.length, 2);
});

test('a target without an agent is reached by a socket of our own', async (t) => {
  const service = await udpService(t);
  const port = await freePort('udp');
  const target = testTarget(service.address, { protocol: 'udp' });
  const resource = testResource(organizationId, { protocol: 'udp', port, targets: [target] });
  const { dials, listeners, swap, events } = await rawWorld(t, [resource]);
  const [a, b] = [await caller(t), await caller(t)];
  for (const { socket } of [a, b]) for (const text of ['1', '', '3']) socket.send(text, port, '127.0.0.1');
  await waitFor(() => a.got.length === 3 && b.got.length === 3, { what: 'all answers' });
  assert.deepEqual(a.got.toSorted(), ['>', '>1', '>3']);
  assert.equal(new Set(service.received.map(({ source }) => source.port)).size, 2);
  assert.equal(dials.length, 0);
  assert.equal(listeners.status()[0]?.openFlows, 2);
  // Somebody else cannot speak into the session.
  const stranger = await caller(t);
  stranger.socket.send('forged', service.received[0]!.source.port, '127.0.0.1');
  a.socket.send('last', port, '127.0.0.1');
  await waitFor(() => a.got.length === 4, { what: 'the last answer' });
  assert.ok(!a.got.concat(b.got).includes('forged'));
  swap([]);
  assert.deepEqual(
    events.map(({ bytesIn, targetId }) => [bytesIn, targetId]),
    [
      [6, target.id],
      [2, target.id],
    ],
  );
});

for (const [name, address] of [
  ['where nobody listens', async () => `127.0.0.1:${await freePort('udp')}`],
  ['that has no address', async () => 'nowhere.invalid:53'],
] as const)
  test(`a target ${name} fails its session and is named in the event`, async (t) => {
    const port = await freePort('udp');
    const target = testTarget(await address(), { protocol: 'udp' });
    const resource = testResource(organizationId, { protocol: 'udp', port, targets: [target] });
    const { events } = await rawWorld(t, [resource]);
    const a = await caller(t);
    a.socket.send('hello', port, '127.0.0.1');
    await waitFor(() => events.length === 1, { what: 'the event' });
    assert.equal(events[0]?.reason, 'target.dial_refused');
    assert.equal(events[0]?.targetId, target.id);
    assert.deepEqual(a.got, []);
  });

test('one socket for both families answers IPv4 callers', async (t) => {
  const { port, events, swap } = await udpWorld(
    t,
    { access: { mode: 'login', addresses: ['127.0.0.1'] } },
    { rawAddress: '::' },
  );
  const a = await caller(t);
  a.socket.send('hello', port, '127.0.0.1');
  await waitFor(() => a.got.length === 1, { what: 'the answer' });
  swap([]);
  assert.equal(events[0]?.sourceAddress, '127.0.0.1');
});

test('an agent that sends no datagrams but noise ends its session only', async (t) => {
  const ends: ByteStream[] = [];
  const { port, events, listeners } = await udpWorld(
    t,
    {},
    {
      dialer: {
        reachable: () => true,
        dial() {
          const [near, far] = pipePair();
          ends.push(far);
          return Promise.resolve(near);
        },
      },
    },
  );
  const [a, b] = [await caller(t), await caller(t)];
  a.socket.send('a', port, '127.0.0.1');
  await waitFor(() => ends.length === 1, { what: 'the first session' });
  b.socket.send('b', port, '127.0.0.1');
  await waitFor(() => ends.length === 2, { what: 'the second session' });
  ends[0]!.write(Buffer.from([0xff, 0xff, 1, 2, 3]));
  await waitFor(() => events.length === 1, { what: 'the event' });
  assert.equal(listeners.status()[0]?.state, 'listening');
  createDatagramStream(ends[1]!, { onDatagram() {}, onClosed() {} }).send(Buffer.from('fine'));
  await waitFor(() => b.got.length === 1, { what: 'the other session goes on' });
  assert.deepEqual([a.got, b.got], [[], ['fine']]);
});

test('a UDP port that somebody else holds is retried', async (t) => {
  const holder = createSocket('udp4').bind(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address();
  const service = await udpService(t);
  const targets = [testTarget(service.address, { protocol: 'udp' })];
  const { listeners } = await rawWorld(t, [testResource(organizationId, { protocol: 'udp', port, targets })]);
  assert.equal(listeners.status()[0]?.error, 'EADDRINUSE');
  holder.close();
  await waitFor(() => listeners.status()[0]?.state === 'listening', { what: 'the port is open' });
  const a = await caller(t);
  a.socket.send('hello', port, '127.0.0.1');
  await waitFor(() => a.got.length === 1, { what: 'the answer' });
});
