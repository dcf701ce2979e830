import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { pino } from 'pino';
import { createMailer } from '../../mail/mailer.ts';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { startMailCatcher } from '../../testing/mail-catcher.suite.ts';

const PASSWORD = 'plum violin harbour seven';

eachDatabase('an invitation is mailed, joined once from its page, and signs in', async (t, database) => {
  const { mailer, mails } = await startMailCatcher(t);
  const fixture = await startFixture(t, database, { mailer });
  const organization = await fixture.organization();
  const url = await fixture.listen();
  const body = { email: 'ann@example.com', role: 'operator', groups: ['dev'] };
  const created = await organization.call('POST', '/api/v1/invitations', body);
  assert.equal(created.statusCode, 201, created.body);
  assert.equal(created.json().mail, 'sent');
  const [mail] = mails;
  assert.deepEqual([mail!.from, mail!.to], ['console@example.com', ['ann@example.com']]);
  const link = /http:\/\/\S+\/invitation\?token=[\w-]+/.exec(mail!.text)![0];
  assert.equal(link, created.json().url);

  const token = new URL(link).searchParams.get('token')!;
  const browser = new TestBrowser();
  for (let i = 0; i < 2; i++) assert.match(await (await browser.get(link)).text(), /You join as ann@example\.com/);
  const join = async (fields: object, headers: Record<string, string> = { origin: url }) => {
    const form = { token, name: 'Ann', password: PASSWORD, ...fields };
    const answer = await browser.post(`${url}/invitation`, form, headers);
    return { status: answer.status, text: await answer.text() };
  };
  assert.equal((await join({}, { origin: 'https://evil.example' })).status, 403, 'a form of another site');
  assert.match((await join({ password: 'password1234' })).text, /passwords that everybody tries first/);
  assert.match((await join({ password: 'ann@example.com!' })).text, /must not be the e-mail address/);
  assert.match((await join({ name: '' })).text, /Name and password are needed/);
  assert.equal((await join({ token: `${token}x` })).status, 404);
  assert.match((await join({ email: 'eve@example.com', role: 'owner' })).text, /ann@example\.com · operator/);
  assert.equal((await join({})).status, 404, 'once');

  const { items } = (await organization.call('GET', '/api/v1/users')).json();
  const user = items.find(({ email }: { email: string }) => email === 'ann@example.com');
  assert.deepEqual([user.role, user.groups, user.name], ['operator', ['dev'], 'Ann']);
  assert.ok(
    !items.some(({ email }: { email: string }) => email === 'eve@example.com'),
    'fields of the form count for nothing',
  );
  const listed = (await organization.call('GET', '/api/v1/invitations')).json().items;
  const found = async (q: string) => (await organization.call('GET', `/api/v1/invitations?q=${q}`)).json().items;
  assert.equal((await found(encodeURIComponent(listed[0].email.toUpperCase()))).length > 0, true, 'in any case');
  assert.deepEqual(await found('nobody-has-this'), []);
  assert.notEqual(listed[0].usedAt, null);
  const stored = JSON.stringify([
    await fixture.context.store.db.selectFrom('invitations').selectAll().execute(),
    await fixture.context.store.db.selectFrom('audit_entries').selectAll().execute(),
  ]);
  assert.ok(!stored.includes(token), 'the link is in the database');
  assert.match(stored, /invitation\.accept/);
});

eachDatabase(
  'of many who use one link at once one joins; revoked, expired and foreign ones open nothing',
  async (t, database) => {
    const { mailer, mails } = await startMailCatcher(t, { refuses: true });
    const fixture = await startFixture(t, database, { mailer });
    const organization = await fixture.organization();
    const theirs = await fixture.organization('theirs');
    const admin = await organization.user('admin');
    const url = await fixture.listen();
    const invite = async (email: string, more: object = {}) => {
      const answer = await organization.call('POST', '/api/v1/invitations', { email, mail: false, ...more });
      assert.equal(answer.statusCode, 201, answer.body);
      const { url: link, invitation, mail } = answer.json();
      return { id: invitation.id as string, token: new URL(link).searchParams.get('token')!, mail };
    };
    const join = async (token: string) => {
      const form = { token, name: 'Ann', password: PASSWORD };
      return (await new TestBrowser().post(`${url}/invitation`, form, { origin: url })).status;
    };
    assert.equal((await invite('off@example.com')).mail, 'off');
    assert.equal((await invite('failed@example.com', { mail: true })).mail, 'failed');
    assert.equal(mails.length, 0);

    const one = await invite('ann@example.com');
    const answers = await Promise.all(Array.from({ length: 6 }, () => join(one.token)));
    assert.equal(answers.filter((status) => status === 200).length, 1, answers.join());
    const people = await fixture.context.store.db
      .selectFrom('users')
      .select('id')
      .where('email', '=', 'ann@example.com')
      .execute();
    assert.equal(people.length, 1);
    // Two links for one address: the second finds the person there.
    const again = await invite('ann@example.com');
    assert.equal(await join(again.token), 409);

    const revoked = await invite('bob@example.com');
    const remove = (id: string, key?: string) =>
      organization.call('DELETE', `/api/v1/invitations/${id}`, undefined, key === undefined ? {} : { key });
    assert.equal((await remove(revoked.id, theirs.key)).statusCode, 404, 'of another organization');
    assert.equal((await remove(revoked.id)).statusCode, 204);
    assert.equal(await join(revoked.token), 404);
    const late = await invite('eve@example.com', { expiresInSeconds: 300 });
    fixture.clock.nowMs += 300_000;
    assert.equal(await join(late.token), 404);

    const asOwner = await organization.call(
      'POST',
      '/api/v1/invitations',
      { email: 'x@example.com', role: 'owner' },
      { key: admin.key },
    );
    assert.equal(asOwner.json().reason, 'api.forbidden', 'an administrator makes no owner');
    for (const email of [
      'ann@example.com\r\nBcc: eve@example.com',
      'ann@example.com, eve@example.com',
      '<ann@example.com>',
    ]) {
      assert.equal((await organization.call('POST', '/api/v1/invitations', { email })).statusCode, 400, email);
    }
  },
);

eachDatabase(
  'an address has one open invitation, which another one replaces when that is said',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const theirs = await fixture.organization('theirs');
    const url = await fixture.listen();
    const invite = (more: object = {}, key = organization.key) =>
      organization.call('POST', '/api/v1/invitations', { email: 'ann@example.com', mail: false, ...more }, { key });
    const tokenOf = (answer: Awaited<ReturnType<typeof invite>>) =>
      new URL(answer.json().url).searchParams.get('token')!;
    const open = async () => {
      const { items } = (await organization.call('GET', '/api/v1/invitations')).json();
      return items.filter((one: { revokedAt: string | null }) => one.revokedAt === null);
    };

    // Of many at once one is made.
    const answers = await Promise.all(['member', 'operator', 'admin', 'member'].map((role) => invite({ role })));
    const [first, ...more] = answers.filter(({ statusCode }) => statusCode === 201);
    assert.deepEqual(more, []);
    for (const refused of answers.filter((one) => one !== first)) {
      assert.equal(refused.json().reason, 'invitation.open');
      assert.ok(refused.json().detail.includes(first!.json().invitation.id), refused.body);
    }
    assert.equal((await open()).length, 1);
    assert.equal((await invite({}, theirs.key)).statusCode, 201, 'another organization has its own');

    const second = await invite({ role: 'operator', replace: true });
    assert.equal(second.statusCode, 201, second.body);
    assert.deepEqual(
      (await open()).map(({ id, role }: { id: string; role: string }) => [id, role]),
      [[second.json().invitation.id, 'operator']],
    );
    const entries = (await organization.call('GET', '/api/v1/audit')).json().items;
    const revoked = entries.find(({ action }: { action: string }) => action === 'invitation.revoke');
    assert.equal(revoked.objectId, first!.json().invitation.id);
    const join = async (token: string) => {
      const form = { token, name: 'Ann', password: PASSWORD };
      return (await new TestBrowser().post(`${url}/invitation`, form, { origin: url })).status;
    };
    assert.equal(await join(tokenOf(first!)), 404, 'the old link');
    assert.equal(await join(tokenOf(second)), 200);

    const late = await invite({ email: 'bob@example.com', expiresInSeconds: 300 });
    assert.equal(late.statusCode, 201);
    fixture.clock.nowMs += 300_000;
    assert.equal((await invite({ email: 'bob@example.com' })).statusCode, 201, 'one that has expired is not open');
  },
);

test('a mail server that is elsewhere gets nothing without TLS', async (t) => {
  const said: string[] = [];
  const server = createServer((socket) => {
    socket.write('220 mail ESMTP\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      said.push(data.toString());
      socket.write(data.toString().startsWith('EHLO') ? '250 mail\r\n' : '502 no\r\n');
    });
  });
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as import('node:net').AddressInfo;
  // Not one of the names that are excepted, although it leads here.
  const mailer = createMailer(`smtp://u:secret@127.0.0.2:${port}`, 'console@example.com', pino({ level: 'silent' }));
  t.after(() => mailer.close());
  assert.equal(await mailer.send({ to: 'ann@example.com', subject: 'x', text: 'the secret link' }), false);
  assert.ok(!said.join('').includes('link') && !/AUTH|MAIL FROM/.test(said.join('')), said.join(''));
});

test('who joins lands in the web console where there is one', async (t) => {
  const home = temporaryDirectory(t);
  writeFileSync(`${home}/index.html`, '<title>web console</title>');
  const database = { kind: 'sqlite', file: `${home}/z.db`, url: `sqlite:${home}/z.db` } as const;
  const fixture = await startFixture(t, database, { webDirectory: home });
  const organization = await fixture.organization();
  const url = await fixture.listen();
  const body = { email: 'ann@example.com', role: 'member', mail: false };
  const link = new URL((await organization.call('POST', '/api/v1/invitations', body)).json().url);
  assert.equal(link.hostname, 'localhost', 'a name, which a passkey can belong to');
  const form = { token: link.searchParams.get('token')!, name: 'Ann', password: PASSWORD };
  const joined = await new TestBrowser().post(`${url}/invitation`, form, { origin: url });
  assert.equal(new URL(joined.url).pathname, '/');
  assert.match(await joined.text(), /web console/);
});
