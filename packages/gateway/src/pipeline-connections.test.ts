import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { recordingUpstream, testTarget, waitFor } from '@zeronaut/testkit';
import { GET, HOST, httpWorld, OK, rawClient, statuses } from './http/testdata/http-world.ts';

describe('upstream connections', () => {
  it('a kept connection that the service closed meanwhile costs nobody a request', async (t) => {
    let requests = 0;
    const upstream = await recordingUpstream(t, (socket) => {
      // Every second request on a connection meets a closed door, without an answer.
      if (++requests % 2 === 1) socket.write(OK);
      else socket.destroy();
    });
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => statuses(text).length === 1, 'one answer');
    client.socket.write(GET);
    const text = await client.until((got) => statuses(got).length === 2, 'two answers');
    assert.deepEqual(statuses(text), [200, 200]);
    assert.equal(upstream.connections.length, 2);
    assert.equal(world.events.length, 2);
  });

  it('a body that comes while another connection is looked for arrives as a whole', async (t) => {
    const body = 'late';
    for (let round = 0; round < 20; round++) {
      let requests = 0;
      const upstream = await recordingUpstream(t, (socket, _chunk, connection) => {
        if (++requests === 1) socket.write(OK);
        else if (requests === 2) {
          socket.destroy();
          // Some rounds before, some while, some after the second connection is made.
          setTimeout(() => client.socket.write(body), round % 4);
        } else if (connection.received().toString().endsWith(body)) socket.write(OK);
      });
      const world = await httpWorld(t, { targets: [upstream.address] });
      const client = rawClient(t, world.port, GET);
      await client.until((text) => statuses(text).length === 1, 'one answer');
      client.socket.write(`PUT / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${body.length}\r\n\r\n`);
      await client.until((got) => statuses(got).length === 2, `two answers, round ${round}`);
      // Part of it may have gone the first way: then it is refused, and never sent without that part.
      assert.match(statuses(client.text()).join(), /^200,(?:200|502)$/);
    }
  });

  it('what cannot be repeated safely is not repeated', async (t) => {
    let requests = 0;
    const upstream = await recordingUpstream(t, (socket) => {
      if (++requests === 1) socket.write(OK);
      else socket.destroy();
    });
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => statuses(text).length === 1, 'one answer');
    client.socket.write(`POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2\r\n\r\nhi`);
    await client.until((got) => statuses(got).length === 2, 'two answers');
    assert.deepEqual(statuses(client.text()), [200, 502]);
    assert.equal(world.events[1]!.reason, 'target.reset');
    assert.equal(requests, 2);
  });

  it('Connection: close of the service is honoured, and leftovers make a connection unusable', async (t) => {
    const answers = [
      'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
      'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ];
    let next = 0;
    const upstream = await recordingUpstream(t, (socket) => socket.write(answers[next++]!));
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port);
    for (let i = 1; i <= answers.length; i++) {
      client.socket.write(GET);
      await client.until((text) => statuses(text).length === i && text.endsWith('ok'), `answer ${i}`);
    }
    assert.equal(upstream.connections.length, answers.length);
    assert.doesNotMatch(client.text(), /evil/);
  });

  it('an answer that can be read in two ways is not passed on', async (t) => {
    const answers = [
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok',
      'HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok',
      'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
      'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n',
      'HTTP/1.1 200 OK\r\nX : a\r\n\r\n',
      'HTTP/1.1 2000 OK\r\n\r\n',
      'HTTP/1.1 20 OK\r\n\r\n',
      'HTTP/2.0 200 OK\r\n\r\n',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'SSH-2.0-x\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`,
      'HTTP/1.1 102 Processing\r\n\r\n'.repeat(40),
    ];
    let next = 0;
    const upstream = await recordingUpstream(t, (socket) => socket.write(answers[next++]!));
    const world = await httpWorld(t, { targets: [upstream.address] });
    for (const answer of answers) {
      const client = rawClient(t, world.port, GET);
      await client.until((text) => text.includes('target.malformed_response'), answer.slice(0, 80));
      assert.equal(statuses(client.text()).at(-1), 502);
    }
  });

  it('a target that refuses is passed over while another one answers', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const world = await httpWorld(t, { targets: ['127.0.0.1:1', upstream.address] });
    for (let i = 0; i < 6; i++) {
      const client = rawClient(t, world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 2\r\n\r\nhi`);
      await client.until((text) => text.endsWith('ok'), 'an answer');
    }
    assert.equal(world.balancer.healthy(world.snapshot.resources[0]!.targets[0]!.id), false);
    assert.ok(world.events.every(({ status }) => status === 200));
  });

  it('faults have their own answers', async (t) => {
    const silent = await recordingUpstream(t);
    const closing = await recordingUpstream(t, (socket) => socket.destroy());
    const cases: readonly [string[], string, number][] = [
      [[], 'balancer.no_target', 503],
      [['127.0.0.1:1'], 'target.dial_refused', 502],
      [[silent.address], 'target.response_timeout', 504],
      [[closing.address], 'target.reset', 502],
    ];
    for (const [targets, reason, status] of cases) {
      const world = await httpWorld(t, { targets, limits: { upstreamResponseTimeoutMs: 50 } });
      const client = rawClient(t, world.port, GET);
      await client.until((text) => text.includes(reason), reason);
      assert.deepEqual(statuses(client.text()), [status]);
      assert.deepEqual(
        world.events.map((event) => [event.effect, event.reason]),
        [['deny', reason]],
      );
    }
  });

  it('targets behind an absent agent are away, which is another thing than failing', async (t) => {
    const world = await httpWorld(t, {
      targets: [testTarget('localhost:3000', { protocol: 'http', deviceId: 'dev_1' })],
      agentLinks: { serves: () => false, open: () => null },
    });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => text.includes('balancer.agent_away'), '503');
    assert.deepEqual(statuses(client.text()), [503]);
  });
});

describe('time and end', () => {
  it('a head that trickles in is cut off with 408, an idle connection without a word', async (t) => {
    const world = await httpWorld(t, { limits: { headerTimeoutMs: 300, idleTimeoutMs: 250 } });
    const slow = rawClient(t, world.port, 'GET / HTTP/1.1\r\n');
    const trickle = setInterval(() => slow.socket.write('X-A: 1\r\n'), 40);
    t.after(() => clearInterval(trickle));
    assert.deepEqual(statuses(await slow.untilClosed()), [408]);
    clearInterval(trickle);
    const idle = rawClient(t, world.port);
    assert.equal(await idle.untilClosed(), '');
    assert.deepEqual(
      world.events.map(({ reason }) => reason),
      ['http.timeout'],
    );
  });

  it('a body that stalls is given up', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address], limits: { idleTimeoutMs: 150 } });
    const client = rawClient(t, world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\nhello`);
    assert.deepEqual(statuses(await client.untilClosed()), [408]);
    await waitFor(() => upstream.connections[0]!.closed, { what: 'the upstream connection closes' });
  });

  it('draining answers what is running, with Connection: close, and ends idle connections', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const idle = rawClient(t, world.port);
    const busy = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections[0]?.received().length, { what: 'the request' });
    const stopped = world.pipeline.stop(10_000);
    await idle.untilClosed();
    upstream.connections[0]!.socket.write(OK);
    assert.match(await busy.untilClosed(), /\r\nConnection: close\r\n[\s\S]*ok$/);
    await stopped;
    assert.equal(world.pipeline.connections, 0);
  });

  it('draining ends what does not end by itself', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const busy = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections[0]?.received().length, { what: 'the request' });
    await world.pipeline.stop(20);
    await busy.untilClosed();
    assert.deepEqual(
      world.events.map(({ status }) => status),
      [499],
    );
  });

  it('a flow keeps the tables it started with, whatever is swapped in', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections[0]?.received().length, { what: 'the request' });
    world.change({ resources: [] });
    upstream.connections[0]!.socket.write(OK);
    await client.until((text) => text.endsWith('ok'), 'the answer');
    client.socket.write(GET);
    await client.until((text) => text.includes('router.no_resource'), 'the next one runs on the new tables');
    assert.deepEqual(
      world.events.map(({ snapshotVersion }) => snapshotVersion),
      [1, 2],
    );
  });
});
