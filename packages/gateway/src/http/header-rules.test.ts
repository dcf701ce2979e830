import { strict as assert } from 'node:assert';
import { describe, it } from 'node:test';
import { deny, type SnapshotHeaderRules } from '@zeronaut/model';
import { recordingUpstream, testResource, testTarget, waitFor } from '@zeronaut/testkit';
import { FieldChanges } from './header-rules.ts';
import { GET, HOST, httpWorld, OK, PASS, rawClient } from './testdata/http-world.ts';

const RULES: SnapshotHeaderRules = {
  host: 'inside.example:8080',
  request: [
    { action: 'set', name: 'X-Env', value: 'prod' },
    { action: 'set', name: 'Authorization', value: 'Bearer backend' },
    { action: 'add', name: 'Accept', value: 'text/x' },
    { action: 'remove', name: 'X-Internal' },
    { action: 'remove', name: 'Cookie' },
  ],
  response: [
    { action: 'set', name: 'Strict-Transport-Security', value: 'max-age=1' },
    { action: 'add', name: 'Content-Security-Policy', value: "frame-ancestors 'self'" },
    { action: 'remove', name: 'Server' },
  ],
};

const ruled = (address: string, headers: SnapshotHeaderRules = RULES) =>
  testResource('org_1', {
    ...{ protocol: 'http', hosts: ['ruled.test'], headers },
    targets: [testTarget(address, { protocol: 'http' })],
  });

const ask = (method: string, fields: string, body = '') =>
  `${method} /x HTTP/1.1\r\nHost: ruled.test\r\n${fields}\r\n${body}`;

describe('header rules', () => {
  it('take names away in any case and spelling, and leave every other line as it came', () => {
    const changes = new FieldChanges([
      { action: 'remove', name: 'X-Gone' },
      { action: 'set', name: 'X-Set', value: 'now' },
      { action: 'add', name: 'X-Added', value: 'too' },
    ]);
    const cases: [string, string][] = [
      ['', ''],
      ['A: b\r\nX-Gon: y\r\nX-Goner: z\r\n', 'A: b\r\nX-Gon: y\r\nX-Goner: z\r\n'],
      ['x-GONE: a\r\nA: X-Gone: c\r\nX_Gone: d\r\nX.Set:e\r\nB:f\r\n', 'A: X-Gone: c\r\nB:f\r\n'],
      ['X-Gone:\r\n', ''],
      ['X-Added: a\r\nX-Gone: 1\r\nX-Gone: 2\r\nX-Added: b\r\n', 'X-Added: a\r\nX-Added: b\r\n'],
    ];
    for (const [lines, kept] of cases) assert.equal(changes.without(lines), kept);
    assert.equal(changes.lines, 'X-Set: now\r\nX-Added: too\r\n');
  });

  it('reach the service and the visitor, and nothing of what the visitor sent under their names does', async (t) => {
    const answer =
      'HTTP/1.1 103 Early Hints\r\nServer: x\r\nLink: </a>\r\n\r\n' +
      'HTTP/1.1 200 OK\r\nServer: x\r\nstrict-transport-security: max-age=0\r\nContent-Length: 2\r\n\r\nok';
    const upstream = await recordingUpstream(t, (socket) => socket.write(answer));
    const world = await httpWorld(t, { resources: [ruled(upstream.address)] });
    const sent = ask(
      'POST',
      'X_Env: evil\r\nx-internal: evil\r\nAuthorization: evil\r\nCookie: evil=1\r\nAccept: a/b\r\n' +
        'Connection: X-Env, Authorization\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\nTrailer: X-Internal\r\n',
      '1\r\na\r\n0\r\nX-Internal: evil\r\nX-Fine: 1\r\n\r\n',
    );
    const client = rawClient(t, world.port, sent);
    const text = await client.until((got) => got.endsWith('\r\n\r\nok'), 'the answer');
    await waitFor(() => upstream.connections[0]!.received().toString().includes('X-Fine: 1\r\n\r\n'), {
      what: 'the body',
    });
    const seen = upstream.connections[0]!.received().toString();
    const head = seen.slice(0, seen.indexOf('\r\n\r\n'));
    assert.ok(!seen.includes('evil'), seen);
    assert.match(head, /^POST \/x HTTP\/1\.1\r\nHost: inside\.example:8080\r\n/);
    for (const line of ['X-Env: prod', 'Authorization: Bearer backend', 'Accept: a/b', 'Accept: text/x']) {
      assert.equal(head.split('\r\n').filter((one) => one === line).length, 1, head);
    }
    assert.match(head, /X-Forwarded-Host: ruled\.test\r\n/, 'who was asked for is still told');
    assert.match(text, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.ok(!text.includes('Server:') && !text.includes('max-age=0'), text);
    assert.match(
      text,
      /\r\nStrict-Transport-Security: max-age=1\r\nContent-Security-Policy: frame-ancestors 'self'\r\n/,
    );
  });

  for (const [method, status] of [
    ['HEAD', '200 OK'],
    ['GET', '204 No Content'],
    ['GET', '304 Not Modified'],
  ] as const) {
    it(`are in answers without a body: ${method} ${status}`, async (t) => {
      const upstream = await recordingUpstream(t, (socket) => socket.write(`HTTP/1.1 ${status}\r\nServer: x\r\n\r\n`));
      const world = await httpWorld(t, { resources: [ruled(upstream.address)] });
      const client = rawClient(t, world.port, ask(method, '') + ask(method, 'Connection: close\r\n'));
      const text = await client.untilClosed();
      assert.equal(text.match(/Strict-Transport-Security: max-age=1\r\n/g)?.length, 2, text);
      assert.ok(!text.includes('Server:'), text);
    });
  }

  it('are on the way of an upgrade, too', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => {
      socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nServer: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhi',
      );
    });
    const world = await httpWorld(t, { resources: [ruled(upstream.address)] });
    const client = rawClient(t, world.port, ask('GET', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
    const text = await client.until((got) => got.endsWith('hi'), 'the first bytes');
    assert.match(text, /^HTTP\/1\.1 101 /);
    assert.match(text, /Strict-Transport-Security: max-age=1\r\n/);
    assert.ok(!text.includes('Server:'), text);
    assert.match(upstream.connections[0]!.received().toString(), /\r\nX-Env: prod\r\n/);
  });

  it('leave our own answers alone', async (t) => {
    const world = await httpWorld(t, {
      resources: [ruled('127.0.0.1:1')],
      access: { decide: () => ({ ...PASS, verdict: deny('access.no_rule') }) },
    });
    const own = await rawClient(t, world.port, ask('GET', 'Connection: close\r\n')).untilClosed();
    assert.match(own, /^HTTP\/1\.1 403 /);
    assert.ok(!own.includes('Strict-Transport'), own);
  });

  it('count from the next request on when they change, and others pay nothing', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const resource = ruled(upstream.address);
    const world = await httpWorld(t, { resources: [resource], targets: [upstream.address] });
    const client = rawClient(t, world.port, ask('GET', ''));
    await client.until((text) => text.includes('max-age=1'), 'the first answer');
    const response = [{ action: 'set', name: 'X-New', value: '1' } as const];
    world.change({
      resources: [{ ...resource, headers: { request: [], response } }, ...world.snapshot.resources.slice(1)],
    });
    client.socket.write(ask('GET', ''));
    const text = await client.until((got) => got.includes('X-New: 1'), 'the second answer');
    assert.equal(text.match(/max-age=1/g)?.length, 1);
    const plain = rawClient(t, world.port, GET);
    assert.ok(!(await plain.until((got) => got.endsWith('ok'), 'an answer')).includes('X-New'), HOST);
  });

  it('go with health checks: a service that wants a key is asked with it', async (t) => {
    const upstream = await recordingUpstream(t, (socket) => socket.write(OK));
    const check = {
      ...{ path: '/up', intervalMs: 100, timeoutMs: 1_000, healthyAfter: 1, unhealthyAfter: 1 },
      expectStatus: { from: 200, to: 299 },
    };
    const resource = ruled(upstream.address);
    await httpWorld(t, { resources: [{ ...resource, targets: [{ ...resource.targets[0]!, healthCheck: check }] }] });
    await waitFor(() => upstream.connections.length > 0 && upstream.connections[0]!.received().includes('\r\n\r\n'), {
      what: 'a health check',
    });
    const seen = upstream.connections[0]!.received().toString();
    assert.match(seen, /^GET \/up HTTP\/1\.1\r\nHost: inside\.example:8080\r\n/);
    assert.match(seen, /\r\nAuthorization: Bearer backend\r\n/);
  });
});
