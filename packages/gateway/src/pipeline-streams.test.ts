import { strict as assert } from 'node:assert';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { deny } from '@zeronaut/model';
import { recordingUpstream, waitFor } from '@zeronaut/testkit';
import { WebSocket, WebSocketServer } from 'ws';
import { bodyOf, GET, HOST, httpWorld, OK, PASS, rawClient, service, statuses } from './http/testdata/http-world.ts';

describe('bodies', () => {
  it('stream both ways without a cap, unchanged', async (t) => {
    const size = 24 * 1024 * 1024;
    const { address } = await service(t, (request, response) => {
      response.writeHead(200, request.headers['x-framing'] === 'length' ? { 'content-length': size } : {});
      request.pipe(response);
    });
    const world = await httpWorld(t, { targets: [address] });
    const data = randomBytes(size);
    for (const framing of ['length', 'chunked']) {
      const response = await fetch(`http://127.0.0.1:${world.port}/`, {
        method: 'POST',
        headers: { 'x-framing': framing },
        body: framing === 'length' ? data : new Blob([data]).stream(),
        duplex: 'half',
      } as RequestInit);
      const echoed = Buffer.from(await response.arrayBuffer());
      assert.equal(sha256(echoed), sha256(data), framing);
    }
    await waitFor(() => world.events.length === 2, { what: 'both records' });
    for (const event of world.events) assert.deepEqual([event.bytesIn, event.bytesOut], [size, size]);
  });

  it('a slow reader stops the service, not the gateway’s memory', async (t) => {
    let sent = 0;
    const { address } = await service(t, (_request, response) => {
      response.writeHead(200);
      const block = Buffer.alloc(256 * 1024);
      const more = () => {
        while (sent < 512 * 1024 * 1024) {
          sent += block.length;
          if (!response.write(block)) return;
        }
      };
      response.on('drain', more);
      more();
    });
    const world = await httpWorld(t, { targets: [address] });
    const client = rawClient(t, world.port, GET);
    await client.until((text) => text.length > 0, 'the first bytes');
    client.socket.pause();
    let before = -1;
    await waitFor(
      async () => {
        const settled = sent === before;
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 60));
        return settled && sent === before;
      },
      { what: 'the service is stopped' },
    );
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken from the service`);
    client.socket.destroy();
    await waitFor(() => world.events.length === 1, { what: 'the record' });
    assert.equal(world.events[0]!.status, 200);
  });

  it('a slow service stops the caller', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.pause());
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 268435456\r\n\r\n`);
    client.socket.write(Buffer.alloc(128 * 1024 * 1024));
    let before = -1;
    await waitFor(
      async () => {
        const now = client.socket.writableLength;
        const settled = now === before;
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 60));
        return settled && upstream.connections.length === 1;
      },
      { what: 'the caller is stopped' },
    );
    assert.ok(before > 64 * 1024 * 1024, String(before));
  });

  it('chunks are framed anew, extensions are dropped, trailers pass except forbidden ones, both ways', async (t) => {
    const upstream = await recordingUpstream(t, (socket, chunk) => {
      if (chunk.includes('\r\n0\r\n')) {
        socket.write(
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n',
        );
      }
    });
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(
      t,
      world.port,
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: Chunked\r\nTrailer: X-T\r\n\r\n1;a\r\nx\r\n2\r\nyz\r\n0\r\nX-T: 1\r\nHost: evil\r\nX-Zeronaut-User: root\r\n\r\n`,
    );
    const text = await client.until((got) => got.includes('X-Sum: 1\r\n\r\n'), 'the answer');
    assert.ok(text.endsWith('\r\n\r\n5\r\nabcde\r\n0\r\nX-Sum: 1\r\n\r\n'), text);
    assert.match(text, /\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n/);
    const received = upstream.connections[0]!.received().toString();
    assert.ok(received.endsWith('\r\n\r\n3\r\nxyz\r\n0\r\nX-T: 1\r\n\r\n'), received);
  });

  it('server-sent events arrive one by one, as they are written', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, GET);
    const connection = await waitFor(() => upstream.connections[0], { what: 'the request' });
    connection.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.until((text) => text.includes('event-stream'), 'the head before the first event');
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      connection.socket.write(`${event.length}\r\n${event}\r\n`);
      await client.until((text) => text.includes(event), event);
    }
  });

  it('an answer that ends with the connection becomes chunks, or ends the connection of an HTTP/1.0 caller', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => {
      socket.write('HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nhello');
      socket.end();
    });
    const world = await httpWorld(t, { targets: [upstream.address] });
    const modern = rawClient(t, world.port, GET);
    const text = await modern.until((got) => got.endsWith('0\r\n\r\n'), 'the last chunk');
    assert.match(
      text,
      /^HTTP\/1\.1 200 OK\r\nX-A: b\r\n[\s\S]*Transfer-Encoding: chunked\r\n[\s\S]*\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/,
    );
    const old = rawClient(t, world.port, `GET / HTTP/1.0\r\nHost: ${HOST}\r\nConnection: keep-alive\r\n\r\n`);
    assert.match(await old.untilClosed(), /\r\nConnection: close\r\n[\s\S]*\r\n\r\nhello$/);
  });

  it('a service that dies in the middle of its answer breaks the caller’s connection', async (t) => {
    for (const head of ['Content-Length: 100\r\n', 'Transfer-Encoding: chunked\r\n']) {
      const upstream = await recordingUpstream(t, (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n5\r\nhello\r\n`, () => socket.destroy());
      });
      const world = await httpWorld(t, { targets: [upstream.address] });
      const client = rawClient(t, world.port, GET);
      const text = await client.untilClosed();
      assert.doesNotMatch(text, /\r\n0\r\n\r\n$/);
      assert.deepEqual(
        world.events.map(({ status }) => status),
        [200],
      );
    }
  });

  it('an early answer is passed on and the rest of the body is not mistaken for a request', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => {
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno');
    });
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 1000000\r\n\r\n`);
    await client.until((text) => text.endsWith('no'), 'the answer');
    client.socket.write(GET);
    const text = await client.untilClosed();
    assert.deepEqual(statuses(text), [413]);
    assert.equal(world.events.length, 1);
  });

  it('a caller that leaves in the middle of a body takes the upstream request with it', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(t, world.port, `POST / HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 10\r\n\r\nhello`);
    await waitFor(() => upstream.connections[0]?.received().includes('hello'), { what: 'half the body' });
    client.socket.destroy();
    await waitFor(() => upstream.connections[0]!.closed, { what: 'the upstream connection closes' });
    assert.deepEqual(
      world.events.map(({ status, effect }) => [status, effect]),
      [[499, 'pass']],
    );
  });
});

describe('interim answers', () => {
  it('100-continue: we answer it once access has passed and the target is connected; Expect goes no further', async (t) => {
    const { address } = await service(t, async (request, response) => {
      assert.equal(request.headers.expect, undefined);
      response.end(await bodyOf(request));
    });
    const world = await httpWorld(t, { targets: [address] });
    const client = rawClient(
      t,
      world.port,
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n', '100');
    client.socket.write('hello');
    await client.until((text) => text.includes('hello'), 'the echo');
  });

  it('100-continue: a refusal comes instead, and the connection ends because nobody knows whether a body follows', async (t) => {
    const world = await httpWorld(t, { access: { decide: () => ({ ...PASS, verdict: deny('access.no_rule') }) } });
    const client = rawClient(
      t,
      world.port,
      `POST / HTTP/1.1\r\nHost: ${HOST}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    );
    const text = await client.untilClosed();
    assert.deepEqual(statuses(text), [403]);
    assert.match(text, /Connection: close/);
  });

  it('103 is passed on, 100 is not, and HTTP/1.0 gets neither', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => {
      socket.write(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${OK}`);
    });
    const world = await httpWorld(t, { targets: [upstream.address] });
    const modern = rawClient(t, world.port, GET);
    const text = await modern.until((got) => got.endsWith('ok'), 'the answer');
    assert.deepEqual(statuses(text), [103, 200]);
    assert.ok(text.startsWith('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'), text);
    const old = rawClient(t, world.port, `GET / HTTP/1.0\r\nHost: ${HOST}\r\n\r\n`);
    assert.deepEqual(statuses(await old.untilClosed()), [200]);
  });
});

describe('upgrades', () => {
  it('a WebSocket echoes text and binary, and closes in order', async (t) => {
    const { server, address } = await service(t, (_request, response) => response.end('plain'));
    const sockets = new WebSocketServer({ server });
    sockets.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })));
    t.after(() => sockets.close());
    const world = await httpWorld(t, { targets: [address] });
    const client = new WebSocket(`ws://127.0.0.1:${world.port}/socket`);
    t.after(() => client.terminate());
    await once(client, 'open');
    for (const message of ['hello', randomBytes(300_000)]) {
      client.send(message);
      const [echo] = (await once(client, 'message')) as [Buffer];
      assert.equal(sha256(echo), sha256(Buffer.from(message)));
    }
    client.close(1000, 'bye');
    const [code] = await once(client, 'close');
    assert.equal(code, 1000);
    await waitFor(() => world.events.length === 1, { what: 'the record' });
    const [event] = world.events;
    assert.equal(event!.status, 101);
    assert.ok(event!.bytesIn > 300_000 && event!.bytesOut > 300_000);
    await waitFor(() => world.pipeline.connections === 0, { what: 'the connection is gone' });
  });

  it('bytes that come before the 101 wait for it', async (t) => {
    const upstream = await recordingUpstream(t);
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(
      t,
      world.port,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: Echo\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n`,
    );
    const connection = await waitFor(() => upstream.connections[0], { what: 'the request' });
    await waitFor(() => connection.received().includes('\r\n\r\n'), { what: 'its head' });
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(connection.received().toString(), /\r\nConnection: Upgrade\r\nUpgrade: echo\r\n/);
    assert.doesNotMatch(connection.received().toString(), /smuggled/);
    connection.socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhi');
    await waitFor(() => connection.received().toString().endsWith('GET /smuggled HTTP/1.1\r\n\r\n'), {
      what: 'the early bytes',
    });
    const text = await client.until((got) => got.endsWith('\r\n\r\nhi'), 'the first bytes of the service');
    assert.match(text, /^HTTP\/1\.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-Request-Id: /);
    connection.socket.end('bye');
    await client.until((got) => got.endsWith('bye'), 'the last bytes');
  });

  it('a service that does not switch is a plain answer, and what came early is parsed as what it is', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const world = await httpWorld(t, { targets: [upstream.address] });
    const client = rawClient(
      t,
      world.port,
      `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n\x81\x05hello`,
    );
    assert.deepEqual(statuses(await client.untilClosed()), [200, 400]);
    assert.equal(upstream.connections[0]!.received().includes('hello'), false);
  });

  it('a 101 that nobody asked for, or to another protocol, is no answer', async (t) => {
    const upstream = await recordingUpstream(t, (socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n'),
    );
    const world = await httpWorld(t, { targets: [upstream.address] });
    for (const fields of ['', 'Connection: Upgrade\r\nUpgrade: echo\r\n']) {
      const client = rawClient(t, world.port, `GET / HTTP/1.1\r\nHost: ${HOST}\r\n${fields}\r\n`);
      await client.until((text) => statuses(text)[0] === 502, 'a 502');
    }
    assert.deepEqual(
      world.events.map(({ reason }) => reason),
      ['target.malformed_response', 'target.malformed_response'],
    );
  });
});

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
