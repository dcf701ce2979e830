import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { problem } from '@zeronaut/model';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { startFixture } from '../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';

async function world(t: TestContext) {
  const file = `${temporaryDirectory(t)}/z.db`;
  const fixture = await startFixture(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
  return { fixture, organization: await fixture.organization() };
}

test('every refusal is a problem document with the request id', async (t) => {
  const { organization, fixture } = await world(t);
  const json = { 'content-type': 'application/json' };
  const inject = (method: string, url: string, more: object = {}) =>
    fixture.api.inject({
      method: method as 'GET',
      url,
      headers: { host: 'localhost', authorization: `Bearer ${organization.key}`, ...json },
      ...more,
    });
  const answers = {
    'not found': [await inject('GET', '/api/v1/nothing'), 404, 'api.not_found'],
    'not allowed': [await inject('PUT', '/api/v1/users'), 405, 'api.not_found'],
    'not allowed with a parameter': [await inject('POST', '/api/v1/users/usr_1'), 405, 'api.not_found'],
    'no JSON': [await inject('POST', '/api/v1/users', { payload: '{"a":' }), 400, 'api.invalid'],
    'null for an object': [await inject('POST', '/api/v1/users', { payload: 'null' }), 400, 'api.invalid'],
    'a prototype': [
      await inject('POST', '/api/v1/users', { payload: '{"__proto__":{"role":"owner"}}' }),
      400,
      'api.invalid',
    ],
    'too large': [
      await inject('POST', '/api/v1/users', { payload: `"${'x'.repeat(1024 * 1024)}"` }),
      413,
      'api.too_large',
    ],
    'another media type': [
      await inject('POST', '/api/v1/users', {
        payload: 'x',
        headers: { host: 'localhost', authorization: `Bearer ${organization.key}`, 'content-type': 'text/plain' },
      }),
      415,
      'api.media_type',
    ],
    'a form where JSON is asked for': [
      await inject('POST', '/api/v1/users', {
        payload: 'a=b',
        headers: {
          host: 'localhost',
          authorization: `Bearer ${organization.key}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
      }),
      415,
      'api.media_type',
    ],
    'a URL that cannot be decoded': [await inject('GET', '/api/v1/users/%zz'), 400, 'api.invalid'],
    'an id that is none': [await inject('GET', '/api/v1/users/..%2f..%2fetc'), 400, 'api.invalid'],
  } as const;
  for (const [what, [answer, status, reason]] of Object.entries(answers)) {
    assert.equal(answer.statusCode, status, `${what}: ${answer.body}`);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/, what);
    const document = problem.parse(answer.json());
    assert.equal(document.reason, reason, what);
    assert.equal(document.status, status, what);
    assert.match(document.requestId, /^req_/, what);
  }
  assert.equal((await inject('PUT', '/api/v1/users')).headers.allow, 'GET, POST');
});

test('bytes that are no HTTP get a problem too, and the connection is closed', async (t) => {
  const { fixture } = await world(t);
  await fixture.api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = fixture.api.server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  socket.write('NONSENSE\r\n\r\n');
  const answer = await text(socket);
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
  assert.equal(problem.parse(JSON.parse(answer.split('\r\n\r\n')[1]!)).reason, 'http.malformed');
});

test('on loopback only names are answered that nobody else can own', async (t) => {
  const { fixture } = await world(t);
  const ask = async (host: string) =>
    (await fixture.api.inject({ url: '/api/v1/health', headers: { host } })).statusCode;
  for (const host of ['localhost', 'localhost:8080', '127.0.0.1:1', '[::1]:8080', 'LOCALHOST']) {
    assert.equal(await ask(host), 200, host);
  }
  for (const host of ['attacker.example', '127.0.0.1.attacker.example', 'localhost.attacker.example:8080']) {
    assert.equal(await ask(host), 403, host);
  }
});

test('a cookie writes from our own origin only; a bearer token needs none', async (t) => {
  const { fixture, organization } = await world(t);
  await organization.user('admin', { email: 'ann@example.com', password: PASSWORD });
  const host = { host: 'localhost:8080' };
  const signIn = await fixture.api.inject({
    method: 'POST',
    url: '/sign-in',
    headers: { ...host, origin: 'http://localhost:8080', 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ email: 'ann@example.com', password: PASSWORD, next: '//evil.example/' }).toString(),
  });
  assert.equal(signIn.statusCode, 303, signIn.body);
  assert.equal(signIn.headers.location, '/');
  const [cookie] = signIn.cookies as {
    name: string;
    value: string;
    httpOnly?: boolean;
    sameSite?: string;
    path?: string;
  }[];
  assert.deepEqual([cookie!.httpOnly, cookie!.sameSite, cookie!.path], [true, 'Strict', '/']);
  const write = async (headers: Record<string, string>) =>
    (
      await fixture.api.inject({
        method: 'POST',
        url: '/api/v1/gateways/enrolments',
        headers: { ...host, cookie: `${cookie!.name}=${cookie!.value}`, ...headers },
      })
    ).statusCode;
  const own = { 'x-zeronaut-page': '1' };
  assert.equal(await write({ ...own, origin: 'http://localhost:8080' }), 201);
  assert.equal(await write({ ...own, 'sec-fetch-site': 'same-origin' }), 201);
  assert.equal(
    await write({ 'sec-fetch-site': 'same-origin' }),
    403,
    'a form of another of our pages is none of the API',
  );
  for (const headers of [
    {},
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:8080' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
  ] as Record<string, string>[]) {
    assert.equal(await write({ ...own, ...headers }), 403, JSON.stringify(headers));
  }
  const read = await fixture.api.inject({
    url: '/api/v1/me',
    headers: { ...host, cookie: `${cookie!.name}=${cookie!.value}` },
  });
  assert.equal(read.json().credential, 'session');
});

eachDatabase('an idempotency key gives the same answer once, also to two at once', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const headers = { 'idempotency-key': 'create-1' };
  const body = { name: 'app', targets: [{ address: '10.0.0.1:80' }] };
  const create = (more: object = {}) =>
    organization.call('POST', '/api/v1/resources', { ...body, ...more }, { headers });
  const both = await Promise.all([create(), create()]);
  assert.deepEqual(
    both.map(({ statusCode }) => statusCode),
    [201, 201],
    both.map(({ body }) => body).join('\n'),
  );
  assert.equal(both[0]!.json().id, both[1]!.json().id);
  const again = await create();
  assert.equal(again.json().id, both[0]!.json().id);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  const other = await create({ name: 'other' });
  assert.equal(other.json().reason, 'api.idempotency_mismatch');
  const list = await organization.call('GET', '/api/v1/resources');
  assert.equal(list.json().items.length, 1);
  assert.equal((await organization.call('POST', '/api/v1/resources', body)).json().reason, 'api.name_taken');
  fixture.clock.nowMs += 25 * 3_600_000;
  assert.equal((await create({ name: 'other' })).statusCode, 201, 'a day later the key is free again');
});

test('routes without credentials are limited by address', async (t) => {
  const { organization } = await world(t);
  const enrol = () =>
    organization.call('POST', '/api/v1/oauth/device_authorization', { client_id: 'zeronaut-cli' }, { key: null });
  let answer = await enrol();
  for (let i = 0; i < 60; i++) answer = await enrol();
  assert.equal(answer.statusCode, 400);
  assert.equal(answer.json().error, 'slow_down');
  assert.ok(Number(answer.headers['retry-after']) >= 1);
  assert.equal((await organization.call('GET', '/api/v1/health', undefined, { key: null })).statusCode, 200);
});

test('the OpenAPI document has every route with its permission, and refers to nothing outside', async (t) => {
  const { fixture } = await world(t);
  const answer = await fixture.api.inject({ url: '/api/v1/openapi.json', headers: { host: 'localhost' } });
  const document = answer.json();
  assert.equal(document.openapi, '3.1.0');
  const operations = Object.values(document.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
    (path) => Object.values(path),
  );
  const { routes } = await import('@zeronaut/model');
  assert.deepEqual(operations.map(({ operationId }) => operationId).sort(), Object.keys(routes).sort());
  const update = document.paths['/api/v1/users/{id}'].patch;
  assert.equal(update['x-permission'], 'users:write');
  assert.deepEqual(
    update.parameters.map((one: { name: string; required: boolean }) => [one.name, one.required]),
    [
      ['id', true],
      ['If-Match', true],
    ],
  );
  const refs = [...answer.body.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]);
  assert.ok(
    refs.every((ref) => ref === '#/components/schemas/Problem'),
    [...new Set(refs)].join(),
  );
});

test('credentials that were revoked, have expired or belong to a disabled user open nothing', async (t) => {
  const { fixture, organization } = await world(t);
  const made = await organization.call('POST', '/api/v1/api-keys', {
    name: 'short',
    role: 'member',
    expiresInSeconds: 60,
  });
  const { key } = made.json();
  const status = async (credential: string) =>
    (await organization.call('GET', '/api/v1/me', undefined, { key: credential })).json();
  assert.equal((await status(key)).role, 'member');
  fixture.clock.nowMs += 61_000;
  assert.equal((await status(key)).reason, 'api.token_expired');

  await organization.user('auditor', { email: 'bob@example.com', password: PASSWORD });
  const signedIn = (
    await organization.call('POST', '/api/v1/sessions', { email: 'bob@example.com', password: PASSWORD }, { key: null })
  ).json();
  const { token } = signedIn.session;
  assert.equal((await status(token)).role, 'auditor');
  const change = (body: object, version: number) =>
    organization.call('PATCH', `/api/v1/users/${signedIn.user.id}`, body, { headers: { 'if-match': `"${version}"` } });
  await change({ status: 'disabled' }, 1);
  assert.equal((await status(token)).reason, 'access.session_revoked');
  await change({ status: 'active' }, 2);
  assert.equal((await status(token)).reason, 'access.session_revoked', 'what was ended stays ended');
});
