import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { NO_LIMITS } from '@zeronaut/model';
import { freePort, recordingUpstream, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { rawWorld } from './testdata/raw-world.ts';

test('a TCP resource takes as many connections as it says, and the next one when one has ended', async (t) => {
  const upstream = await recordingUpstream(t);
  const port = await freePort();
  const limits = { ...NO_LIMITS, concurrent: 1 };
  const world = await rawWorld(t, [testResource('org_1', { port, limits, targets: [testTarget(upstream.address)] })]);
  const dial = () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
  const first = dial();
  await waitFor(() => upstream.connections.length === 1, { what: 'the first is through' });
  const second = dial();
  await waitFor(() => second.closed, { what: 'the second is refused' });
  await waitFor(() => world.events.length === 1, { what: 'it is recorded' });
  assert.equal(world.events[0]!.reason, 'limit.concurrent');
  first.resetAndDestroy();
  await waitFor(() => world.events.length === 2, { what: 'the first is over' });
  const third = dial();
  await waitFor(() => upstream.connections.length === 2, { what: 'the next one is through' });
  third.resetAndDestroy();
});

test('a TCP connection ends after as much silence as its resource says', async (t) => {
  const upstream = await recordingUpstream(t);
  const port = await freePort();
  const limits = { ...NO_LIMITS, idleTimeoutMs: 1_000 };
  await rawWorld(t, [testResource('org_1', { port, limits, targets: [testTarget(upstream.address)] })]);
  const client = connect({ port, host: '127.0.0.1' }).on('error', () => undefined);
  await waitFor(() => upstream.connections.length === 1, { what: 'it is through' });
  await waitFor(() => client.closed, { what: 'the silent one is closed', timeoutMs: 10_000 });
});

test('a UDP resource takes so many flows of one address in a time', async (t) => {
  const port = await freePort('udp');
  const limits = { ...NO_LIMITS, rate: { requests: 1, perSeconds: 3_600 } };
  const service = createSocket('udp4');
  const got: string[] = [];
  service.on('message', (datagram) => got.push(String(datagram)));
  service.bind(0, '127.0.0.1');
  await once(service, 'listening');
  const target = testTarget(`127.0.0.1:${service.address().port}`, { protocol: 'udp' });
  const world = await rawWorld(t, [testResource('org_1', { protocol: 'udp', port, limits, targets: [target] })]);
  const [one, two] = [createSocket('udp4'), createSocket('udp4')];
  t.after(() => {
    one.close();
    two.close();
    service.close();
  });
  one.send('a', port, '127.0.0.1');
  await waitFor(() => got.length === 1, { what: 'the first flow' });
  two.send('b', port, '127.0.0.1');
  await waitFor(() => world.events.some(({ reason }) => reason === 'limit.rate'), { what: 'the second is refused' });
  assert.deepEqual(got, ['a']);
});
