import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';

eachDatabase('nobody gains more than they have, and the last owner stays', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const admin = await organization.user('admin');
  const change = (id: string, body: object, version: number, key?: string) =>
    organization.call('PATCH', `/api/v1/users/${id}`, body, {
      headers: { 'if-match': `"${version}"` },
      ...(key === undefined ? {} : { key }),
    });
  const reason = async (answer: ReturnType<typeof change>) => (await answer).json().reason;

  const { owner } = organization;
  assert.equal(await reason(change(owner.id, { status: 'disabled' }, 1)), 'api.last_owner');
  assert.equal(await reason(change(owner.id, { role: 'member' }, 1)), 'api.last_owner');
  assert.equal(await reason(change(admin.user.id, { role: 'owner' }, 1, admin.key)), 'api.forbidden');
  assert.equal(await reason(change(owner.id, { password: PASSWORD }, 1, admin.key)), 'api.forbidden');
  const create = { email: 'x@example.com', name: 'X', password: PASSWORD, role: 'owner' };
  assert.equal((await organization.call('POST', '/api/v1/users', create, { key: admin.key })).statusCode, 403);
  const key = await organization.call('POST', '/api/v1/api-keys', { name: 'k', role: 'owner' }, { key: admin.key });
  assert.equal(key.json().reason, 'api.forbidden');

  const second = (await organization.call('POST', '/api/v1/users', create)).json();
  assert.equal(second.role, 'owner');
  assert.equal((await change(owner.id, { role: 'admin' }, 1)).statusCode, 200);
  assert.equal((await change(admin.user.id, { groups: ['dev', 'ops'] }, 1, admin.key)).json().version, 2);
});

eachDatabase('a key never does more than its user may do today', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const admin = await organization.user('admin');
  const users = (key: string) => organization.call('GET', '/api/v1/users', undefined, { key });
  assert.equal((await users(admin.key)).statusCode, 200);
  await organization.call(
    'PATCH',
    `/api/v1/users/${admin.user.id}`,
    { role: 'member' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal((await users(admin.key)).statusCode, 403);
});

eachDatabase(
  'another role ends what was opened under the old one, but for what a portal opened',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const email = 'ann@example.com';
    const { user } = await organization.user('member', { email, password: PASSWORD });
    const signIn = await organization.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
    const key = signIn.json().session.token as string;
    const { db } = fixture.context.store;
    const portal = { id: 'ses_portal', kind: 'portal', token_hash: null, revoked_at: null } as const;
    const row = await db.selectFrom('sessions').selectAll().where('user_id', '=', user.id).executeTakeFirstOrThrow();
    await fixture.context.store.transaction((queries) =>
      queries
        .insertInto('sessions')
        .values({ ...row, ...portal })
        .execute(),
    );
    const change = (body: object, version: number) =>
      organization.call('PATCH', `/api/v1/users/${user.id}`, body, { headers: { 'if-match': `"${version}"` } });
    const me = async () => (await organization.call('GET', '/api/v1/me', undefined, { key })).json();
    assert.equal((await change({ name: 'Ann B.', role: 'member' }, 1)).statusCode, 200);
    assert.equal((await me()).role, 'member', 'the same role is no other');
    assert.equal((await change({ role: 'admin' }, 2)).statusCode, 200);
    assert.equal((await me()).reason, 'access.session_revoked');
    const open = db.selectFrom('sessions').select('id').where('user_id', '=', user.id).where('revoked_at', 'is', null);
    assert.deepEqual(
      (await open.execute()).map(({ id }) => id),
      ['ses_portal'],
    );
  },
);

eachDatabase('a new password ends the sessions that the old one opened', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { user } = await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const signIn = (password: string) =>
    organization.call('POST', '/api/v1/sessions', { email: 'Ann@Example.com', password }, { key: null });
  const { token } = (await signIn(PASSWORD)).json().session;
  const change = (password: string) =>
    organization.call('PATCH', `/api/v1/users/${user.id}`, { password }, { headers: { 'if-match': '"1"' } });
  assert.equal((await change('ann@example.com')).json().reason, 'api.password_weak');
  assert.equal((await change('another good password')).statusCode, 200);
  assert.equal(
    (await organization.call('GET', '/api/v1/me', undefined, { key: token })).json().reason,
    'access.session_revoked',
  );
  assert.equal((await signIn(PASSWORD)).json().reason, 'api.credentials_invalid');
  assert.equal((await signIn('another good password')).statusCode, 201);
});

eachDatabase('who does not exist, is disabled or mistyped gets the same answer', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const off = await organization.user('member', { email: 'off@example.com', password: PASSWORD });
  await organization.call(
    'PATCH',
    `/api/v1/users/${off.user.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': '"1"' } },
  );
  const answers = [];
  for (const body of [
    { email: 'nobody@example.com', password: PASSWORD },
    { email: 'ann@example.com', password: 'wrong' },
    { email: 'off@example.com', password: PASSWORD },
  ]) {
    const answer = await organization.call('POST', '/api/v1/sessions', body, { key: null });
    const { requestId: _, ...document } = answer.json();
    answers.push(document);
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
});
