import { strict as assert } from 'node:assert';
import { describe, it, type TestContext } from 'node:test';
import { challenge, deny, parseNetwork } from '@zeronaut/model';
import { recordingUpstream, waitFor } from '@zeronaut/testkit';
import {
  bodyOf,
  GET,
  HOST,
  httpWorld,
  OK,
  PASS,
  PORTAL,
  rawClient,
  service,
  statuses,
} from './http/testdata/http-world.ts';

describe('a request through the pipeline', () => {
  it('reaches the target with our fields, comes back with its answer, and is recorded once', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(
      t,
      world.port,
      `GET /a/../b?c=d HTTP/1.1\r\nHost: ${HOST}:81\r\nX-A: b\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n`,
    );
    const text = await client.until((got) => got.endsWith('\r\n\r\nok'), 'the answer');
    const id = /X-Request-Id: (req_[0-9a-z]{26})\r\n/.exec(text)?.[1];
    assert.ok(id !== undefined, text);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Length: 2\r\nDate: [^\r]+ GMT\r\nX-Request-Id: /);
    assert.equal(
      upstream.connections[0]!.received().toString(),
      `GET /b?c=d HTTP/1.1\r\nHost: ${HOST}:81\r\nX-A: b\r\n` +
        `Forwarded: for=127.0.0.1;host="${HOST}:81";proto=http\r\nX-Forwarded-For: 127.0.0.1\r\n` +
        `X-Forwarded-Proto: http\r\nX-Forwarded-Host: ${HOST}:81\r\nX-Forwarded-Port: 81\r\nX-Request-Id: ${id}\r\n\r\n`,
    );
    assert.equal(world.events.length, 1);
    const [event] = world.events;
    assert.ok(event!.durationMs >= 0 && event!.durationMs < 5_000);
    assert.deepEqual(
      { ...event, at: '', durationMs: 0 },
      {
        at: '',
        requestId: id,
        organizationId: 'org_1',
        resourceId: world.snapshot.resources[0]!.id,
        protocol: 'http',
        effect: 'pass',
        reason: 'access.public',
        subject: '',
        credentialId: '',
        sourceAddress: '127.0.0.1',
        method: 'GET',
        host: HOST,
        path: '/b',
        status: 200,
        bytesIn: 0,
        bytesOut: 2,
        durationMs: 0,
        targetId: world.snapshot.resources[0]!.targets[0]!.id,
        snapshotVersion: 1,
      },
    );
  });

  it('keeps connections on both sides, also between callers', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const world = await httpWorld(t, { targets: [upstream.address] });
    const first = rawClient(t, world.port, GET);
    await first.until((text) => statuses(text).length === 1, 'one answer');
    first.socket.write(GET);
    await first.until((text) => statuses(text).length === 2, 'two answers');
    const second = rawClient(t, world.port, GET);
    await second.until((text) => statuses(text).length === 1, 'one answer');
    assert.equal(upstream.connections.length, 1);
    assert.equal(world.events.length, 3);
    assert.equal(new Set(world.events.map((event) => event.requestId)).size, 3);
  });

  it('answers pipelined requests in order, one at a time, whatever is between them', async (t) => {
    const { address } = await service(t, async (request, response) => {
      const body = await bodyOf(request);
      setTimeout(() => response.end(`${request.url}=${body}`), request.url === '/1' ? 30 : 0);
    });
    const world = await httpWorld(t, { targets: [address] });
    const head = (path: string, fields = '') => `POST ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${fields}`;
    const all =
      `${head('/1', 'Content-Length: 3\r\n')}\r\nabc` +
      `${head('/2', 'Transfer-Encoding: chunked\r\n')}\r\n2\r\nde\r\n1\r\nf\r\n0\r\nX: y\r\n\r\n` +
      `GET /.zeronaut/own HTTP/1.1\r\nHost: ${HOST}\r\n\r\n` +
      `GET /nowhere HTTP/1.1\r\nHost: unknown.test\r\nContent-Length: 4\r\n\r\nGET ` +
      `GET /last HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    for (const pieces of [[all], [...all]]) {
      const before = world.events.length;
      const client = rawClient(t, world.port);
      for (const piece of pieces) client.socket.write(piece);
      const text = await client.untilClosed();
      assert.deepEqual(statuses(text), [200, 200, 200, 404, 200]);
      const bodies = [
        text.indexOf('/1=abc'),
        text.indexOf('/2=def'),
        text.indexOf('own /.zeronaut/own'),
        text.indexOf('/last='),
      ];
      assert.deepEqual(
        bodies,
        bodies.toSorted((a, b) => a - b),
        text,
      );
      assert.ok(!bodies.includes(-1), text);
      assert.equal(world.events.length, before + 5);
    }
  });

  it('bounds what waits behind a request that takes its time', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections.length === 1, { what: 'the request arrives' });
    const flood = Buffer.alloc(64 * 1024 * 1024, GET);
    client.socket.write(flood);
    const before = process.memoryUsage().arrayBuffers;
    await waitFor(() => client.socket.bufferSize === client.socket.writableLength, { what: 'the socket took a part' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    // Everything else still lies in our own client's queue.
    assert.ok(client.socket.writableLength > 32 * 1024 * 1024, String(client.socket.writableLength));
    assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
    assert.equal(upstream.connections.length, 1);
  });

  it('answers HEAD, 204 and 304 without a body and goes on', async (t) => {
    const { address } = await service(t, (request, response) => {
      if (request.url === '/204') response.writeHead(204).end();
      else if (request.url === '/304') response.writeHead(304, { etag: '"x"', 'content-length': '7' }).end();
      else response.writeHead(200, { 'content-length': '5' }).end(request.method === 'HEAD' ? '' : 'hello');
    });
    const world = await httpWorld(t, { targets: [address] });
    const requests = [`HEAD / HTTP/1.1\r\n`, `GET /204 HTTP/1.1\r\n`, `GET /304 HTTP/1.1\r\n`, `GET / HTTP/1.1\r\n`];
    const client = rawClient(t, world.port, requests.map((line) => `${line}Host: ${HOST}\r\n\r\n`).join(''));
    const text = await client.until((got) => got.endsWith('hello'), 'the last answer');
    assert.deepEqual(statuses(text), [200, 204, 304, 200]);
    assert.equal(text.split('\r\n\r\n').length, 5);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\n/);
  });

  it('gives refusals as a page or as a problem document, with reason, next step and request id', async (t) => {
    const world = await httpWorld(t);
    const problem = rawClient(t, world.port, 'GET / HTTP/1.1\r\nHost: no.test\r\n\r\n');
    const json = await problem.until((text) => text.includes('}'), 'a problem');
    const document = JSON.parse(json.slice(json.indexOf('\r\n\r\n') + 4));
    assert.deepEqual(document, {
      type: 'urn:zeronaut:reason:router.no_resource',
      title: 'No resource has this name',
      status: 404,
      reason: 'router.no_resource',
      requestId: /X-Request-Id: (.*)\r\n/.exec(json)![1],
      next: 'Check the address.',
    });
    const browser = rawClient(
      t,
      world.port,
      'GET /<b> HTTP/1.1\r\nHost: no.test\r\nAccept: text/html,*/*\r\n\r\n'.replace('<b>', 'b'),
    );
    const html = await browser.until((text) => text.includes('</html>'), 'a page');
    assert.match(html, /content-type: text\/html/);
    assert.match(html, /<h1>No resource has this name<\/h1>\n<p>Check the address\.<\/p>/);
  });
});

describe('what the service is told', () => {
  async function seen(t: TestContext, request: string, options: Parameters<typeof httpWorld>[1] = {}) {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const world = await httpWorld(t, { ...options, targets: [upstream.address] });
    const client = rawClient(t, world.port, request);
    await client.until((text) => text.endsWith('ok'), 'an answer');
    return { text: upstream.connections[0]!.received().toString('latin1'), event: world.events[0]! };
  }

  it('never gets our cookies, nor an Authorization that was meant for us, nor identity that a visitor made up', async (t) => {
    const identity = [
      ['x-zeronaut-user', 'usr_1'],
      ['x-zeronaut-email', 'ann@example.com'],
    ] as const;
    const { text } = await seen(
      t,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nCookie: a=b; __Host-zn_session=secret; c="d"\r\nCookie: __Host-zn_state=secret\r\n` +
        'Authorization: Basic c2VjcmV0\r\nX-Zeronaut-User: root\r\nX_Zeronaut_Email: root\r\nConnection: x-zeronaut-user\r\n\r\n',
      { access: { decide: () => ({ ...PASS, identity, consumeAuthorization: true }) } },
    );
    assert.doesNotMatch(text, /secret|c2VjcmV0|root/);
    assert.match(text, /\r\nCookie: a=b; c="d"\r\n/);
    assert.match(text, /\r\nx-zeronaut-user: usr_1\r\nx-zeronaut-email: ann@example\.com\r\n/);
  });

  it('gets Authorization that was meant for it', async (t) => {
    const { text } = await seen(t, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nAuthorization: Bearer x\r\n\r\n`);
    assert.match(text, /\r\nAuthorization: Bearer x\r\n/);
  });

  it('learns of the caller from a trusted proxy, whose list is kept', async (t) => {
    const { text, event } = await seen(
      t,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: https\r\n\r\n`,
      { trustedProxies: [parseNetwork('127.0.0.0/8')!, parseNetwork('10.0.0.0/8')!] },
    );
    assert.equal(event.sourceAddress, '192.0.2.7');
    assert.match(
      text,
      /\r\nX-Forwarded-For: 6\.6\.6\.6, 192\.0\.2\.7, 10\.0\.0\.9, 127\.0\.0\.1\r\nX-Forwarded-Proto: https\r\n/,
    );
    assert.match(
      text,
      /\r\nForwarded: for=6\.6\.6\.6, for=192\.0\.2\.7, for=10\.0\.0\.9, for=127\.0\.0\.1;host="app\.test";proto=https\r\n/,
    );
  });

  it('hop-by-hop fields end here in both directions; TE: trailers is kept', async (t) => {
    const upstream = await recordingUpstream(t, (socket) =>
      socket.write(
        'HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n' +
          'Upgrade: h2c\r\nX-Kept: 1\r\nContent-Length: 2\r\nX-Request-Id: theirs\r\n\r\nok',
      ),
    );
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(
      t,
      world.port,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nTE: trailers, deflate\r\nConnection: TE\r\nKeep-Alive: 5\r\n\r\n`,
    );
    const text = await client.until((got) => got.endsWith('ok'), 'an answer');
    assert.match(
      text,
      /^HTTP\/1\.1 200 OK\r\nX-Kept: 1\r\nContent-Length: 2\r\nDate: [^\r]*\r\nX-Request-Id: req_[^\r]*\r\n\r\nok$/,
    );
    assert.match(upstream.connections[0]!.received().toString(), /\r\nConnection: TE\r\nTE: trailers\r\n/);
  });
});

describe('access in the pipeline', () => {
  it('a deny or a challenge is answered as access says, and nothing reaches the target', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const world = await httpWorld(t, {
      targets: [upstream.address],
      access: {
        decide: (_flow, head) =>
          head.path === '/login'
            ? {
                ...PASS,
                verdict: challenge('access.session_missing'),
                response: { status: 302, headers: [['location', 'https://portal.test/']], body: '' },
              }
            : { ...PASS, verdict: deny('access.not_allowed') },
      },
    });
    const client = rawClient(t, world.port, `GET /login HTTP/1.1\r\nHost: ${HOST}\r\n\r\n${GET}`);
    const text = await client.until((got) => statuses(got).length === 2 && got.endsWith('}\n'), 'two answers');
    assert.deepEqual(statuses(text), [302, 403]);
    assert.match(text, /location: https:\/\/portal\.test\/\r\n/);
    assert.deepEqual(
      world.events.map(({ effect, reason, status }) => [effect, reason, status]),
      [
        ['challenge', 'access.session_missing', 302],
        ['deny', 'access.not_allowed', 403],
      ],
    );
    assert.equal(upstream.connections.length, 0);
  });

  it('a decision may take its time; the body waits meanwhile', async (t) => {
    const { address } = await service(t, async (request, response) => response.end(await bodyOf(request)));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const world = await httpWorld(t, { targets: [address], access: { decide: () => gate.then(() => PASS) } });
    const client = rawClient(t, world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\nhello`);
    await waitFor(() => world.pipeline.connections === 1, { what: 'the connection' });
    client.socket.write('world');
    release();
    await client.until((text) => text.includes('helloworld'), 'the echo');
  });

  it('fails closed: access that throws or rejects lets nobody through', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    for (const decide of [
      () => {
        throw new Error('broken');
      },
      () => Promise.reject(new Error('broken')),
    ]) {
      const world = await httpWorld(t, { targets: [upstream.address], access: { decide } });
      const client = rawClient(t, world.port, GET);
      await client.until((text) => statuses(text)[0] === 500, 'a 500');
      await waitFor(() => world.events.length === 1, { what: 'the record' });
      assert.deepEqual([world.events[0]!.effect, world.events[0]!.reason], ['deny', 'gateway.internal']);
      assert.equal(world.bugs.length, 1);
    }
    assert.equal(upstream.connections.length, 0);
  });

  it('our own pages get their whole body, at most 64 KiB, on the portal and under /.zeronaut/ of any host', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const post = (host: string, path: string, body: string, fields = '') =>
      `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
    const client = rawClient(t, world.port, post(PORTAL, '/sign-in', 'a=b') + post(HOST, '/%2ezeronaut/x', 'c'));
    const text = await client.until((got) => got.endsWith('own /.zeronaut/x c'), 'two answers');
    assert.match(text, /own \/sign-in a=b/);
    const expecting = rawClient(
      t,
      world.port,
      post(PORTAL, '/', '', 'Expect: 100-continue\r\n').replace('Length: 0', 'Length: 2'),
    );
    await expecting.until((got) => got === 'HTTP/1.1 100 Continue\r\n\r\n', 'an interim answer');
    expecting.socket.write('xy');
    await expecting.until((got) => got.endsWith('own / xy'), 'the answer');
    const chunked = rawClient(
      t,
      world.port,
      `POST / HTTP/1.1\r\nHost: ${PORTAL}\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n${'x'.repeat(65_537)}\r\n0\r\n\r\n`,
    );
    assert.deepEqual(statuses(await chunked.until((got) => got.includes('}'), 'a refusal')), [413]);
    assert.deepEqual(
      world.events.map(({ reason }) => reason),
      ['access.portal', 'access.portal', 'access.portal', 'http.body_too_large'],
    );
    assert.equal(upstream.connections.length, 0);
  });

  it('cuts what a newer table no longer admits, and nothing else', async (t) => {
    const upstream = await recordingUpstream(t);
    let revoked = '';
    const world = await httpWorld(t, {
      targets: [upstream.address],
      review: (flow) => ({
        verdict: flow.requestId === revoked ? deny('access.session_revoked') : PASS.verdict,
        explanation: null,
      }),
    });
    const one = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections.length === 1, { what: 'the first request' });
    const two = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections.length === 2, { what: 'the second request' });
    revoked = /X-Request-Id: (\S+)/.exec(upstream.connections[0]!.received().toString())![1]!;
    world.change({});
    await one.untilClosed();
    await waitFor(() => upstream.connections[0]!.closed, { what: 'the upstream connection closes' });
    assert.deepEqual(
      world.events.map(({ effect, reason }) => [effect, reason]),
      [['deny', 'access.session_revoked']],
    );
    upstream.connections[1]!.socket.write(OK);
    await two.until((text) => text.endsWith('ok'), 'the other one goes on');
  });

  it('cuts what has ended by itself, and looks at what is open only then', async (t) => {
    const upstream = await recordingUpstream(t);
    const ends = new Map<string, number>();
    let reviewed = 0;
    const requestIdOf = (index: number) =>
      /X-Request-Id: (\S+)/.exec(upstream.connections[index]!.received().toString())![1]!;
    let nowMs = 1_000;
    const world = await httpWorld(t, {
      targets: [upstream.address],
      // Each request that comes ends a thousand later than the one before it.
      endOf: (flow) => {
        if (!ends.has(flow.requestId)) ends.set(flow.requestId, 2_000 + ends.size * 1_000);
        return ends.get(flow.requestId)!;
      },
      review: (flow) => {
        reviewed++;
        const verdict = nowMs >= ends.get(flow.requestId)! ? challenge('access.session_expired') : PASS.verdict;
        return { verdict, explanation: null };
      },
    });
    const first = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections.length === 1, { what: 'the first request' });
    const second = rawClient(t, world.port, GET);
    await waitFor(() => upstream.connections.length === 2, { what: 'the second request' });
    assert.notEqual(requestIdOf(0), requestIdOf(1));
    const pass = (ms: number) => {
      nowMs = ms;
      world.pipeline.reevaluateEnded(nowMs);
    };
    pass(1_999);
    assert.equal(reviewed, 0);
    pass(2_000);
    assert.equal(reviewed, 2);
    await first.untilClosed();
    pass(2_999);
    assert.equal(reviewed, 2);
    pass(3_000);
    await second.untilClosed();
    assert.deepEqual(
      world.events.map(({ reason }) => reason),
      ['access.session_expired', 'access.session_expired'],
    );
    pass(1e15);
    assert.equal(reviewed, 3);
  });
});
