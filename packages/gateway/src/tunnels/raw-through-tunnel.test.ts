import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { type OpenFromGateway, pass } from '@zeronaut/model';
import { freePort, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { createDatagramStream, type MuxStream } from '@zeronaut/tunnel';
import { pino } from 'pino';
import { createBalancer } from '../balancer/balancer.ts';
import { ANONYMOUS } from '../flow.ts';
import { LimitsOfResources } from '../limits/resource-limiter.ts';
import { createRawListeners } from '../raw/raw-listeners.ts';
import { createDialer } from '../targets/dialer.ts';
import { tunnelWorld } from './testdata/tunnel-world.ts';

/** The real rooms together: raw ports, balancer, dialer, tunnels. */
test('raw TCP and UDP ports reach services behind an agent, and fail closed while it is away', async (t) => {
  const world = await tunnelWorld(t);
  const device = await world.enrol();
  const { deviceId } = device.ids;
  const [tcpPort, udpPort] = [await freePort(), await freePort('udp')];
  const target = (protocol: 'tcp' | 'udp') => [testTarget('127.0.0.1:7', { deviceId, protocol })];
  const resources = [
    testResource(world.organizationId, { port: tcpPort, deviceId, targets: target('tcp') }),
    testResource(world.organizationId, { protocol: 'udp', port: udpPort, deviceId, targets: target('udp') }),
  ];
  world.swap({ users: [device.user], devices: [device.row], resources });
  const dialer = createDialer({ agentLinks: world.links });
  const balancer = createBalancer({ tables: world.tables, dialer });
  t.after(() => balancer.stop());
  const raw = createRawListeners({
    tables: world.tables,
    access: { decide: () => ({ verdict: pass('access.public'), subject: ANONYMOUS, explanation: null }) },
    limiter: new LimitsOfResources(),
    balancer,
    dialer,
    observer: { record: (event) => world.events.push(event) },
    log: pino({ level: 'silent' }),
    rawAddress: '127.0.0.1',
  });
  t.after(() => raw.stop(0));
  await raw.start();

  const early = connect({ port: tcpPort, host: '127.0.0.1' });
  early.on('error', () => undefined);
  await waitFor(() => early.closed && world.events.length === 1, { what: 'refused without an agent' });
  assert.equal(world.events[0]?.effect, 'deny');
  assert.equal(world.events[0]?.reason, 'balancer.agent_away');

  const echo = (request: OpenFromGateway, stream: MuxStream) => {
    if (request.protocol === 'udp') {
      const datagrams = createDatagramStream(stream, {
        onDatagram: (datagram) => void datagrams.send(datagram),
        onClosed() {},
      });
      return;
    }
    stream.handler = {
      onData: (chunk) => void stream.write(chunk),
      onDrain() {},
      onEnd: () => stream.end(),
      onClosed() {},
    };
  };
  const agent = await world.dial(device.credentials, echo).up();
  agent.send({ type: 'bind', resourceIds: resources.map(({ id }) => id), siteIds: [], softwareVersion: '0.1.0' });
  await waitFor(() => agent.received('bound').length === 2, { what: 'both are bound' });

  const socket = connect({ port: tcpPort, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  socket.end('over tcp');
  const [chunk] = await once(socket, 'data');
  assert.equal(String(chunk), 'over tcp');
  const { localPort } = socket;
  assert.deepEqual(agent.opened[0]?.request, {
    kind: 'target',
    resourceId: resources[0]!.id,
    address: '127.0.0.1:7',
    protocol: 'tcp',
    source: `127.0.0.1:${localPort}`,
  });

  const caller = createSocket('udp4');
  t.after(() => caller.close());
  caller.send('over udp', udpPort, '127.0.0.1');
  const [datagram] = await once(caller, 'message');
  assert.equal(String(datagram), 'over udp');

  // The device is revoked: its tunnel and every flow through it end within the swap.
  world.swap({ devices: [] });
  await waitFor(() => world.events.length === 3, { what: 'each flow is recorded' });
  assert.deepEqual(
    world.events.slice(1).map(({ protocol, bytesIn, bytesOut }) => [protocol, bytesIn, bytesOut]),
    [
      ['tcp', 8, 8],
      ['udp', 8, 8],
    ],
  );
  await waitFor(() => raw.status().every(({ openFlows }) => openFlows === 0), { what: 'no flow is left' });
  assert.equal(world.links.open(deviceId, agent.opened[0]!.request), null);
});
