import assert from 'node:assert/strict';
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseNetwork } from '@zeronaut/model';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { createOutbound } from '../../outbound/outbound.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';
import { type LastLook, lookAtAll } from '../incidents/look.ts';
import { encryptPush, MAX_MESSAGE_BYTES } from './web-push.ts';

const PASSWORD = 'plum violin harbour seven';

/** A browser: its keys, and how it opens what its push service hands on (RFC 8291, from the other side). */
function newBrowser() {
  const ecdh = createECDH('prime256v1');
  const point = ecdh.generateKeys();
  const auth = randomBytes(16);
  return {
    keys: { p256dh: point.toString('base64url'), auth: auth.toString('base64url') },
    open(body: Buffer): Buffer {
      const [salt, length] = [body.subarray(0, 16), body[20]!];
      assert.equal(body.readUInt32BE(16), 4_096);
      const theirs = body.subarray(21, 21 + length);
      const hkdf = (ikm: Buffer, with_: Buffer, info: Buffer, bytes: number) =>
        Buffer.from(hkdfSync('sha256', ikm, with_, info, bytes));
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), point, theirs]);
      const ikm = hkdf(ecdh.computeSecret(theirs), auth, info, 32);
      const key = hkdf(ikm, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
      const nonce = hkdf(ikm, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
      const sealed = body.subarray(21 + length);
      const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: 16 });
      decipher.setAuthTag(sealed.subarray(-16));
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
      assert.equal(plain.at(-1), 2, 'the last record');
      return plain.subarray(0, -1);
    },
  };
}

interface Pushed {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** Takes messages as RFC 8030 says, of whoever shows the key that the subscription was made with. */
async function startPushService(t: TestContext): Promise<{ url: string; taken: Pushed[]; status: { code: number } }> {
  const taken: Pushed[] = [];
  const status = { code: 201 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      taken.push({
        path: request.url!,
        headers: request.headers as Pushed['headers'],
        body: Buffer.concat(chunks),
      });
      response.writeHead(status.code).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken, status };
}

/** RFC 8292, 4: the token is signed by the key that comes along, for this service, and not for long. */
function checkVapid(authorization: string, publicKey: string, audience: string, nowMs: number): void {
  const [, token, key] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(authorization)!;
  assert.equal(key, publicKey);
  const [header, claims, signature] = token!.split('.') as [string, string, string];
  const point = Buffer.from(key!, 'base64url');
  const coordinate = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
  const by = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' as const };
  assert.ok(verify('sha256', Buffer.from(`${header}.${claims}`), by, Buffer.from(signature, 'base64url')));
  const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string; exp: number };
  assert.equal(aud, audience);
  assert.ok(exp * 1000 > nowMs && exp * 1000 <= nowMs + 86_400_000);
}

eachDatabase('browsers are told of alarms, encrypted, until their session ends', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const service = await startPushService(t);
  const ours = await fixture.organization();
  const sync = await fixture.startSync();
  const enrolled = await ours.enrolGateway({ name: 'edge-one' });
  const lastLook: LastLook = new Map();
  const look = async () => {
    clock.nowMs += 20_000;
    await lookAtAll(context, lastLook, () => false);
  };
  const { user, key } = await ours.user('operator', { password: PASSWORD });
  const signIn = async () => {
    const body = { email: user.email, password: PASSWORD };
    return (await ours.call('POST', '/api/v1/sessions', body, { key: null })).json().session.token as string;
  };
  const token = await signIn();
  const path = '/api/v1/me/push-subscriptions';
  const browser = newBrowser();
  const body = { endpoint: `${service.url}/push/secret-address`, keys: browser.keys };
  const reason = (answer: { json(): { reason: string } }) => answer.json().reason;
  assert.equal(reason(await ours.call('POST', path, body, { key })), 'factor.session_needed');
  const wrong = { ...body, endpoint: 'https://user:password@push.example/' };
  assert.equal(reason(await ours.call('POST', path, wrong, { key: token })), 'api.invalid');
  const made = await ours.call('POST', path, body, { key: token });
  assert.equal(made.statusCode, 201, made.body);
  const again = await ours.call('POST', path, body, { key: token });
  const listed = (await ours.call('GET', path, undefined, { key: token })).json();
  assert.deepEqual(
    listed.items.map(({ id }: { id: string }) => id),
    [again.json().id],
    'one browser is one subscription',
  );
  assert.ok(!JSON.stringify(listed).includes('secret-address'));
  const stored = await context.store.db.selectFrom('push_subscriptions').selectAll().execute();
  assert.ok(!JSON.stringify(stored).includes('secret-address'));

  const { id } = again.json();
  const tested = await ours.call('POST', `${path}/${id}/test`, undefined, { key: token });
  assert.deepEqual(tested.json(), { delivered: true, error: null });
  const other = await ours.user('operator');
  const theirs = await ours.call('DELETE', `${path}/${id}`, undefined, { key: other.key });
  assert.equal(reason(theirs), 'api.not_found', 'of another person');
  const message = () => {
    const { headers, body: sealed, path: at } = service.taken.at(-1)!;
    assert.equal(at, '/push/secret-address');
    assert.equal(headers['content-encoding'], 'aes128gcm');
    assert.ok(Number(headers.ttl) > 0);
    checkVapid(headers.authorization!, listed.publicKey, service.url, clock.nowMs);
    return JSON.parse(browser.open(sealed).toString()) as { title: string; lines: string[] };
  };
  assert.match(message().title, /test message/);

  service.status.code = 503;
  await look();
  assert.equal(service.taken.length, 1, 'what is there for a moment is no news');
  await look();
  assert.equal(service.taken.length, 2);
  service.status.code = 201;
  await look();
  assert.equal(service.taken.length, 2, 'not at once again');
  clock.nowMs += 60_000;
  await look();
  assert.match(message().lines.join('\n'), /edge-one/);
  const count = service.taken.length;
  await look();
  assert.equal(service.taken.length, count, 'told once');
  const gateway = await connectSync(sync.port, enrolled);
  gateway.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion: 0 });
  const { version } = JSON.parse((await gateway.next('snapshot')).snapshot.payload);
  gateway.send({ type: 'applied', version });
  await waitFor(() => context.connectedGateways().size === 1, { what: 'the gateway is connected' });
  await look();
  assert.match(message().lines.join('\n'), /ok Not connected: edge-one/);
  gateway.socket.destroy();
  await waitFor(() => context.connectedGateways().size === 0, { what: 'the gateway is away' });

  // Whoever may no longer read events hears nothing; a session that ended takes the subscription along.
  await ours.call('DELETE', '/api/v1/sessions/current', undefined, { key: token });
  await look();
  assert.deepEqual(await context.store.db.selectFrom('push_subscriptions').selectAll().execute(), []);

  // So does a push service that says that the browser is gone.
  const next = await signIn();
  await ours.call('POST', path, body, { key: next });
  service.status.code = 410;
  await look();
  await look();
  assert.equal((await ours.call('GET', path, undefined, { key: next })).json().items.length, 0);
  assert.ok(service.taken.length > count + 1);
});

eachDatabase('each person is told what they may see or decide, in their language', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const service = await startPushService(t);
  const ours = await fixture.organization();
  await ours.enrolGateway({ name: 'edge-one' });
  const lastLook: LastLook = new Map();
  const look = async () => {
    clock.nowMs += 70_000;
    await lookAtAll(context, lastLook, () => false);
  };
  const post = async (url: string, body: object, key = ours.key) => {
    const answer = await ours.call('POST', url, body, { key });
    assert.ok(answer.statusCode < 300, answer.body);
    return answer.json();
  };
  const browsers = new Map<string, ReturnType<typeof newBrowser>>();
  async function subscribe(name: string, role: 'member' | 'operator' | 'admin', more: object): Promise<string> {
    const { user } = await ours.user(role, { email: `${name}@example.com`, password: PASSWORD });
    const { session } = await post('/api/v1/sessions', { email: user.email, password: PASSWORD });
    const browser = newBrowser();
    browsers.set(`/${name}`, browser);
    const body = { endpoint: `${service.url}/${name}`, keys: browser.keys, ...more };
    await post('/api/v1/me/push-subscriptions', body, session.token);
    return user.id;
  }
  /** What each was told since it was asked last. */
  const told = () => {
    const messages = service.taken.splice(0).map(({ path, body }) => {
      const { title, lines } = JSON.parse(browsers.get(path)!.open(body).toString());
      return `${path} ${[title, ...lines].join(' / ')}`;
    });
    return messages.sort();
  };
  await subscribe('boss', 'member', { language: 'de' });
  await subscribe('operator', 'operator', {});
  const admin = await subscribe('admin', 'admin', { kinds: ['access_request_waiting', 'gateway_offline'] });
  const asker = await ours.user('member', { email: 'asker@example.com' });
  await post('/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
  const rule = { approvers: ['boss@example.com'], needed: 1, maxMinutes: 60 };
  assert.equal((await ours.call('PUT', '/api/v1/approval-rules/wiki', rule)).statusCode, 200);
  // Somebody whose risk is high administers nothing, and hears of nothing that takes it.
  const text = 'forbid (principal, action == Action::"administer", resource) when { context.risk > 70 };';
  await post('/api/v1/policies', { name: 'risky', text });
  const risk = { score: 80, reason: 'stolen' };
  assert.equal((await ours.call('PUT', `/api/v1/risks/${admin}`, risk)).statusCode, 200);
  await look();
  const request = await post('/api/v1/access-requests', { object: 'wiki', reason: 'x', minutes: 30 }, asker.key);
  await look();
  await look();
  const away = 'Zeronaut: new alarms: 1 / ! Not connected: edge-one - it never connected';
  assert.deepEqual(told(), [
    '/boss Zeronaut: wartet auf Entscheidung: 1 / ? Zugriff erbeten: wiki - asker@example.com bittet um 30 Minuten',
    `/operator ${away}`,
  ]);

  assert.equal((await ours.call('PUT', `/api/v1/risks/${admin}`, { ...risk, score: 0 })).statusCode, 200);
  await post(`/api/v1/access-requests/${request.id}/end`, {}, asker.key);
  await look();
  assert.deepEqual(told(), [`/admin ${away}`, '/boss Zeronaut: entschieden: 1 / ok Zugriff erbeten: wiki']);
  await look();
  assert.deepEqual(told(), []);
});

eachDatabase('a subscription leads the console nowhere that it must not go', async (t, database) => {
  const service = await startPushService(t);
  const allowed = parseNetwork('192.0.2.0/24')!;
  const fixture = await startFixture(t, database, { outbound: createOutbound({ allow: [allowed] }) });
  const ours = await fixture.organization();
  const { user } = await ours.user('operator', { password: PASSWORD });
  const session = await ours.call('POST', '/api/v1/sessions', { email: user.email, password: PASSWORD }, { key: null });
  const { token: key } = session.json().session;
  const path = '/api/v1/me/push-subscriptions';
  for (const endpoint of [`${service.url}/`, 'https://169.254.169.254/latest', 'https://[::1]/']) {
    const made = await ours.call('POST', path, { endpoint, keys: newBrowser().keys }, { key });
    const tested = await ours.call('POST', `${path}/${made.json().id}/test`, undefined, { key });
    assert.deepEqual(tested.json(), { delivered: false, error: 'outbound.address_denied' }, endpoint);
  }
  const [{ id }] = (await ours.call('GET', path, undefined, { key })).json().items;
  const flood = [];
  for (let count = 0; count < 20; count++)
    flood.push(await ours.call('POST', `${path}/${id}/test`, undefined, { key }));
  assert.equal(flood.filter(({ statusCode }) => statusCode === 200).length, 17, 'twenty at once');
  assert.equal(flood.at(-1)!.json().reason, 'api.rate_limited');
  const settings = { kind: 'webhook', url: 'https://hook.invalid/' };
  const made = await ours.call('POST', '/api/v1/notifications', { name: 'hook', settings });
  const theirs = await ours.call('POST', `/api/v1/notifications/${made.json().id}/test`);
  assert.equal(theirs.statusCode, 200, 'what a person uses up is not what the organization has');
  assert.equal(service.taken.length, 0);
});

test('the longest message fits into one record, and a key off the curve is none', () => {
  const browser = newBrowser();
  const longest = Buffer.alloc(MAX_MESSAGE_BYTES, 'x');
  const sealed = encryptPush(longest, browser.keys)!;
  assert.ok(sealed.length <= 4_096);
  assert.deepEqual(browser.open(sealed), longest);
  const off = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)]).toString('base64url');
  assert.equal(encryptPush(longest, { ...browser.keys, p256dh: off }), null);
});
