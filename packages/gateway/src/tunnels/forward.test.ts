import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createId, type OpenFromGateway, parseHostPort, type SnapshotSite } from '@zeronaut/model';
import { freePort, recordingUpstream, testSite, waitFor } from '@zeronaut/testkit';
import { createDatagramStream, type MuxStream, socketStream, splice } from '@zeronaut/tunnel';
import { gather, type TunnelWorld, tunnelWorld } from './testdata/tunnel-world.ts';

/** What an agent does with a stream for one of its sites. */
function serveSite(hosts: Record<string, string>) {
  return (request: OpenFromGateway, stream: MuxStream) => {
    assert.equal(request.kind, 'site');
    const address = request.kind === 'site' ? hosts[request.destination] : undefined;
    if (address === undefined) {
      stream.abort('target.not_exposed');
      return;
    }
    const { host, port } = parseHostPort(address)!;
    if (request.protocol === 'udp') {
      const socket = createSocket('udp4');
      const datagrams = createDatagramStream(stream, {
        onDatagram: (datagram) => socket.send(datagram, port, host),
        onClosed: () => socket.close(),
      });
      socket.on('message', (datagram) => datagrams.send(datagram));
      return;
    }
    splice(stream, socketStream(connect({ host, port, allowHalfOpen: true })), { onDone() {} });
  };
}

async function world(t: TestContext, sites: (organizationId: string, agentId: string) => SnapshotSite[]) {
  const base = await tunnelWorld(t);
  const [caller, server] = [await base.enrol(), await base.enrol()];
  const list = sites(base.organizationId, server.ids.deviceId);
  const everything = { users: [caller.user, server.user], devices: [caller.row, server.row], sites: list };
  base.swap(everything);
  const client = await base.dial(caller.credentials).up();
  return { ...base, caller, server, client, sites: list, everything };
}

async function bindSites(base: TunnelWorld, agent: ReturnType<TunnelWorld['dial']>, sites: readonly SnapshotSite[]) {
  await agent.up();
  agent.send({ type: 'bind', resourceIds: [], siteIds: sites.map(({ id }) => id), softwareVersion: '0.1.0' });
  await waitFor(() => agent.received('bound').length === sites.length, { what: 'the sites are bound' });
  assert.ok(base.links.status().bound >= sites.length);
}

async function udpEcho(t: TestContext): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  socket.on('message', (datagram, source) => socket.send(datagram, source.port, source.address));
  return `127.0.0.1:${socket.address().port}`;
}

test('a forward through an agent carries TCP with half-close and is recorded once', async (t) => {
  const upstream = await recordingUpstream(t);
  const w = await world(t, (organizationId, deviceId) => [
    testSite(organizationId, { connection: 'tunnel', deviceId, destinations: ['*.corp:5432'] }),
  ]);
  const agent = w.dial(w.server.credentials, serveSite({ 'db.corp:5432': upstream.address }));
  await bindSites(w, agent, w.sites);

  const stream = w.client.forward({ kind: 'forward', destination: 'db.corp:5432', protocol: 'tcp' });
  const got = gather(stream);
  stream.write(Buffer.from('select'));
  stream.end();
  const connection = await waitFor(() => upstream.connections[0], { what: 'the connection' });
  await waitFor(() => connection.ended, { what: 'the end' });
  assert.equal(connection.received().toString(), 'select');
  connection.socket.end('one row');
  await waitFor(() => got.closed, { what: 'the stream is over' });
  assert.deepEqual([got.text(), got.ended, got.code], ['one row', true, null]);
  await waitFor(() => w.events.length === 1, { what: 'the event' });
  const [event] = w.events;
  assert.equal(event?.protocol, 'forward');
  assert.equal(event.effect, 'pass');
  assert.equal(event.reason, 'access.device');
  assert.equal(event.host, 'db.corp:5432');
  assert.equal(event.subject, w.caller.ids.userId);
  assert.equal(event.targetId, w.sites[0]?.id);
  assert.deepEqual([event.bytesIn, event.bytesOut], [6, 7]);
  assert.equal(w.links.status().forwards, 0);
});

test('a forward of UDP keeps datagrams apart, through an agent and from the gateway itself', async (t) => {
  const echo = await udpEcho(t);
  const w = await world(t, (organizationId, deviceId) => [
    testSite(organizationId, { connection: 'tunnel', deviceId, destinations: ['dns.corp:53'] }),
    testSite(organizationId, { connection: 'local', destinations: [echo] }),
  ]);
  const agent = w.dial(w.server.credentials, serveSite({ 'dns.corp:53': echo }));
  await bindSites(w, agent, [w.sites[0]!]);
  for (const destination of ['dns.corp:53', echo]) {
    const answers: string[] = [];
    let closed = false;
    const datagrams = createDatagramStream(w.client.forward({ kind: 'forward', destination, protocol: 'udp' }), {
      onDatagram: (datagram) => answers.push(datagram.toString()),
      onClosed: () => {
        closed = true;
      },
    });
    for (const text of ['a', '', 'ccc']) datagrams.send(Buffer.from(text));
    await waitFor(() => answers.length === 3, { what: `three answers of ${destination}` });
    assert.deepEqual(answers.toSorted(), ['', 'a', 'ccc']);
    datagrams.abort();
    await waitFor(() => closed, { what: 'it is over' });
  }
  await waitFor(() => w.events.length === 2, { what: 'two events' });
  assert.ok(w.events.every(({ effect, method }) => effect === 'pass' && method === 'UDP'));
});

test('a local site is dialled by the gateway', async (t) => {
  const upstream = await recordingUpstream(t, (socket, chunk) => void socket.write(chunk));
  const w = await world(t, (organizationId) => [testSite(organizationId, { destinations: [upstream.address] })]);
  const stream = w.client.forward({ kind: 'forward', destination: upstream.address, protocol: 'tcp' });
  const got = gather(stream);
  stream.write(Buffer.from('before the dial is through'));
  await waitFor(() => got.text() === 'before the dial is through', { what: 'the echo' });
  stream.abort();
  await waitFor(() => upstream.connections[0]?.closed, { what: 'the service is let go' });
  await waitFor(() => w.events.length === 1, { what: 'the event' });
  assert.equal(w.events[0]?.effect, 'pass');
});

test('what policy does not let through ends with its reason and is recorded', async (t) => {
  const upstream = await recordingUpstream(t);
  const { port } = upstream;
  const dead = await freePort();
  const w = await world(t, (organizationId, deviceId) => [
    testSite(organizationId, { destinations: [`127.0.0.1:${dead}`] }),
    testSite(organizationId, { destinations: ['secret.corp:*'], access: { allow: ['boss@example.com'] } }),
    testSite(organizationId, { connection: 'tunnel', deviceId, destinations: ['away.corp:*'] }),
    testSite(organizationId, { destinations: ['*:7', 'localhost:*', '127.0.0.0/8:*'] }),
    testSite(createId('organization'), { destinations: ['foreign.corp:*', `127.0.0.1:${port}`] }),
  ]);
  const cases = {
    'nowhere.corp:1': 'forward.no_site',
    'secret.corp:22': 'forward.denied',
    'away.corp:22': 'forward.site_away',
    'foreign.corp:22': 'forward.no_site',
    [`127.0.0.1:${port}`]: 'forward.denied',
    [`localhost:${port}`]: 'forward.denied',
    [`[::1]:${port}`]: 'forward.no_site',
    [`[::ffff:127.0.0.1]:${port}`]: 'forward.denied',
    '169.254.169.254:7': 'forward.denied',
    [`127.0.0.1:${dead}`]: 'target.dial_refused',
  };
  for (const [destination, reason] of Object.entries(cases)) {
    for (const protocol of reason === 'target.dial_refused' ? (['tcp'] as const) : (['tcp', 'udp'] as const)) {
      const got = gather(w.client.forward({ kind: 'forward', destination, protocol }));
      await waitFor(() => got.closed, { what: `${destination} is refused` });
      assert.equal(got.code, reason, destination);
      const event = w.events.at(-1);
      assert.equal(event?.effect, 'deny');
      assert.equal(event.reason, reason);
      assert.equal(event.host, destination);
    }
  }
  assert.equal(w.events.length, Object.keys(cases).length * 2 - 1);
  assert.equal(upstream.connections.length, 0);
  assert.deepEqual(w.client.faults, []);
});

test("an agent's refusal reaches the client and the event", async (t) => {
  const w = await world(t, (organizationId, deviceId) => [
    testSite(organizationId, { connection: 'tunnel', deviceId, destinations: ['*.corp:*'] }),
  ]);
  await bindSites(w, w.dial(w.server.credentials, serveSite({})), w.sites);
  const got = gather(w.client.forward({ kind: 'forward', destination: 'db.corp:5432', protocol: 'tcp' }));
  await waitFor(() => got.closed, { what: 'it is refused' });
  assert.equal(got.code, 'target.not_exposed');
  await waitFor(() => w.events.length === 1, { what: 'the event' });
  assert.equal(w.events[0]?.reason, 'target.not_exposed');
});

test('a swap cuts forwards that would not be let through any more, and no others', async (t) => {
  const upstream = await recordingUpstream(t, (socket, chunk) => void socket.write(chunk));
  const w = await world(t, (organizationId, deviceId) => [
    testSite(organizationId, { connection: 'tunnel', deviceId, destinations: ['a.corp:1'] }),
    testSite(organizationId, { connection: 'tunnel', deviceId, destinations: ['b.corp:1'] }),
  ]);
  const agent = w.dial(w.server.credentials, serveSite({ 'a.corp:1': upstream.address, 'b.corp:1': upstream.address }));
  await bindSites(w, agent, w.sites);
  const open = async (destination: string) => {
    const stream = w.client.forward({ kind: 'forward', destination, protocol: 'tcp' });
    const got = gather(stream);
    stream.write(Buffer.from('hello'));
    await waitFor(() => got.text() === 'hello', { what: 'the echo' });
    return { stream, got };
  };
  const [a, b] = [await open('a.corp:1'), await open('b.corp:1')];
  // A second site that reaches the same place comes first now: open forwards keep their way.
  const first = testSite(w.organizationId, { destinations: ['a.corp:1', 'b.corp:1'] });
  w.swap({ sites: [first, ...w.sites] });
  w.swap({ sites: [w.sites[0]!, { ...w.sites[1]!, access: { ...w.sites[1]!.access, allow: ['boss@example.com'] } }] });
  await waitFor(() => b.got.closed, { what: 'b is cut' });
  assert.equal(b.got.code, 'forward.denied');
  assert.deepEqual(
    w.events.map(({ host, reason }) => [host, reason]),
    [['b.corp:1', 'forward.denied']],
  );
  a.stream.write(Buffer.from(' again'));
  await waitFor(() => a.got.text() === 'hello again', { what: 'a goes on' });

  // The user of the calling device is disabled: tunnel and forwards end within the swap.
  w.swap({ users: [w.server.user] });
  await waitFor(() => a.got.closed, { what: 'a is cut' });
  assert.equal(w.client.faults[0], 'access.device_revoked');
  await waitFor(() => w.events.length === 2, { what: 'its event' });
  await waitFor(() => upstream.connections.every(({ closed }) => closed), { what: 'the service is let go' });
});

test('a hostile opening ends the tunnel', async (t) => {
  const w = await world(t, () => []);
  for (const header of [
    'x',
    '{}',
    '{"kind":"target"}',
    '{"kind":"forward","destination":"a","protocol":"tcp"}',
    '{"kind":"forward","destination":"a:1","protocol":"sctp"}',
    '{"kind":"forward","destination":"a:1","protocol":"tcp","as":"root"}',
  ]) {
    const client = await w.dial(w.caller.credentials).up();
    client.session().openStream(Buffer.from(header));
    assert.equal(await client.refused(), 'tunnel.protocol_error', header);
    client.stop();
  }
  assert.equal(w.events.length, 0);
});

test('forwards of one tunnel are bounded', async (t) => {
  const base = await tunnelWorld(t, { limits: { forwardsPerSession: 2 } });
  const upstream = await recordingUpstream(t);
  const device = await base.enrol();
  base.swap({
    users: [device.user],
    devices: [device.row],
    sites: [testSite(base.organizationId, { destinations: [upstream.address] })],
  });
  const client = await base.dial(device.credentials).up();
  const request = { kind: 'forward', destination: upstream.address, protocol: 'tcp' } as const;
  const [first] = [client.forward(request), client.forward(request)];
  await waitFor(() => upstream.connections.length === 2, { what: 'two connections' });
  const third = gather(client.forward(request));
  await waitFor(() => third.closed, { what: 'the third is refused' });
  assert.equal(third.code, 'limit.connections');
  first!.abort();
  await waitFor(() => base.links.status().forwards === 1, { what: 'room again' });
  client.forward(request);
  await waitFor(() => upstream.connections.length === 3, { what: 'the third connection' });
});
