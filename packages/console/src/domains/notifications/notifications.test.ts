import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { createOutbound } from '../../outbound/outbound.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { startMailCatcher } from '../../testing/mail-catcher.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';
import { type LastLook, lookAtAll } from '../incidents/look.ts';

interface Taken {
  readonly path: string;
  readonly headers: Record<string, string | undefined>;
  readonly body: string;
}

/** A receiver that answers what it is told to. */
async function startReceiver(t: TestContext): Promise<{ url: string; taken: Taken[]; status: { code: number } }> {
  const taken: Taken[] = [];
  const status = { code: 200 };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      taken.push({
        path: request.url!,
        headers: request.headers as Taken['headers'],
        body: Buffer.concat(chunks).toString(),
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

eachDatabase('alarms are told once, and once more when they are mended, to those who asked', async (t, database) => {
  const { mailer, mails } = await startMailCatcher(t);
  const fixture = await startFixture(t, database, { mailer });
  const { context, clock } = fixture;
  const receiver = await startReceiver(t);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const sync = await fixture.startSync();
  const enrolled = await ours.enrolGateway({ name: 'edge-one' });
  const lastLook: LastLook = new Map();
  const look = async () => {
    clock.nowMs += 20_000;
    await lookAtAll(context, lastLook, () => false);
  };
  const create = async (organization: typeof ours, body: object) => {
    const answer = await organization.call('POST', '/api/v1/notifications', body);
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json();
  };
  const secret = 'a shared secret of theirs';
  const hook = await create(ours, { name: 'hook', settings: { kind: 'webhook', url: `${receiver.url}/hook` }, secret });
  const slack = await create(ours, {
    name: 'slack',
    settings: { kind: 'slack', url: `${receiver.url}/services/T0/secret-part` },
  });
  await create(ours, { name: 'mail', settings: { kind: 'mail', to: ['ops@example.com'] } });
  await create(ours, {
    name: 'other',
    settings: { kind: 'webhook', url: `${receiver.url}/other` },
    kinds: ['agent_away'],
  });
  await create(theirs, {
    name: 'hook',
    settings: { kind: 'webhook', url: `${receiver.url}/theirs` },
    kinds: ['gateway_offline'],
  });
  assert.deepEqual([slack.settings, hook.hasSecret], [{ kind: 'slack', host: '127.0.0.1' }, true]);
  const seen = JSON.stringify([
    (await ours.call('GET', '/api/v1/notifications')).json(),
    (await ours.call('GET', '/api/v1/audit')).json(),
  ]);
  assert.ok(!seen.includes('secret-part') && !seen.includes(secret));

  await look();
  assert.equal(receiver.taken.length, 0, 'what is there for a moment is no news');
  await look();
  const paths = () => receiver.taken.map(({ path }) => path).sort();
  assert.deepEqual(paths(), ['/hook', '/services/T0/secret-part']);
  const first = receiver.taken.find(({ path }) => path === '/hook')!;
  const signed = createHmac('sha256', secret).update(`${first.headers['x-zeronaut-at']}.${first.body}`).digest('hex');
  assert.equal(first.headers['x-zeronaut-signature'], `sha256=${signed}`);
  const news = JSON.parse(first.body);
  assert.deepEqual([news.type, news.organizationId, news.raised.length, news.mended], ['alarms', ours.id, 1, []]);
  assert.deepEqual([news.raised[0].kind, news.raised[0].object.name], ['gateway_offline', 'edge-one']);
  assert.match(JSON.parse(receiver.taken.find(({ path }) => path !== '/hook')!.body).text, /Not connected: edge-one/);
  await waitFor(() => mails.length === 1, { what: 'the mail' });
  assert.match(mails[0]!.text, /Not connected: edge-one/);
  await look();
  assert.equal(receiver.taken.length, 2, 'once');

  // A receiver that is away hears of it later; another console that starts meanwhile does not tell it again.
  receiver.status.code = 503;
  const client = await connectSync(sync.port, enrolled);
  client.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion: 0 });
  const { version } = JSON.parse((await client.next('snapshot')).snapshot.payload);
  client.send({ type: 'applied', version });
  await waitFor(async () => (await ours.call('GET', '/api/v1/overview')).json().alarms.length === 0, {
    what: 'that all is well',
  });
  lastLook.clear();
  await look();
  await look();
  const failed = (await ours.call('GET', '/api/v1/notifications'))
    .json()
    .items.find(({ name }: { name: string }) => name === 'hook');
  assert.deepEqual([failed.failures, failed.lastError], [1, 'it answered 503']);
  receiver.status.code = 204;
  receiver.taken.length = 0;
  clock.nowMs += 60_000;
  await look();
  assert.deepEqual(paths(), ['/hook', '/services/T0/secret-part']);
  assert.deepEqual(
    JSON.parse(receiver.taken.find(({ path }) => path === '/hook')!.body).mended[0].object.name,
    'edge-one',
  );

  assert.deepEqual((await ours.call('POST', '/api/v1/notifications/hook/test')).json(), {
    delivered: true,
    error: null,
  });
  assert.equal(JSON.parse(receiver.taken.at(-1)!.body).type, 'test');
  assert.equal((await theirs.call('DELETE', `/api/v1/notifications/${hook.id}`)).statusCode, 404);
  assert.equal((await ours.call('DELETE', '/api/v1/notifications/hook')).statusCode, 204);
});

eachDatabase('what waits for a decision is told once, in the language of the organization', async (t, database) => {
  const { mailer, mails } = await startMailCatcher(t);
  const fixture = await startFixture(t, database, { mailer });
  const ours = await fixture.organization();
  const receiver = await startReceiver(t);
  const lastLook: LastLook = new Map();
  const look = async () => {
    fixture.clock.nowMs += 20_000;
    await lookAtAll(fixture.context, lastLook, () => false);
  };
  const post = async (url: string, body?: object, key?: string) => {
    const answer = await ours.call('POST', url, body, key === undefined ? {} : { key });
    assert.ok(answer.statusCode < 300, answer.body);
    return answer.json();
  };
  const changed = await ours.call('PATCH', '/api/v1/organizations/current', { language: 'de' });
  assert.equal(changed.json().language, 'de');
  const byPerson = await ours.call(
    'PUT',
    '/api/v1/organizations/current/device-policy',
    { approval: 'by_person', processes: [], files: [] },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(byPerson.statusCode, 200, byPerson.body);
  const kinds = ['access_request_waiting', 'device_waiting'];
  await post('/api/v1/notifications', { name: 'chat', settings: { kind: 'slack', url: receiver.url }, kinds });
  await post('/api/v1/notifications', { name: 'mail', settings: { kind: 'mail', to: ['ops@example.com'] }, kinds });
  await look();

  const member = await ours.user('member', { email: 'ann@example.com' });
  await post('/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] });
  const request = await post(
    '/api/v1/access-requests',
    { object: 'wiki', reason: 'secret words', minutes: 45 },
    member.key,
  );
  const device = await ours.enrolDevice(member.key, 'laptop-ann');
  await waitFor(() => mails.length === 1, { what: 'the mail to the approver' });
  assert.match(mails[0]!.text, /ann@example\.com bittet um Zugang zu der Ressource wiki, f=C3=BCr 45 Minuten/);
  await look();
  assert.equal(receiver.taken.length, 0, 'what is decided at once is no news');
  await look();
  const text = () => JSON.parse(receiver.taken.at(-1)!.body).text as string;
  assert.deepEqual(text().split('\n'), [
    'Zeronaut: wartet auf Entscheidung: 2',
    '? Zugriff erbeten: wiki - ann@example.com bittet um 45 Minuten',
    '? Gerät wartet auf Freigabe: laptop-ann - es gehört ann@example.com',
  ]);
  await waitFor(() => mails.length === 2, { what: 'the mail to operators' });
  assert.doesNotMatch(mails.map(({ text: one }) => one).join() + text(), /secret words/);
  assert.deepEqual(
    (await ours.call('GET', '/api/v1/incidents'))
      .json()
      .items.filter(({ kind }: { kind: string }) => kinds.includes(kind)),
    [],
  );
  await look();
  assert.equal(receiver.taken.length, 1, 'once');

  await post(`/api/v1/access-requests/${request.id}/decisions`, { effect: 'approve' });
  await post(`/api/v1/devices/${device.id}/approval`, undefined);
  await look();
  assert.deepEqual(text().split('\n'), [
    'Zeronaut: entschieden: 2',
    'ok Zugriff erbeten: wiki',
    'ok Gerät wartet auf Freigabe: laptop-ann',
  ]);
});

eachDatabase('a notification dials nothing inside, and takes no more than it should', async (t, database) => {
  const fixture = await startFixture(t, database, { outbound: createOutbound({ allow: [] }) });
  const receiver = await startReceiver(t);
  const ours = await fixture.organization();
  const post = (body: object) => ours.call('POST', '/api/v1/notifications', body);
  const port = new URL(receiver.url).port;
  for (const url of [
    receiver.url,
    `https://localhost:${port}/`,
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
  ]) {
    const refused = await post({ name: 'inside', settings: { kind: 'slack', url } });
    assert.deepEqual([refused.statusCode, refused.json().reason], [400, 'outbound.address_denied'], url);
  }
  // What stood there before the operator took a network back.
  const good = { kind: 'webhook', url: 'https://example.com/' };
  for (const [index, url] of [receiver.url, `https://localhost:${port}/`].entries()) {
    const { id } = (await post({ name: `n-${index}`, settings: good })).json();
    await fixture.context.store.db
      .updateTable('notifications')
      .set({ settings: JSON.stringify({ kind: 'webhook', url }) })
      .where('id', '=', id)
      .execute();
    const { delivered, error } = (await ours.call('POST', `/api/v1/notifications/${id}/test`)).json();
    assert.deepEqual([delivered, /^outbound\.(?:address_denied|url_invalid)/.test(error)], [false, true], error);
  }
  assert.equal(receiver.taken.length, 0);
  for (const settings of [
    { kind: 'webhook', url: 'ftp://example.com/' },
    { kind: 'webhook', url: 'https://user:password@example.com/' },
    { kind: 'mail', to: ['ops@example.com'] },
    { kind: 'mail', to: [] },
    { kind: 'pager' },
  ]) {
    assert.equal((await post({ name: 'bad', settings })).statusCode, 400, JSON.stringify(settings));
  }
  assert.equal((await post({ name: 'short', settings: good, secret: 'short' })).statusCode, 400);
  const admin = await ours.user('admin');
  assert.equal(
    (await ours.call('POST', '/api/v1/notifications', { name: 'a', settings: good }, { key: admin.key })).statusCode,
    403,
  );
  for (let index = 0; index < 8; index++)
    assert.equal((await post({ name: `m-${index}`, settings: good })).statusCode, 201);
  assert.equal((await post({ name: 'm-8', settings: good })).statusCode, 409, 'ten are enough');
  assert.equal((await post({ name: 'm-1', settings: good })).statusCode, 409);
});

eachDatabase('a receiver is changed, and what cannot be read of it stays', async (t, database) => {
  const fixture = await startFixture(t, database);
  const receiver = await startReceiver(t);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const secret = 'a shared secret of theirs';
  const create = async (body: object) => (await ours.call('POST', '/api/v1/notifications', body)).json();
  const change = async (idOrName: string, version: number, body: object, of = ours) => {
    const headers = { 'if-match': `"${version}"` };
    const answer = await of.call('PATCH', `/api/v1/notifications/${idOrName}`, body, { headers });
    return { status: answer.statusCode, body: answer.json() };
  };
  const said = async (id: string) => {
    const { delivered } = (await ours.call('POST', `/api/v1/notifications/${id}/test`)).json();
    assert.equal(delivered, true);
    return receiver.taken.at(-1)!;
  };
  const hook = await create({ name: 'hook', settings: { kind: 'webhook', url: `${receiver.url}/one` }, secret });
  assert.equal(hook.version, 1);
  const other = { kind: 'webhook', url: `${receiver.url}/two` };
  const moved = (await change('hook', 1, { name: 'pager', settings: other, kinds: ['no_gateway', 'no_gateway'] })).body;
  assert.deepEqual(
    [moved.name, moved.settings, moved.kinds, moved.hasSecret, moved.version],
    ['pager', other, ['no_gateway'], true, 2],
  );
  const signed = await said(hook.id);
  const expected = createHmac('sha256', secret)
    .update(`${signed.headers['x-zeronaut-at']}.${signed.body}`)
    .digest('hex');
  assert.deepEqual([signed.path, signed.headers['x-zeronaut-signature']], ['/two', `sha256=${expected}`]);
  assert.equal((await change(hook.id, 1, { name: 'late' })).body.reason, 'api.precondition_failed');
  assert.equal((await change(hook.id, 2, { name: 'theirs' }, theirs)).status, 404);
  assert.equal((await change(hook.id, 2, { secret: null })).body.hasSecret, false);
  assert.equal((await said(hook.id)).headers['x-zeronaut-signature'], undefined);

  const slack = await create({ name: 'slack', settings: { kind: 'slack', url: `${receiver.url}/services/T0/x` } });
  assert.equal((await change('slack', 1, { name: 'pager' })).body.reason, 'api.name_taken');
  assert.equal((await change('slack', 1, { kinds: ['policy_used'] })).status, 200);
  assert.equal((await said(slack.id)).path, '/services/T0/x', 'its URL stays');
  assert.equal((await change('slack', 2, { secret })).status, 400, 'only webhooks are signed');
  const turned = await change('slack', 2, { settings: other });
  assert.deepEqual([turned.body.settings, turned.body.hasSecret], [other, false], 'a URL becomes no key');
  for (const body of [{ kinds: [] }, { settings: { kind: 'webhook', url: 'ftp://x/' } }, { nothing: 1 }])
    assert.equal((await change('slack', 3, body)).status, 400, JSON.stringify(body));
  const log = JSON.stringify(await fixture.context.store.db.selectFrom('audit_entries').selectAll().execute());
  assert.match(log, /notification\.update/);
  assert.ok(!log.includes('services/T0') && !log.includes(secret), 'no secret is in the audit log');
});
