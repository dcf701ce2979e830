import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { ensureLocalCredential } from '../setup/local-user.ts';

const PASSWORD = 'plum violin harbour seven';

eachDatabase('a forbid of administer keeps out whom it names, now, and never who makes it', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const admin = await ours.user('admin');
  const save = async (name: string, text: string, key = ours.key) =>
    await ours.call('POST', '/api/v1/policies', { name, text }, { key });
  const users = async (key: string, organization = ours) => {
    const answer = await organization.call('GET', '/api/v1/users', undefined, { key });
    return answer.statusCode === 200 ? 'ok' : `${answer.statusCode} ${answer.json().reason}`;
  };
  const refusal = async (answer: Promise<{ statusCode: number; json(): { detail: string } }>) => {
    const { statusCode, json } = await answer;
    return `${statusCode} ${json().detail}`;
  };

  const forbid = (more: string) => `forbid (principal, action == Action::"administer", resource)${more};`;
  assert.equal(
    (await save('risky', `@advice("Call 4711.")\n${forbid(' when { context.risk > 70 }')}`)).statusCode,
    201,
  );
  assert.equal(await users(admin.key), 'ok');
  const risk = { score: 80, reason: 'stolen' };
  assert.equal((await ours.call('PUT', `/api/v1/risks/${admin.user.id}`, risk)).statusCode, 200);
  assert.equal(await users(admin.key), '403 api.administration_forbidden');
  assert.match(
    await refusal(ours.call('GET', '/api/v1/users', undefined, { key: admin.key })),
    /^403 the policy risky forbids to administer now: Call 4711\.$/,
  );
  assert.equal(await users(ours.key), 'ok', 'whose risk is none');
  assert.equal(await users(theirs.key, theirs), 'ok');
  // What every member may is no administration; nothing is had by it that a member has not.
  const me = await ours.call('GET', '/api/v1/me', undefined, { key: admin.key });
  assert.deepEqual([me.statusCode, me.json().role], [200, 'member']);
  const key = await ours.call('POST', '/api/v1/api-keys', { name: 'mine', role: 'admin' }, { key: admin.key });
  assert.notEqual(key.statusCode, 201, key.body);
  assert.equal((await ours.call('PUT', `/api/v1/risks/${admin.user.id}`, { ...risk, score: 0 })).statusCode, 200);
  assert.equal(await users(admin.key), 'ok');

  // Nobody locks out themselves, not by trying either; a policy without an action is about access.
  const lockout = /^409 it would keep you out yourself \(the policy \w+ forbids/;
  assert.match(await refusal(save('all', forbid(''))), lockout);
  assert.match(await refusal(save('sessions', forbid(' unless { context.by == "session" }'))), lockout);
  for (const dryRun of [true, false]) {
    const body = { policies: [{ name: 'all', text: forbid('') }], dryRun };
    assert.match(await refusal(ours.call('POST', '/api/v1/policies/apply', body)), lockout);
  }
  assert.equal((await save('nothing', 'forbid (principal, action, resource);')).statusCode, 201);
  assert.equal(await users(ours.key), 'ok');

  // Sessions can do something about it.
  const person = await ours.user('admin', { email: 'ann@example.com', password: PASSWORD });
  const opened = await ours.call(
    'POST',
    '/api/v1/sessions',
    { email: 'ann@example.com', password: PASSWORD },
    { key: null },
  );
  assert.equal(opened.statusCode, 201, opened.body);
  const token: string = opened.json().session.token;
  assert.equal(await users(token), 'ok');
  const second = `@step_up\n${forbid(' when { context.by == "session" && !context.factors.contains("totp") }')}`;
  const saved = await save('second', second);
  assert.equal(saved.statusCode, 201, saved.body);
  assert.equal(await users(token), '401 access.step_up_required');
  assert.equal(await users(person.key), 'ok', 'an API key is no session');
  const off = await ours.call(
    'PATCH',
    `/api/v1/policies/${saved.json().id}`,
    { mode: 'report' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(off.statusCode, 200, off.body);
  assert.equal(await users(token), 'ok');

  // Who has the console's machine always gets in.
  const { apiKey: local } = await ensureLocalCredential(fixture.context, ours.id, 'http://127.0.0.1:8080', null);
  assert.equal((await save('all', forbid(''), local)).statusCode, 201);
  assert.equal(await users(ours.key), '403 api.administration_forbidden');
  assert.equal(await users(local), 'ok');
  assert.equal((await ours.call('DELETE', '/api/v1/policies/all', undefined, { key: local })).statusCode, 204);
  assert.equal(await users(ours.key), 'ok');
});
