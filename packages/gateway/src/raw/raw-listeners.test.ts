import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createId } from '@zeronaut/model';
import { freePort, recordingUpstream, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { pipePair } from '@zeronaut/tunnel';
import { rawWorld } from './testdata/raw-world.ts';

const organizationId = createId('organization');
const echo = (socket: Socket, chunk: Buffer) => void socket.write(chunk);

function dial(t: TestContext, port: number, host = '127.0.0.1'): Socket {
  const socket = connect({ port, host, allowHalfOpen: true });
  socket.on('error', () => undefined);
  t.after(() => socket.destroy());
  return socket;
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  let got = '';
  while (got.length < text.length) got += String((await once(socket, 'data'))[0]);
  return got;
}

/** However it ended: a reset is an 'error' too, for which `once` would reject. */
async function closed(socket: Socket): Promise<void> {
  await waitFor(() => socket.closed, { what: 'the connection is closed' });
}

test('a public port carries bytes both ways and records one event with their counts', async (t) => {
  const upstream = await recordingUpstream(t, (socket, chunk) => void socket.write(Buffer.concat([chunk, chunk])));
  const port = await freePort();
  const resource = testResource(organizationId, { port, targets: [testTarget(upstream.address)] });
  const world = await rawWorld(t, [resource]);
  const socket = dial(t, port);
  socket.write('hello');
  const [answer] = await once(socket, 'data');
  assert.equal(String(answer), 'hellohello');
  assert.equal(world.listeners.status()[0]?.openFlows, 1);
  socket.end();
  await waitFor(() => upstream.connections[0]?.ended, { what: 'the end reaches the service' });
  upstream.connections[0]!.socket.end();
  await waitFor(() => world.events.length === 1, { what: 'the event' });
  const [event] = world.events;
  assert.equal(event?.effect, 'pass');
  assert.equal(event.reason, 'access.public');
  assert.equal(event.resourceId, resource.id);
  assert.deepEqual([event.bytesIn, event.bytesOut], [5, 10]);
  assert.equal(event.targetId, resource.targets[0]?.id);
  assert.equal(event.sourceAddress, '127.0.0.1');
});

test('half-close: the service answers after the caller has ended', async (t) => {
  const upstream = await recordingUpstream(t);
  const port = await freePort();
  await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget(upstream.address)] })]);
  const socket = dial(t, port);
  socket.end('question');
  const connection = await waitFor(() => upstream.connections[0], { what: 'the connection' });
  await waitFor(() => connection.ended, { what: 'the end' });
  assert.equal(connection.received().toString(), 'question');
  connection.socket.end('answer');
  const [answer] = await once(socket, 'data');
  assert.equal(String(answer), 'answer');
  await once(socket, 'end');
});

test('a source that may not come in is reset and nothing reaches the service', async (t) => {
  const upstream = await recordingUpstream(t);
  const port = await freePort();
  const world = await rawWorld(t, [
    testResource(organizationId, { port, targets: [testTarget(upstream.address)], access: { mode: 'login' } }),
  ]);
  const socket = connect({ port, host: '127.0.0.1' });
  socket.write('secret');
  const [error] = await once(socket, 'error');
  assert.equal(error.code, 'ECONNRESET');
  await waitFor(() => world.events.length === 1, { what: 'the event' });
  assert.equal(world.events[0]?.effect, 'deny');
  assert.equal(world.events[0]?.reason, 'access.address_unknown');
  assert.equal(world.events[0]?.status, 403);
  assert.deepEqual(world.dials, []);
  assert.equal(upstream.connections.length, 0);
});

test('a granted address is let in, and cut when the grant is gone', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const port = await freePort();
  const world = await rawWorld(t, [
    testResource(organizationId, { port, targets: [testTarget(upstream.address)], access: { mode: 'login' } }),
  ]);
  world.granted.add('127.0.0.1');
  const socket = dial(t, port);
  assert.equal(await say(socket, 'hello'), 'hello');
  world.listeners.reevaluate();
  assert.equal(await say(socket, 'still here'), 'still here');
  world.granted.clear();
  world.listeners.reevaluate();
  await closed(socket);
  assert.equal(world.events.length, 1);
  assert.equal(world.events[0]?.effect, 'deny');
  assert.equal(world.events[0]?.reason, 'access.address_unknown');
  await waitFor(() => upstream.connections[0]?.closed, { what: 'the service is let go too' });
});

for (const [version, header] of [
  ['v1', (port: number, own: number) => Buffer.from(`PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port}\r\n`)],
  [
    'v2',
    (port: number, own: number) => {
      const bytes = Buffer.from('0d0a0d0a000d0a515549540a2111000c7f0000017f00000100000000', 'hex');
      bytes.writeUInt16BE(own, 24);
      bytes.writeUInt16BE(port, 26);
      return bytes;
    },
  ],
] as const) {
  test(`PROXY ${version} stands in front of the caller's first byte`, async (t) => {
    const upstream = await recordingUpstream(t);
    const port = await freePort();
    await rawWorld(t, [
      testResource(organizationId, { port, targets: [testTarget(upstream.address)], proxyProtocol: version }),
    ]);
    const socket = dial(t, port);
    await once(socket, 'connect');
    socket.write('payload');
    const expected = Buffer.concat([header(port, socket.localPort!), Buffer.from('payload')]);
    const connection = await waitFor(() => upstream.connections[0], { what: 'the connection' });
    await waitFor(() => connection.received().length >= expected.length, { what: 'header and payload' });
    assert.deepEqual(connection.received(), expected);
  });
}

test('swaps open and close ports and leave other connections alone', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const [portA, portB] = [await freePort(), await freePort()];
  const a = testResource(organizationId, { port: portA, targets: [testTarget(upstream.address)] });
  const b = testResource(organizationId, { port: portB, targets: [testTarget(upstream.address)] });
  const world = await rawWorld(t, [a]);
  const kept = dial(t, portA);
  assert.equal(await say(kept, 'one'), 'one');

  world.swap([a, b]);
  await waitFor(() => world.listeners.status().every(({ state }) => state === 'listening'), { what: 'b is open' });
  const other = dial(t, portB);
  assert.equal(await say(other, 'two'), 'two');
  assert.equal(await say(kept, 'three'), 'three');

  // Another target, the same resource: open connections stay where they are.
  world.swap([{ ...a, targets: [testTarget('127.0.0.1:1')] }]);
  await closed(other);
  assert.equal(await say(kept, 'four'), 'four');
  assert.equal(world.events.at(-1)?.reason, 'router.port_closed');
  const refused = connect({ port: portB, host: '127.0.0.1' });
  assert.equal((await once(refused, 'error'))[0].code, 'ECONNREFUSED');

  world.swap([a, b]);
  await waitFor(() => world.listeners.status().every(({ state }) => state === 'listening'), {
    what: 'b is open again',
  });
  assert.equal(await say(dial(t, portB), 'five'), 'five');
  assert.equal(await say(kept, 'six'), 'six');

  // The port goes to another resource without a pause in listening: the caller of the old one must not go on.
  world.swap([testResource(organizationId, { port: portA, targets: [testTarget(upstream.address)] })]);
  await closed(kept);
});

test('a port that somebody else holds is retried and shown', async (t) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  const upstream = await recordingUpstream(t, echo);
  const world = await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget(upstream.address)] })]);
  assert.equal(world.listeners.status()[0]?.state, 'retrying');
  assert.equal(world.listeners.status()[0]?.error, 'EADDRINUSE');
  holder.close();
  await waitFor(() => world.listeners.status()[0]?.state === 'listening', { what: 'the port is open' });
  assert.equal(world.listeners.status()[0]?.error, null);
  assert.equal(await say(dial(t, port), 'hello'), 'hello');
});

test('a rule that becomes stricter cuts the connections that it would not let in', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const port = await freePort();
  const resource = testResource(organizationId, { port, targets: [testTarget(upstream.address)] });
  const world = await rawWorld(t, [resource]);
  const socket = dial(t, port);
  assert.equal(await say(socket, 'hello'), 'hello');
  world.swap([{ ...resource, access: { ...resource.access, mode: 'login', addresses: ['127.0.0.0/8'] } }]);
  assert.equal(await say(socket, 'still listed'), 'still listed');
  world.swap([{ ...resource, access: { ...resource.access, mode: 'login', addresses: ['192.0.2.0/24'] } }]);
  await closed(socket);
  assert.equal(world.events.length, 1);
  assert.equal(world.events[0]?.reason, 'access.address_unknown');
});

test('one listener for both families sees IPv4 callers as IPv4', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const port = await freePort('tcp', '::');
  const resource = testResource(organizationId, {
    port,
    targets: [testTarget(upstream.address)],
    access: { mode: 'login', addresses: ['127.0.0.1', '::1'] },
    proxyProtocol: 'v1',
  });
  const world = await rawWorld(t, [resource], { rawAddress: '::' });
  for (const [index, [host, family]] of [
    ['127.0.0.1', 'TCP4'],
    ['::1', 'TCP6'],
  ].entries()) {
    const socket = dial(t, port, host);
    await once(socket, 'connect');
    const { localPort } = socket;
    socket.resume().end('x');
    await waitFor(() => upstream.connections[index]?.ended, { what: 'the bytes arrive' });
    const connection = upstream.connections[index]!;
    const header = `PROXY ${family} ${host} ${host} ${localPort} ${port}`;
    assert.equal(connection.received().toString(), `${header}\r\nx`);
    connection.socket.end();
    await closed(socket);
  }
  assert.deepEqual(
    world.events.map(({ sourceAddress }) => sourceAddress),
    ['127.0.0.1', '::1'],
  );
});

test('a target that refuses gives way to the next one; with none left the caller is reset', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const [port, dead] = [await freePort(), await freePort()];
  const bad = testTarget(`127.0.0.1:${dead}`);
  const resource = testResource(organizationId, { port, targets: [bad, testTarget(upstream.address)] });
  const world = await rawWorld(t, [resource]);
  assert.equal(await say(dial(t, port), 'hello'), 'hello');
  assert.deepEqual(world.dials, [bad.address, upstream.address]);

  world.swap([{ ...resource, targets: [bad] }]);
  const socket = dial(t, port);
  await closed(socket);
  await waitFor(() => world.events.length === 1, { what: 'the event' });
  assert.equal(world.events[0]?.reason, 'target.dial_refused');
  assert.equal(world.events[0]?.status, 502);
});

test('a caller that is cut while its target is being dialled leaves no connection behind', async (t) => {
  const port = await freePort();
  const upstream = await recordingUpstream(t);
  const gate = Promise.withResolvers<void>();
  let aborted = false;
  const world = await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget(upstream.address)] })], {
    dialer: {
      reachable: () => true,
      async dial() {
        await gate.promise;
        const stream = { abort: () => (aborted = true) };
        return stream as never;
      },
    },
  });
  const socket = dial(t, port);
  await waitFor(() => world.listeners.status()[0]?.openFlows === 1, { what: 'the flow is open' });
  world.swap([testResource(organizationId, { port: await freePort() })]);
  await closed(socket);
  gate.resolve();
  await waitFor(() => aborted, { what: 'the late stream is aborted' });
  assert.equal(world.events.length, 1);
});

test('a fault of the agent after the join is recorded and ends the caller', async (t) => {
  const port = await freePort();
  const world = await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget('127.0.0.1:1')] })], {
    dialer: {
      reachable: () => true,
      dial() {
        const [near, far] = pipePair();
        setImmediate(() => far.abort('target.not_exposed'));
        return Promise.resolve(near);
      },
    },
  });
  const socket = dial(t, port);
  await closed(socket);
  await waitFor(() => world.events.length === 1, { what: 'the event' });
  assert.equal(world.events[0]?.reason, 'target.not_exposed');
});

test('an idle connection is closed after its time', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const port = await freePort();
  const world = await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget(upstream.address)] })], {
    limits: { tcpIdleTimeoutMs: 40 },
  });
  const socket = dial(t, port);
  assert.equal(await say(socket, 'hello'), 'hello');
  await closed(socket);
  await waitFor(() => world.events.length === 1, { what: 'the event' });
});

test('1,000 connections at one time, and not one more than the limit', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const port = await freePort();
  const world = await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget(upstream.address)] })], {
    limits: { maxConnections: 1_000 },
  });
  const sockets = Array.from({ length: 1_000 }, () => dial(t, port));
  const answers = await Promise.all(sockets.map((socket, i) => say(socket, `connection ${i}`)));
  assert.ok(answers.every((answer, i) => answer === `connection ${i}`));
  assert.equal(world.listeners.status()[0]?.openFlows, 1_000);
  const surplus = dial(t, port);
  await closed(surplus);
  assert.equal(world.events.at(-1)?.reason, 'limit.connections');
  for (const socket of sockets) socket.resetAndDestroy();
  await waitFor(() => world.listeners.status()[0]?.openFlows === 0, { what: 'all flows are over' });
  assert.equal(await say(dial(t, port), 'room again'), 'room again');
});

test('stop lets open connections end within the grace and cuts the rest', async (t) => {
  const upstream = await recordingUpstream(t, echo);
  const port = await freePort();
  const world = await rawWorld(t, [testResource(organizationId, { port, targets: [testTarget(upstream.address)] })]);
  const [quick, slow] = [dial(t, port), dial(t, port)];
  await say(quick, 'a');
  await say(slow, 'b');
  const stopped = world.listeners.stop(300);
  const refused = connect({ port, host: '127.0.0.1' });
  assert.equal((await once(refused, 'error'))[0].code, 'ECONNREFUSED');
  assert.equal(await say(quick, 'still served'), 'still served');
  quick.destroy();
  await Promise.all([stopped, closed(slow)]);
  assert.equal(world.events.at(-1)?.reason, 'limit.draining');
});
