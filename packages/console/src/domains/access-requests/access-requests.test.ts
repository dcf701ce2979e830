import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eachDatabase, type TestDatabase, waitFor } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { startMailCatcher } from '../../testing/mail-catcher.suite.ts';
import { readOrganization } from '../organizations/organization-facts.ts';

async function start(t: TestContext, database: TestDatabase, options: Parameters<typeof startFixture>[2] = {}) {
  const fixture = await startFixture(t, database, options);
  const organization = await fixture.organization();
  await organization.enrolGateway();
  const applied = await organization.call('POST', '/api/v1/resources/apply', {
    resources: [{ name: 'db', protocol: 'tcp', targets: [{ address: '127.0.0.1:5432' }] }],
  });
  const objectId: string = applied.json().changes[0].resource.id;
  const ask = async (key: string, body: object = {}) =>
    await organization.call('POST', '/api/v1/access-requests', { object: 'db', reason: 'incident', ...body }, { key });
  const decide = async (key: string, id: string, effect = 'approve') =>
    await organization.call('POST', `/api/v1/access-requests/${id}/decisions`, { effect }, { key });
  const end = async (key: string, id: string) =>
    await organization.call('POST', `/api/v1/access-requests/${id}/end`, undefined, { key });
  const grants = async () => (await readOrganization(fixture.context, organization.id)).accessGrants;
  return { fixture, organization, objectId, ask, decide, end, grants };
}

eachDatabase('two of three approvers let a user in, and the time ends by itself', async (t, database) => {
  const { fixture, organization, objectId, ask, decide, grants } = await start(t, database);
  const member = await organization.user('member');
  const stranger = await organization.user('member');
  const approvers = [
    await organization.user('member'),
    await organization.user('member'),
    await organization.user('admin'),
  ];
  const rule = { approvers: approvers.map(({ user }) => user.email), needed: 2, maxMinutes: 60 };
  const set = await organization.call('PUT', '/api/v1/approval-rules/db', rule);
  assert.equal(set.statusCode, 200, set.body);

  const never = await organization.call('PUT', '/api/v1/approval-rules/db', { ...rule, needed: 4 });
  assert.deepEqual(never.json().errors, [{ path: '/needed', message: '3 approvers can never be 4' }]);

  const long = await ask(member.key, { minutes: 61 });
  assert.equal(long.statusCode, 400);
  assert.equal(long.json().errors[0].path, '/minutes');
  const created = await ask(member.key, { minutes: 30 });
  assert.equal(created.statusCode, 201, created.body);
  const { id, needed, status } = created.json();
  assert.deepEqual([needed, status], [2, 'pending']);

  assert.equal((await decide(member.key, id)).json().reason, 'request.own');
  assert.equal((await decide(stranger.key, id)).statusCode, 404, 'who has no part in it does not learn of it');
  assert.equal((await decide(organization.key, id)).json().reason, 'request.not_approver', 'not even the owner');
  const one = (await decide(approvers[0]!.key, id)).json();
  assert.equal(one.status, 'pending');
  assert.equal((await decide(approvers[0]!.key, id)).json().status, 'pending', 'twice the same counts once');
  assert.deepEqual(await grants(), []);
  const two = (await decide(approvers[1]!.key, id)).json();
  const endsAt = new Date(fixture.clock.nowMs + 30 * 60_000).toISOString();
  assert.deepEqual([two.status, two.endsAt], ['approved', endsAt]);
  assert.deepEqual(await grants(), [{ userId: member.user.id, objectId, expiresAt: endsAt }]);
  assert.equal((await decide(approvers[2]!.key, id, 'refuse')).json().reason, 'request.closed');

  fixture.clock.nowMs += 30 * 60_000;
  assert.deepEqual(await grants(), []);
  const seen = await organization.call('GET', `/api/v1/access-requests/${id}`, undefined, { key: member.key });
  assert.equal(seen.json().status, 'ended');
});

eachDatabase('approvals at the same moment do not pass each other by', async (t, database) => {
  const { organization, ask, decide, grants } = await start(t, database);
  const member = await organization.user('member');
  const approvers = await Promise.all(Array.from({ length: 4 }, () => organization.user('admin')));
  await organization.call('PUT', '/api/v1/approval-rules/db', { approvers: ['role:admin'], needed: 4 });
  const { id } = (await ask(member.key)).json();
  await Promise.all(approvers.map(({ key }) => decide(key, id)));
  assert.equal((await grants()).length, 1);
});

eachDatabase('what approvers are now counts, not what they were', async (t, database) => {
  const { organization, ask, decide, grants } = await start(t, database);
  const member = await organization.user('member');
  const first = await organization.user('admin');
  const second = await organization.user('admin');
  await organization.call('PUT', '/api/v1/approval-rules/db', { approvers: ['role:admin', 'role:owner'], needed: 2 });
  const { id } = (await ask(member.key)).json();
  await decide(first.key, id);
  const demoted = await organization.call(
    'PATCH',
    `/api/v1/users/${first.user.id}`,
    { role: 'member' },
    { headers: { 'if-match': `"${first.user.version}"` } },
  );
  assert.equal(demoted.statusCode, 200, demoted.body);
  assert.equal((await decide(second.key, id)).json().status, 'pending');
  assert.equal((await decide(organization.key, id)).json().status, 'approved');
  assert.equal((await grants()).length, 1);
  const suspended = await organization.call(
    'PATCH',
    `/api/v1/users/${member.user.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': `"${member.user.version}"` } },
  );
  assert.equal(suspended.statusCode, 200, suspended.body);
  assert.deepEqual(await grants(), [], 'a disabled user has nothing');
});

eachDatabase('a key that may do less than its user approves nothing as its user', async (t, database) => {
  const { organization, ask, decide, grants } = await start(t, database);
  const member = await organization.user('member');
  const created = await organization.call('POST', '/api/v1/api-keys', { name: 'small', role: 'member' });
  assert.equal(created.statusCode, 201, created.body);
  const { id } = (await ask(member.key)).json();
  const answer = await decide(created.json().key, id);
  assert.equal(answer.statusCode, 404, answer.body);
  assert.deepEqual(await grants(), []);
});

eachDatabase('requests are refused, cancelled, ended and lapse', async (t, database) => {
  const { fixture, organization, ask, decide, end, grants } = await start(t, database);
  const member = await organization.user('member');
  const other = await organization.user('member');
  const idOf = async () => {
    fixture.clock.nowMs += 1;
    return (await ask(member.key)).json().id as string;
  };

  const refused = await idOf();
  assert.equal((await decide(organization.key, refused, 'refuse')).json().status, 'refused');
  const cancelled = await idOf();
  assert.equal((await end(other.key, cancelled)).statusCode, 404);
  assert.equal((await end(member.key, cancelled)).json().status, 'cancelled');
  assert.equal((await decide(organization.key, cancelled)).json().reason, 'request.closed');
  const ended = await idOf();
  await decide(organization.key, ended);
  assert.equal((await grants()).length, 1);
  assert.equal((await end(organization.key, ended)).json().status, 'ended');
  assert.deepEqual(await grants(), []);
  const lapsed = await idOf();
  fixture.clock.nowMs += 86_400_000;
  assert.equal((await decide(organization.key, lapsed)).json().reason, 'request.closed');

  const list = async (key: string, query = '') =>
    (await organization.call('GET', `/api/v1/access-requests?${query}`, undefined, { key })).json().items;
  const statuses = (await list(organization.key)).map(({ status }: { status: string }) => status);
  assert.deepEqual(statuses, ['expired', 'ended', 'cancelled', 'refused'], 'newest first');
  for (const status of statuses) assert.equal((await list(member.key, `status=${status}`)).length, 1, status);
  assert.deepEqual(await list(other.key), [], 'a member sees nothing of others');

  const open = await Promise.all(Array.from({ length: 20 }, () => ask(member.key)));
  assert.ok(open.every(({ statusCode }) => statusCode === 201));
  assert.equal((await ask(member.key)).json().reason, 'request.too_many');

  const { items } = (await organization.call('GET', '/api/v1/audit?limit=500')).json();
  const actions = new Set(items.map(({ action }: { action: string }) => action));
  for (const what of ['create', 'refused', 'cancelled', 'approved', 'ended']) {
    assert.ok(actions.has(`access_request.${what}`), what);
  }
});

eachDatabase('approvers are told by mail, and nobody can flood them', async (t, database) => {
  const { mailer, mails } = await startMailCatcher(t);
  const { organization, ask, end } = await start(t, database, { mailer });
  const member = await organization.user('member');
  const [ada, bob] = [await organization.user('member'), await organization.user('member')];
  const gone = await organization.user('admin');
  await organization.call(
    'PATCH',
    `/api/v1/users/${gone.user.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': '"1"' } },
  );
  const approvers = [ada, bob, member, gone].map(({ user }) => user.email);
  await organization.call('PUT', '/api/v1/approval-rules/db', { approvers, needed: 1, maxMinutes: 60 });

  const sent = async () =>
    (await ask(member.key, { minutes: 30, reason: 'see https://evil.example' })).json().id as string;
  let id = await sent();
  await waitFor(() => mails.length >= 2, { what: 'the mails' });
  assert.deepEqual(mails.flatMap(({ to }) => to).sort(), [ada.user.email, bob.user.email].sort());
  assert.match(mails[0]!.text, new RegExp(`${member.user.email} asks for access to the resource db, for 30 minutes`));
  assert.match(mails[0]!.text, /\/requests/);
  assert.doesNotMatch(mails[0]!.text, /evil/);
  for (let i = 0; i < 6; i++) {
    await end(member.key, id);
    id = await sent();
  }
  // One of somebody else comes through, and behind it nothing of theirs is left to come.
  await ask(ada.key);
  const of = (email: string) => mails.filter(({ text }) => text.includes(`${email} asks`)).length;
  await waitFor(() => of(ada.user.email) === 2 && of(member.user.email) >= 10, { what: 'all mails' });
  assert.equal(of(member.user.email), 10);
});
