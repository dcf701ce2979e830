import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { createId } from '@zeronaut/model';
import { freePort, recordingUpstream, waitFor } from '@zeronaut/testkit';
import { createDatagramStream } from '@zeronaut/tunnel';
import { Agent } from './agent.ts';
import { type GatewayEnd, startGatewayEnd } from './gateway-end.suite.ts';
import { Served } from './served.ts';

const RESOURCE = createId('resource');
const SITE = createId('site');
const source = '192.0.2.1:40000';

let gateway: GatewayEnd;
let agent: Agent;
let bound: string[];
let refused: string[];
let seen: string[];
let consoleTrouble: number;

before(async () => {
  gateway = await startGatewayEnd();
});
after(() => gateway.stop());

beforeEach(() => {
  gateway.messages.length = 0;
  gateway.sessions.length = 0;
  bound = [];
  refused = [];
  seen = [];
  consoleTrouble = 0;
  agent = new Agent({
    connection: gateway.connection,
    device: gateway.device,
    state: gateway.state,
    onBound: (id) => bound.push(id),
    onRefused: (_id, reason) => refused.push(reason),
    onAccess: (events) => seen.push(...events.map(({ path }) => path)),
    onConsoleTrouble: () => {
      consoleTrouble += 1;
    },
  });
});
afterEach(() => agent.stop());

async function connected(served: Served): Promise<void> {
  agent.serve(served);
  agent.start();
  await waitFor(() => gateway.messages.some(({ type }) => type === 'watch'), { what: 'the agent binds and watches' });
}

const target = (address: string, protocol: 'tcp' | 'udp' = 'tcp') => ({
  kind: 'target',
  resourceId: RESOURCE,
  address,
  protocol,
  source,
});

describe('with the console away and a gateway known from before', () => {
  it('connects, binds what it serves and watches it', async () => {
    await connected(
      new Served(new Map([[RESOURCE, [{ address: '127.0.0.1:1', protocol: 'tcp' }]]]), new Map([[SITE, ['a:1']]])),
    );
    const [bind, watch] = gateway.messages;
    assert.deepEqual(bind, {
      type: 'bind',
      resourceIds: [RESOURCE],
      siteIds: [SITE],
      softwareVersion: '0.1.0',
    });
    assert.deepEqual(watch, { type: 'watch', resourceIds: [RESOURCE] });
    gateway.send({ type: 'bound', id: RESOURCE });
    await waitFor(() => bound.includes(RESOURCE), { what: 'it learns that it is bound' });
    await waitFor(() => consoleTrouble > 0, { what: 'it says that the console is away' });
  });

  it('carries bytes to the service and back, half-close included', async (t) => {
    const upstream = await recordingUpstream(t, (socket, chunk) => {
      socket.write(chunk.toString().toUpperCase());
      socket.on('end', () => socket.end('!'));
    });
    await connected(new Served(new Map([[RESOURCE, [{ address: upstream.address, protocol: 'tcp' }]]])));
    const asked = gateway.ask(target(upstream.address), 'hello');
    await waitFor(() => upstream.connections[0]?.ended, { what: 'the service sees the end' });
    assert.deepEqual(await asked, { answer: 'HELLO!', code: null });
  });

  it('refuses what it does not serve, whatever the gateway asks', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => void socket.end());
    const other = await recordingUpstream(t);
    await connected(
      new Served(
        new Map([[RESOURCE, [{ address: upstream.address, protocol: 'tcp' }]]]),
        new Map([[SITE, [upstream.address]]]),
      ),
    );
    const site = { kind: 'site', siteId: SITE, destination: other.address, protocol: 'tcp', source: 'usr_x' };
    const headers: unknown[] = [
      target(other.address),
      { ...target(upstream.address), resourceId: createId('resource') },
      { ...target(upstream.address), extra: 'key' },
      site,
      { ...site, destination: `localhost:${upstream.address.split(':')[1]}` },
      { kind: 'forward', destination: upstream.address, protocol: 'tcp' },
      '{"kind":"target"',
      '',
      '[]',
    ];
    for (const header of headers) {
      const { code } = await gateway.ask(header, 'x');
      assert.equal(code, 'target.not_exposed', JSON.stringify(header));
    }
    assert.equal(upstream.connections.length + other.connections.length, 0);
    assert.equal((await gateway.ask({ ...site, destination: upstream.address }, 'x')).code, null);
  });

  it('says that the service is down', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await connected(new Served(new Map([[RESOURCE, [{ address, protocol: 'tcp' }]]])));
    assert.equal((await gateway.ask(target(address))).code, 'target.dial_refused');
  });

  it('carries datagrams', async (t) => {
    const echo = createSocket('udp4');
    echo.on('message', (message, { port, address }) => echo.send(`echo ${message}`, port, address));
    echo.bind(0, '127.0.0.1');
    await once(echo, 'listening');
    t.after(() => echo.close());
    const address = `localhost:${echo.address().port}`;
    await connected(new Served(new Map([[RESOURCE, [{ address, protocol: 'udp' }]]])));
    const answers: string[] = [];
    const datagrams = createDatagramStream(gateway.open(target(address, 'udp')), {
      onDatagram: (datagram) => answers.push(datagram.toString()),
      onClosed: () => undefined,
    });
    for (const word of ['one', 'two', '']) datagrams.send(Buffer.from(word));
    await waitFor(() => answers.length === 3, { what: 'three answers' });
    assert.deepEqual(answers, ['echo one', 'echo two', 'echo ']);
    datagrams.end();
  });

  it('binds again after a refusal that time can heal, and not after others', async () => {
    await connected(new Served(new Map([[RESOURCE, [{ address: '127.0.0.1:1', protocol: 'tcp' }]]])));
    const binds = () => gateway.messages.filter(({ type }) => type === 'bind').length;
    gateway.send({ type: 'refused', id: RESOURCE, reason: 'tunnel.unknown_resource' });
    await waitFor(() => binds() === 2, { what: 'a second bind' });
    gateway.send({ type: 'refused', id: RESOURCE, reason: 'tunnel.not_owner' });
    await waitFor(() => refused.length === 2, { what: 'both refusals are told' });
    assert.deepEqual(refused, ['tunnel.unknown_resource', 'tunnel.not_owner']);
    assert.equal(binds(), 2);
  });

  it('binds anew when the set changes, and when the tunnel comes back', async () => {
    await connected(new Served(new Map([[RESOURCE, [{ address: '127.0.0.1:1', protocol: 'tcp' }]]])));
    const second = createId('resource');
    agent.serve(new Served(new Map([[second, [{ address: '127.0.0.1:1', protocol: 'tcp' }]]])));
    await waitFor(() => gateway.messages.some((m) => m.type === 'bind' && m.resourceIds.includes(second)), {
      what: 'the new set',
    });
    gateway.messages.length = 0;
    const startedAt = performance.now();
    await gateway.restart();
    await waitFor(() => gateway.messages.some(({ type }) => type === 'bind'), { what: 'a bind after the restart' });
    assert.ok(performance.now() - startedAt < 1_500);
  });

  it('passes on what happens', async () => {
    await connected(new Served(new Map([[RESOURCE, [{ address: '127.0.0.1:1', protocol: 'tcp' }]]])));
    const event = {
      gatewayId: gateway.gatewayId,
      at: new Date().toISOString(),
      requestId: 'req_1',
      organizationId: null,
      resourceId: RESOURCE,
      protocol: 'http',
      effect: 'pass',
      reason: 'access.public',
      subject: '',
      credentialId: '',
      sourceAddress: '192.0.2.1',
      method: 'GET',
      host: 'a.localhost',
      path: '/seen',
      status: 200,
      bytesIn: 0,
      bytesOut: 1,
      durationMs: 1,
      targetId: '',
      snapshotVersion: 1,
    } as const;
    gateway.send({ type: 'access', events: [event], dropped: 0 });
    await waitFor(() => seen.includes('/seen'), { what: 'the event' });
  });
});
