import { strict as assert } from 'node:assert';
import { describe, it, type TestContext } from 'node:test';
import { NO_LIMITS, parseNetwork, type ResourceLimits } from '@zeronaut/model';
import { recordingUpstream, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { HOST, httpWorld, OK, rawClient, statuses } from './http/testdata/http-world.ts';

const ask = (path: string, fields = '', body = '') =>
  `POST ${path} HTTP/1.1\r\nHost: bounded.test\r\n${fields}\r\n${body}`;

async function boundedWorld(
  t: TestContext,
  limits: Partial<ResourceLimits>,
  onConnection: Parameters<typeof recordingUpstream>[1] = (socket) => socket.write(OK),
) {
  const upstream = await recordingUpstream(t, onConnection);
  const resource = testResource('org_1', {
    ...{ protocol: 'http', hosts: ['bounded.test'], limits: { ...NO_LIMITS, ...limits } },
    targets: [testTarget(upstream.address, { protocol: 'http' })],
  });
  const world = await httpWorld(t, {
    resources: [resource],
    targets: [upstream.address],
    trustedProxies: [parseNetwork('127.0.0.1')!],
  });
  return { ...world, upstream };
}

describe('limits of a resource', () => {
  it('refuse a body that says how large it is before a byte of it is read', async (t) => {
    const world = await boundedWorld(t, { bodyBytes: 10 });
    const client = rawClient(t, world.port, ask('/', 'Content-Length: 11\r\nExpect: 100-continue\r\n'));
    const text = await client.untilClosed();
    assert.deepEqual(statuses(text), [413], text);
    assert.match(text, /limit\.body_too_large/);
    assert.equal(world.upstream.connections.length, 0);
    const fits = rawClient(t, world.port, ask('/', 'Content-Length: 10\r\nConnection: close\r\n', '0123456789'));
    assert.deepEqual(statuses(await fits.untilClosed()), [200]);
    assert.deepEqual(
      world.events.map(({ status, reason }) => [status, reason]),
      [
        [413, 'limit.body_too_large'],
        [200, 'access.public'],
      ],
    );
  });

  it('cut a body that does not say so where it becomes too large, and the service never has it whole', async (t) => {
    const world = await boundedWorld(t, { bodyBytes: 10 }, () => undefined);
    const head = ask('/', 'Transfer-Encoding: chunked\r\n', '5\r\n01234\r\n');
    const client = rawClient(t, world.port, head);
    await waitFor(() => world.upstream.connections[0]?.received().includes('01234') === true, {
      what: 'the first part',
    });
    client.socket.write('6\r\n567890\r\n0\r\n\r\n');
    assert.deepEqual(statuses(await client.untilClosed()), [413]);
    await waitFor(() => world.upstream.connections[0]!.closed, { what: 'the connection to the service is broken' });
    assert.ok(!world.upstream.connections[0]!.received().includes('0\r\n\r\n'));
  });

  it('let in as many at the same time as they say, with no queue, and the next one when one is over', async (t) => {
    const world = await boundedWorld(t, { concurrent: 2 }, () => undefined);
    const first = rawClient(t, world.port, ask('/1'));
    rawClient(t, world.port, ask('/2'));
    await waitFor(() => world.upstream.connections.length === 2, { what: 'two are served' });
    const third = await rawClient(t, world.port, ask('/3', 'Connection: close\r\n')).untilClosed();
    assert.match(third, /^HTTP\/1\.1 503 [\s\S]*retry-after: 1\r\n[\s\S]*limit\.concurrent/);
    first.socket.resetAndDestroy();
    await waitFor(() => world.events.length === 2, { what: 'the first is over' });
    rawClient(t, world.port, ask('/4'));
    await waitFor(() => world.upstream.connections.length === 3, { what: 'the next one is served' });
    const other = rawClient(t, world.port, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
    await waitFor(() => world.upstream.connections.length === 4, { what: 'others do not count' });
    other.socket.destroy();
  });

  it('count what a swap of the tables found running', async (t) => {
    const world = await boundedWorld(t, { concurrent: 1 }, () => undefined);
    rawClient(t, world.port, ask('/1'));
    await waitFor(() => world.upstream.connections.length === 1, { what: 'one is served' });
    world.change({ resources: structuredClone(world.snapshot.resources) });
    const text = await rawClient(t, world.port, ask('/2', 'Connection: close\r\n')).untilClosed();
    assert.deepEqual(statuses(text), [503]);
  });

  it('slow one address down, and leave the others alone', async (t) => {
    const world = await boundedWorld(t, { rate: { requests: 2, perSeconds: 600 } });
    const from = async (address: string) => {
      const fields = `X-Forwarded-For: ${address}\r\nConnection: close\r\n`;
      return await rawClient(t, world.port, ask('/', fields)).untilClosed();
    };
    const answers = [];
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1', '192.0.2.1']) {
      answers.push(await from(address));
    }
    assert.deepEqual(answers.flatMap(statuses), [200, 200, 429, 200, 200]);
    assert.match(answers[2]!, /\r\nretry-after: (?:300|299)\r\n[\s\S]*limit\.rate/);
    assert.equal(world.events[2]!.reason, 'limit.rate');
    const own = await rawClient(
      t,
      world.port,
      'GET /.zeronaut/own HTTP/1.1\r\nHost: bounded.test\r\nX-Forwarded-For: 2001:db8::1\r\nConnection: close\r\n\r\n',
    ).untilClosed();
    assert.deepEqual(statuses(own), [200], 'our own pages have their own limits');
  });

  it('give a service the time that the resource says', async (t) => {
    const world = await boundedWorld(t, { responseTimeoutMs: 100 }, () => undefined);
    const text = await rawClient(t, world.port, ask('/', 'Connection: close\r\n')).untilClosed();
    assert.match(text, /^HTTP\/1\.1 504 [\s\S]*target\.response_timeout/);
  });

  it('end an upgraded connection that is silent', async (t) => {
    const world = await boundedWorld(t, { idleTimeoutMs: 1_000, concurrent: 1 }, (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    });
    const upgrade = ask('/', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
    const text = await rawClient(t, world.port, upgrade).untilClosed('the silent one is closed');
    assert.deepEqual(statuses(text), [101]);
    assert.equal(world.events.length, 1);
    const again = rawClient(t, world.port, upgrade);
    await again.until((got) => statuses(got).length === 1, 'its place is free again');
    assert.deepEqual(statuses(again.text()), [101]);
  });
});
