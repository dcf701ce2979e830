import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';
import { normalizeUserCode } from './device-authorizations.ts';

const PASSWORD = 'plum violin harbour seven';
const DAY_MS = 86_400_000;
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

eachDatabase('a device waits, polls too fast, is approved, and gets its session once', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { user } = await organization.user('operator', { email: 'ann@example.com', password: PASSWORD });
  const form = async (url: string, fields: Record<string, string>) => {
    const answer = await fixture.api.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams(fields).toString(),
    });
    return { status: answer.statusCode, ...answer.json() };
  };
  const start = () => form('/api/v1/oauth/device_authorization', { client_id: 'zeronaut-cli' });
  const poll = (device_code: string) =>
    form('/api/v1/oauth/token', { grant_type: GRANT, device_code, client_id: 'zeronaut-cli' });

  const started = await start();
  assert.match(started.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.deepEqual([started.expires_in, started.interval], [600, 5]);
  assert.equal(started.verification_uri_complete, `http://localhost:8080/device?user_code=${started.user_code}`);
  const pending = await poll(started.device_code);
  assert.deepEqual(
    [pending.status, pending.error, pending.reason],
    [400, 'authorization_pending', 'api.authorization_pending'],
  );
  assert.equal(typeof pending.error_description, 'string');
  fixture.clock.nowMs += 4_000;
  assert.equal((await poll(started.device_code)).error, 'slow_down');
  fixture.clock.nowMs += 6_000;
  assert.equal((await poll(started.device_code)).error, 'slow_down', 'the interval has grown to ten seconds');

  const session = (
    await organization.call('POST', '/api/v1/sessions', { email: 'ann@example.com', password: PASSWORD }, { key: null })
  ).json().session;
  const decide = (userCode: string, approve: boolean, key = session.token) =>
    organization.call('POST', '/api/v1/oauth/approvals', { userCode, approve }, { key });
  assert.equal(
    (await decide(started.user_code, true, organization.key)).statusCode,
    403,
    'an API key approves nothing',
  );
  assert.equal((await decide(started.user_code.toLowerCase().replace('-', ' '), true)).statusCode, 204);
  assert.equal((await decide(started.user_code, false)).statusCode, 404, 'decided once');
  const granted = await poll(started.device_code);
  assert.equal(granted.token_type, 'Bearer');
  const me = (await organization.call('GET', '/api/v1/me', undefined, { key: granted.access_token })).json();
  assert.equal(me.user.id, user.id);
  assert.equal((await poll(started.device_code)).error, 'invalid_grant', 'a code is good once');

  const refused = await start();
  await decide(refused.user_code, false);
  assert.equal((await poll(refused.device_code)).error, 'access_denied');
  const late = await start();
  fixture.clock.nowMs += 600_000;
  assert.equal((await decide(late.user_code, true)).statusCode, 404);
  assert.equal((await poll(late.device_code)).error, 'expired_token');
  assert.equal((await poll('znd_unknown-unknown-unknown')).error, 'invalid_grant');
  assert.equal((await form('/api/v1/oauth/token', { grant_type: 'password' })).error, 'invalid_request');

  let last = 0;
  for (let i = 0; i < 12; i++) last = (await decide('BBBB-BBBB', true)).statusCode;
  assert.equal(last, 429, 'codes cannot be guessed');
  const rows = JSON.stringify(await fixture.context.store.db.selectFrom('device_authorizations').selectAll().execute());
  assert.ok(
    !rows.includes(late.device_code) && !rows.includes(late.user_code.replace('-', '')),
    'only hashes are kept',
  );

  // It goes on as long as it is used, but not longer than it lives.
  const still = async (key: string) =>
    (await organization.call('GET', '/api/v1/me', undefined, { key })).json().reason ?? 'open';
  fixture.clock.nowMs += 3 * DAY_MS;
  assert.equal(await still(granted.access_token), 'open');
  fixture.clock.nowMs += 13 * DAY_MS;
  assert.equal(await still(granted.access_token), 'open', 'used 13 days ago');
  fixture.clock.nowMs += 13 * DAY_MS;
  assert.equal(await still(granted.access_token), 'open');
  fixture.clock.nowMs += DAY_MS;
  assert.equal(await still(granted.access_token), 'access.session_expired', 'thirty days');
});

test('codes are read as people type them', () => {
  assert.equal(normalizeUserCode(' bcdf-ghjk '), 'BCDFGHJK');
  assert.equal(normalizeUserCode('BCDF GHJK\n'), 'BCDFGHJK');
});

eachDatabase('what a session approved before it was ended lets nobody in afterwards', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const email = 'ann@example.com';
  const { user } = await organization.user('member', { email, password: PASSWORD });
  let password = PASSWORD;
  const signIn = async (): Promise<string> =>
    (await organization.call('POST', '/api/v1/sessions', { email, password }, { key: null })).json().session.token;
  const form = async (url: string, fields: Record<string, string>) => {
    const answer = await fixture.api.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ client_id: 'zeronaut-cli', ...fields }).toString(),
    });
    return answer.json();
  };
  /** Somebody with a stolen session approves a command line of their own, and waits with it. */
  const approveWith = async (key: string): Promise<() => Promise<string>> => {
    const { device_code, user_code } = await form('/api/v1/oauth/device_authorization', {});
    const approval = { userCode: user_code, approve: true };
    assert.equal((await organization.call('POST', '/api/v1/oauth/approvals', approval, { key })).statusCode, 204);
    return async () => (await form('/api/v1/oauth/token', { grant_type: GRANT, device_code })).error ?? 'let in';
  };

  const beforeRole = await approveWith(await signIn());
  const headers = { 'if-match': '"1"' };
  await organization.call('PATCH', `/api/v1/users/${user.id}`, { role: 'admin' }, { headers });
  assert.equal(await beforeRole(), 'access_denied', 'approved under another role');

  const own = await signIn();
  const beforePassword = await approveWith(await signIn());
  const change = { currentPassword: password, newPassword: 'seven harbours of violin plums' };
  assert.equal((await organization.call('POST', '/api/v1/me/password', change, { key: own })).statusCode, 204);
  password = change.newPassword;
  assert.equal(await beforePassword(), 'access_denied', 'approved before the password was another');

  const stolen = await signIn();
  const [bySession, byAnother] = [await approveWith(stolen), await approveWith(await signIn())];
  const mine = (await organization.call('GET', '/api/v1/me', undefined, { key: stolen })).json().sessionId;
  assert.equal((await organization.call('DELETE', `/api/v1/sessions/${mine}`)).statusCode, 204);
  assert.equal(await bySession(), 'access_denied', 'approved by a session that was ended by itself');
  assert.equal(await byAnother(), 'let in');
});
