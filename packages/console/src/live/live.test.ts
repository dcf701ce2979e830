import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { type TestContext, test } from 'node:test';
import { type AccessEvent, LIVE_CLOSE, type LiveChange, type LiveFromConsole, liveFromConsole } from '@zeronaut/model';
import { eachDatabase, type TestDatabase, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { type JWK, SignJWT } from 'jose';
import WebSocket from 'ws';
import { storeEvents } from '../domains/access-events/access-events.ts';
import { testEvent } from '../testing/access-event.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../testing/fixture.suite.ts';
import { connectSync } from '../testing/sync-client.suite.ts';

const PASSWORD = 'plum violin harbour seven';

function sqlite(t: TestContext): TestDatabase {
  const file = `${temporaryDirectory(t)}/zeronaut.db`;
  return { kind: 'sqlite', file, url: `sqlite:${file}` };
}

/** A page that watches: keeps what it is told. */
async function watch(
  t: TestContext,
  url: string,
  headers: Record<string, string>,
  subscribe: object = {},
): Promise<Watcher> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
  t.after(() => socket.terminate());
  const messages: LiveFromConsole[] = [];
  let code = 0;
  socket.on('message', (data) => messages.push(liveFromConsole.parse(JSON.parse(String(data)))));
  socket.on('close', (closedWith) => {
    code = closedWith;
  });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', ...subscribe }));
  await waitFor(() => messages.length > 0 || code !== 0, { what: 'the greeting' });
  const hello = messages[0];
  return {
    socket,
    messages,
    code: () => code,
    epoch: hello?.type === 'hello' ? hello.epoch : '',
    seq: () => messages.at(-1)!.seq,
    changes: () => messages.flatMap((message) => (message.type === 'changes' ? message.items : [])),
    events: () => messages.flatMap((message) => (message.type === 'events' ? message.items : [])),
    resyncs: () => messages.flatMap((message) => (message.type === 'resync' ? message.parts : [])),
  };
}

interface Watcher {
  readonly socket: WebSocket;
  readonly messages: LiveFromConsole[];
  readonly epoch: string;
  code(): number;
  seq(): number;
  changes(): LiveChange[];
  events(): AccessEvent[];
  resyncs(): string[];
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** What the handshake is answered with, when it is refused. */
async function refusalOf(url: string, headers: Record<string, string>): Promise<{ status: number; reason: string }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers });
  const [, response] = await once(socket, 'unexpected-response');
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, reason: JSON.parse(Buffer.concat(chunks).toString()).reason };
}

async function traffic(
  fixture: Fixture,
  organization: TestOrganization,
  gatewayId: string,
  seqs: readonly number[],
  parts: Partial<AccessEvent> = {},
): Promise<void> {
  const { context } = fixture;
  await context.store.transaction((queries) =>
    storeEvents(
      queries,
      context,
      organization.id,
      gatewayId,
      'epoch-0001',
      seqs.map((seq) => testEvent({ gatewayId, epoch: 'epoch-0001', seq, ...parts })),
    ),
  );
}

async function newResource(organization: TestOrganization, name: string): Promise<{ id: string; version: number }> {
  const answer = await organization.call('POST', '/api/v1/resources', { name, targets: [{ address: '10.0.0.1:80' }] });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

eachDatabase(
  'changes and traffic are told at once, to those of the organization who may read them',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const url = await fixture.listen();
    const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
    const member = await ours.user('member');
    const { gateway } = await ours.enrolGateway();
    const owner = await watch(t, url, bearer(ours.key), { events: {} });
    const deniedOnly = await watch(t, url, bearer(ours.key), { changes: ['sites'], events: { effect: 'deny' } });
    const poor = await watch(t, url, bearer(member.key));
    const foreign = await watch(t, url, bearer(theirs.key), { events: {} });

    const resource = await newResource(ours, 'wiki');
    const refused = await ours.call('POST', '/api/v1/resources', {
      name: 'wiki',
      targets: [{ address: '10.0.0.1:80' }],
    });
    assert.equal(refused.statusCode, 409);
    const created = await ours.user('auditor');
    await ours.call('PATCH', `/api/v1/users/${created.user.id}`, { name: 'Eve' }, { headers: { 'if-match': '"1"' } });
    await traffic(fixture, ours, gateway.id, [1, 2, 3]);
    // Sent again: told once.
    await traffic(fixture, ours, gateway.id, [2, 3, 4], { effect: 'deny', reason: 'access.not_allowed' });
    await waitFor(() => owner.events().length === 4, { what: 'four events' });
    assert.deepEqual(
      owner.events().map((event) => event.seq),
      [1, 2, 3, 4],
    );
    const [first, second] = owner.changes().filter(({ noun }) => noun !== 'audit-entries');
    assert.deepEqual(
      [first?.noun, first?.id, first?.version, first?.action, first?.mine],
      ['resources', resource.id, 1, 'resource.create', true],
    );
    assert.deepEqual([second?.noun, second?.id, second?.version], ['users', created.user.id, 2]);
    assert.equal(
      owner.changes().filter(({ noun }) => noun === 'audit-entries').length,
      2,
      'what was refused is not told',
    );

    await waitFor(() => deniedOnly.events().length > 0, { what: 'the refused one' });
    assert.deepEqual([deniedOnly.events().map(({ seq }) => seq), deniedOnly.changes()], [[4], []]);
    // A member reads resources, not users.
    await ours.call('PATCH', `/api/v1/users/${member.user.id}`, { name: 'Me' }, { headers: { 'if-match': '"1"' } });
    await waitFor(() => poor.changes().length === 2, { what: 'what the member may know' });
    assert.deepEqual(
      poor.changes().map(({ noun, id, mine }) => [noun, id, mine]),
      [
        ['resources', resource.id, false],
        ['users', member.user.id, false],
      ],
    );
    await newResource(theirs, 'theirs');
    await waitFor(() => foreign.changes().length > 0, { what: 'their own change' });
    assert.deepEqual(
      foreign.changes().map(({ noun }) => noun),
      ['resources', 'audit-entries'],
    );
    assert.equal(foreign.events().length, 0);
    assert.ok(!JSON.stringify(owner.messages).includes(theirs.id));

    const events = await watch(t, url, bearer(member.key), { events: {} });
    assert.equal(events.code(), LIVE_CLOSE.invalid, 'a member does not read events');
  },
);

test('who was away gets what came meanwhile, or is told to look again', async (t) => {
  const fixture = await startFixture(t, sqlite(t));
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const { gateway } = await ours.enrolGateway();
  const before = await watch(t, url, bearer(ours.key), { events: {} });
  await newResource(ours, 'one');
  await waitFor(() => before.changes().length === 2, { what: 'the first change' });
  const since = { epoch: before.epoch, seq: before.seq() };
  before.socket.terminate();

  const { id } = await newResource(ours, 'two');
  await traffic(fixture, ours, gateway.id, [1, 2]);
  const after = await watch(t, url, bearer(ours.key), { events: {}, since });
  await waitFor(() => after.events().length === 2, { what: 'what was missed' });
  assert.deepEqual(after.changes().map((change) => change.id)[0], id);
  assert.deepEqual([after.changes().length, after.resyncs()], [2, []]);
  assert.ok(after.seq() > since.seq);

  // So many events that the first ones are gone, but the changes are not.
  for (let from = 3; from < 6_000; from += 1_000) {
    await traffic(
      fixture,
      ours,
      gateway.id,
      Array.from({ length: 1_000 }, (_, index) => from + index),
    );
  }
  const late = await watch(t, url, bearer(ours.key), { events: {}, since });
  await waitFor(() => late.resyncs().length > 0, { what: 'the resync' });
  assert.deepEqual(late.resyncs(), ['events']);
  for (const bad of [
    { epoch: 'another', seq: 1 },
    { epoch: before.epoch, seq: 9_000_000 },
  ]) {
    const other = await watch(t, url, bearer(ours.key), { since: bad });
    await waitFor(() => other.resyncs().length > 0, { what: 'the resync' });
    assert.deepEqual(other.resyncs(), ['changes', 'gateways']);
  }

  // What happened at another console, and that something there is not known.
  const resumed = { epoch: late.epoch, seq: late.seq() };
  const change = {
    noun: 'sites' as const,
    id: 'sit_1',
    version: 1,
    action: 'site.create',
    at: new Date().toISOString(),
  };
  fixture.context.live.elsewhere.changed(ours.id, { ...change, ownerId: null, actorId: 'usr_1' });
  await waitFor(() => late.changes().some(({ action }) => action === 'site.create'), { what: 'the change elsewhere' });
  fixture.context.live.elsewhere.accessed(ours.id);
  await waitFor(() => late.resyncs().length === 2, { what: 'that there are events' });
  fixture.context.live.lostAll();
  await waitFor(() => late.resyncs().length === 5, { what: 'that anything may be' });
  assert.deepEqual(late.resyncs(), ['events', 'events', 'changes', 'gateways', 'events']);
  const returned = await watch(t, url, bearer(ours.key), { events: {}, since: resumed });
  await waitFor(() => returned.resyncs().length === 3, { what: 'the same for who was away' });
});

test('a connection ends within a second of its session, and with its role', async (t) => {
  const fixture = await startFixture(t, sqlite(t));
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const email = 'ann@example.com';
  const { user } = await ours.user('admin', { email, password: PASSWORD });
  const signIn = async () =>
    (await ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null })).json();
  const { session } = await signIn();
  const cookie = { cookie: `zn_console=${session.token}`, origin: url };
  const page = await watch(t, url, cookie);
  const other = await watch(t, url, bearer((await signIn()).session.token));
  const [mine] = (await ours.call('GET', '/api/v1/sessions'))
    .json()
    .items.toReversed()
    .filter((item: { userId: string }) => item.userId === user.id);
  const listed = (await ours.call('GET', '/api/v1/sessions'))
    .json()
    .items.filter((item: { userId: string; id: string }) => item.userId === user.id && item.id !== mine.id);
  assert.equal(listed.length, 1);

  const startedAt = performance.now();
  await ours.call('DELETE', `/api/v1/sessions/${mine.id}`);
  await waitFor(() => page.code() !== 0 || other.code() !== 0, { what: 'the end', timeoutMs: 2_000 });
  assert.ok(performance.now() - startedAt < 1_000);
  const [ended, open] = page.code() !== 0 ? [page, other] : [other, page];
  assert.equal(ended.code(), LIVE_CLOSE.unauthenticated);
  assert.equal(open.code(), 0, 'the other session goes on');
  await ours.call('PATCH', `/api/v1/users/${user.id}`, { role: 'member' }, { headers: { 'if-match': '"1"' } });
  await waitFor(() => open.code() !== 0, { what: 'the end', timeoutMs: 2_000 });
  assert.ok(open.code() === LIVE_CLOSE.roleChanged || open.code() === LIVE_CLOSE.unauthenticated);
});

test('a connection of a machine goes on for longer than the proof that opened it, and ends with the machine', async (t) => {
  const fixture = await startFixture(t, sqlite(t));
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const email = 'ann@example.com';
  const { user, key: own } = await ours.user('admin', { email, password: PASSWORD });
  const device = await ours.enrolDevice(own);
  const signIn = async () =>
    (await ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null })).json().session.token;
  const [token, other] = [await signIn(), await signIn()];
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  const { db } = fixture.context.store;
  const fingerprint = createHash('sha256').update(der).digest('base64url');
  await db.updateTable('devices').set({ key_fingerprint: fingerprint }).where('id', '=', device.id).execute();
  const { sessionId } = (await ours.call('GET', '/api/v1/me', undefined, { key: token })).json();
  const bound = { kind: 'cli', device_id: device.id } as const;
  await db.updateTable('sessions').set(bound).where('id', '=', sessionId).execute();
  const ath = createHash('sha256').update(token).digest('base64url');
  const dpop = await new SignJWT({ htm: 'GET', htu: `${url}/ws`, ath })
    .setIssuedAt(Math.floor(fixture.clock.nowMs / 1000))
    .setProtectedHeader({ alg: 'EdDSA', typ: 'dpop+jwt', jwk: publicKey.export({ format: 'jwk' }) as JWK })
    .sign(privateKey);
  assert.equal((await refusalOf(url, bearer(token))).reason, 'api.device_proof');
  const program = await watch(t, url, { ...bearer(token), dpop });
  const page = await watch(t, url, bearer(other));

  fixture.clock.nowMs += 10 * 60_000;
  assert.equal((await refusalOf(url, { ...bearer(token), dpop })).reason, 'api.device_proof', 'it opens no other');
  // Both are looked at again, one after the other in the order in which they came.
  await ours.call(
    'DELETE',
    `/api/v1/sessions/${(await ours.call('GET', '/api/v1/me', undefined, { key: other })).json().sessionId}`,
  );
  await waitFor(() => page.code() !== 0, { what: 'the end of the other' });
  assert.equal(program.code(), 0);
  assert.equal(user.email, email);
  await ours.call('DELETE', `/api/v1/devices/${device.id}`);
  await waitFor(() => program.code() !== 0, { what: 'the end with its machine', timeoutMs: 2_000 });
  assert.equal(program.code(), LIVE_CLOSE.unauthenticated);
});

test('a page of somebody else, a stranger and a plain request are refused as problems', async (t) => {
  const fixture = await startFixture(t, sqlite(t));
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const email = 'ann@example.com';
  await ours.user('admin', { email, password: PASSWORD });
  const { session } = (
    await ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null })
  ).json();
  const cookie = `zn_console=${session.token}`;
  for (const [headers, status, reason] of [
    [{}, 401, 'api.unauthenticated'],
    [bearer('zn_key_nobody'), 401, 'api.unauthenticated'],
    [{ cookie }, 403, 'access.csrf'],
    [{ cookie, origin: 'https://evil.example' }, 403, 'access.csrf'],
    [{ cookie, origin: url, 'sec-fetch-site': 'same-site' }, 403, 'access.csrf'],
    [{ ...bearer(ours.key), host: 'rebound.example' }, 403, 'api.forbidden'],
  ] as [Record<string, string>, number, string][]) {
    assert.deepEqual(await refusalOf(url, headers), { status, reason }, JSON.stringify(headers));
  }
  const plain = await fetch(`${url}/ws`, { headers: bearer(ours.key) });
  assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket']);
  // Another upgrade, or elsewhere, is no upgrade at all.
  for (const [path, upgrade] of [
    ['/api/v1/me', 'websocket'],
    ['/ws', 'h2c'],
  ] as const) {
    const headers = { ...bearer(ours.key), connection: 'upgrade', upgrade };
    const call = request(`${url}${path}`, { headers }).end();
    const [response] = await once(call, 'response');
    response.resume();
    assert.equal(response.statusCode, path === '/ws' ? 426 : 200);
  }
  for (const text of [
    '{',
    '{"type":"subscribe","more":1}',
    JSON.stringify({ type: 'subscribe', x: 'x'.repeat(20_000) }),
  ]) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: bearer(ours.key) });
    await once(socket, 'open');
    socket.send(text);
    const [code] = await once(socket, 'close');
    assert.ok(code === LIVE_CLOSE.invalid || code === 1009, String(code));
  }
});

test('200 events a second reach a page whole, and a page that does not read slows nobody', async (t) => {
  const fixture = await startFixture(t, sqlite(t));
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const { gateway } = await ours.enrolGateway();
  const fast = await watch(t, url, bearer(ours.key), { events: {} });
  const stuck = await watch(t, url, bearer(ours.key), { events: {} });
  stuck.socket.pause();
  const path = `/${'x'.repeat(1_000)}`;
  for (let second = 0; second < 10; second++) {
    await traffic(
      fixture,
      ours,
      gateway.id,
      Array.from({ length: 20 }, (_, index) => second * 20 + index + 1),
      { path },
    );
    const shown = second * 20 + 20;
    await waitFor(() => fast.events().length === shown, { what: `${shown} events`, timeoutMs: 1_000 });
  }
  // Far more than anybody reads: the newest are shown, the others counted.
  for (let from = 201; from < 20_201; from += 2_000) {
    await traffic(
      fixture,
      ours,
      gateway.id,
      Array.from({ length: 2_000 }, (_, index) => from + index),
      { path },
    );
  }
  const told = () =>
    fast.messages.reduce(
      (sum, message) => sum + (message.type === 'events' ? message.items.length + message.skipped : 0),
      0,
    );
  await waitFor(() => told() === 20_200, { what: 'every event shown or counted' });
  assert.equal(fast.events().at(-1)?.seq, 20_200);
  assert.ok(fast.events().length < 20_200);
});

test('a gateway that comes, applies a snapshot and goes is told of', async (t) => {
  const fixture = await startFixture(t, sqlite(t));
  const url = await fixture.listen();
  const sync = await fixture.startSync();
  const ours = await fixture.organization();
  const enrolled = await ours.enrolGateway();
  const page = await watch(t, url, bearer(ours.key), { changes: ['gateways'] });
  const states = () =>
    page.messages
      .flatMap((message) => (message.type === 'gateways' ? message.items : []))
      .filter(({ id }) => id === enrolled.gateway.id);
  const client = await connectSync(sync.port, enrolled);
  client.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion: 0 });
  await client.next('snapshot');
  await waitFor(() => states().at(-1)?.connected === true, { what: 'that it is there' });
  client.send({ type: 'applied', version: 1 });
  await waitFor(() => states().at(-1)?.snapshotVersion === 1, { what: 'what it runs' });
  client.socket.destroy();
  await waitFor(() => states().at(-1)?.connected === false, { what: 'that it is away' });
});

test('the console goes although pages watch, and silence is broken by heartbeats', async (t) => {
  const fixture = await startFixture(t, sqlite(t), { heartbeatMs: 60 });
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const page = await watch(t, url, bearer(ours.key));
  await waitFor(() => page.messages.filter(({ type }) => type === 'heartbeat').length > 2, { what: 'heartbeats' });
  await fixture.api.close();
  await waitFor(() => page.code() === 1001, { what: 'the end' });
});
