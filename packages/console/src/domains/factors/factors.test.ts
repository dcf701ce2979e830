import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { URI } from 'otpauth';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { missingFactors } from '../sessions/sign-in-policy.ts';

const PASSWORD = 'plum violin harbour seven';

/** A person with a password and an authenticator app that is on. */
async function personWithApp(fixture: Fixture, organization: TestOrganization, email: string) {
  await organization.user('owner', { email, password: PASSWORD });
  const signIn = (more: object = {}, headers: Record<string, string> = {}) =>
    organization.call('POST', '/api/v1/sessions', { email, password: PASSWORD, ...more }, { key: null, headers });
  const key: string = (await signIn()).json().session.token;
  const started = (await organization.call('POST', '/api/v1/me/factors/totp', undefined, { key })).json();
  const app = URI.parse(started.uri) as import('otpauth').TOTP;
  const code = (offsetMs = 0) => app.generate({ timestamp: fixture.clock.nowMs + offsetMs });
  const confirm = await organization.call('POST', '/api/v1/me/factors/totp/confirmation', { code: code() }, { key });
  assert.equal(confirm.statusCode, 200, confirm.body);
  return { key, code, secret: started.secret as string, recovery: confirm.json().recoveryCodes as string[], signIn };
}

eachDatabase('a second factor is asked for, counts once, and is never stored in the clear', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { code, secret, recovery, signIn, key } = await personWithApp(fixture, organization, 'ann@example.com');
  const reason = async (answer: ReturnType<typeof signIn>) => (await answer).json().reason;

  assert.equal(await reason(signIn()), 'factor.missing');
  assert.equal(await reason(signIn({ code: code() })), 'factor.invalid', 'the code of the set-up was used up');
  fixture.clock.nowMs += 30_000;
  const now = code();
  const [one, two] = await Promise.all([signIn({ code: now }), signIn({ code: `${now.slice(0, 3)} ${now.slice(3)}` })]);
  assert.deepEqual([one.statusCode, two.statusCode].sort(), [201, 401], 'of two at once one comes too late');
  assert.equal(await reason(signIn({ code: now })), 'factor.invalid', 'replayed');
  assert.equal(await reason(signIn({ code: code(-30_000) })), 'factor.invalid', 'an older one after it');
  assert.equal((await signIn({ code: code(30_000) })).statusCode, 201, 'a clock that is 30 s ahead');
  fixture.clock.nowMs += 600_000;
  assert.equal(await reason(signIn({ code: code(90_000) })), 'factor.invalid', 'too far ahead');

  const typed = recovery[0]!.toUpperCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'L');
  const byRecovery = await signIn({ code: typed });
  assert.equal(byRecovery.statusCode, 201, byRecovery.body);
  assert.equal(await reason(signIn({ code: recovery[0] })), 'factor.invalid', 'each counts once');
  const token = byRecovery.json().session.token;
  const list = (await organization.call('GET', '/api/v1/me/factors', undefined, { key: token })).json();
  assert.equal(list.recoveryCodesLeft, 9);
  const sessions = (await organization.call('GET', '/api/v1/sessions')).json().items;
  assert.deepEqual(sessions.at(-1).factors, ['password', 'recovery_code']);

  const fresh = await organization.call('POST', '/api/v1/me/factors/recovery-codes', undefined, { key: token });
  assert.equal(fresh.json().recoveryCodes.length, 10);
  assert.equal(await reason(signIn({ code: recovery[1] })), 'factor.invalid', 'the old set is void');

  const { db } = fixture.context.store;
  const stored = JSON.stringify([
    await db.selectFrom('totp_factors').selectAll().execute(),
    await db.selectFrom('recovery_codes').selectAll().execute(),
    await db.selectFrom('audit_entries').selectAll().execute(),
  ]);
  for (const text of [secret, ...recovery, recovery[2]!.replaceAll('-', ''), now]) {
    assert.ok(!stored.includes(text), 'a secret is in the database');
  }
  const { items } = list;
  assert.equal(
    (await organization.call('DELETE', `/api/v1/me/factors/${items[0].id}`, undefined, { key })).statusCode,
    204,
  );
  assert.equal((await signIn()).statusCode, 201);
  assert.equal((await db.selectFrom('recovery_codes').selectAll().execute()).length, 0);
});

eachDatabase('codes cannot be guessed, and guessing keeps nobody out of a known address', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { code, signIn } = await personWithApp(fixture, organization, 'ann@example.com');
  const origin = (address: string) => ({ address, userAgent: '', requestId: 'req_test' });
  const { signIn: domainSignIn } = await import('../sessions/sign-in.ts');
  const answers = new Map<string, number>();
  for (let i = 0; i < 300; i++) {
    const result = await domainSignIn(
      fixture.context,
      { email: 'ann@example.com', password: PASSWORD, code: '000000', kind: 'console' },
      origin(`198.51.100.${i % 250}`),
    );
    const answer = 'reason' in result ? result.reason : 'signed in';
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
  }
  assert.deepEqual([...answers.keys()].sort(), ['api.rate_limited', 'factor.invalid']);
  assert.ok(answers.get('factor.invalid')! <= 60, `${answers.get('factor.invalid')} codes were looked at`);
  fixture.clock.nowMs += 30_000;
  assert.equal((await signIn({ code: code() })).statusCode, 201, 'from the address of the first session');
});

eachDatabase(
  'only the person sets up factors; administrators reset them, owners only by owners',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const theirs = await fixture.organization('theirs');
    const admin = await organization.user('admin');
    const { key, signIn, code } = await personWithApp(fixture, organization, 'ann@example.com');
    const call = async (method: string, url: string, more = {}) =>
      await organization.call(method, url, undefined, more);

    assert.equal((await call('POST', '/api/v1/me/factors/totp')).json().reason, 'factor.session_needed', 'an API key');
    assert.equal((await call('POST', '/api/v1/me/factors/totp', { key })).json().reason, 'factor.exists');
    const { id } = (await call('GET', '/api/v1/me', { key })).json().user;
    const factor = (await call('GET', `/api/v1/users/${id}/factors`)).json().items[0];
    assert.equal(factor.kind, 'totp');
    const other = await personWithApp(fixture, organization, 'bob@example.com');
    assert.equal((await call('DELETE', `/api/v1/me/factors/${factor.id}`, { key: other.key })).statusCode, 404);
    assert.equal((await call('DELETE', `/api/v1/users/${id}/factors`, { key: theirs.key })).statusCode, 404);
    assert.equal(
      (await call('DELETE', `/api/v1/users/${id}/factors`, { key: admin.key })).json().reason,
      'api.forbidden',
    );
    assert.equal((await signIn({})).json().reason, 'factor.missing');
    assert.equal((await call('DELETE', `/api/v1/users/${id}/factors`)).statusCode, 204);
    assert.equal((await call('GET', '/api/v1/me', { key })).json().reason, 'access.session_revoked');
    assert.equal((await signIn()).statusCode, 201);
    assert.equal((await signIn({ code: code(30_000) })).json().reason, 'factor.invalid', 'the old app is gone');
  },
);

eachDatabase(
  'the policy of an organization: who must have two, how old they may be, how long a session lasts',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const url = '/api/v1/organizations/current/sign-in-policy';
    const set = (body: object, version: number) =>
      organization.call('PUT', url, body, { headers: { 'if-match': `"${version}"` } });
    const both = await Promise.all([set({ consoleIdleSeconds: 600 }, 1), set({ consoleIdleSeconds: 700 }, 1)]);
    assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [200, 412]);
    assert.equal((await set({ consoleSessionSeconds: 3600, consoleIdleSeconds: 600 }, 2)).json().version, 3);

    await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
    const signIn = () =>
      organization.call('POST', '/api/v1/sessions', { email: 'ann@example.com', password: PASSWORD }, { key: null });
    const me = async (key: string) => (await organization.call('GET', '/api/v1/me', undefined, { key })).json().reason;
    const key = (await signIn()).json().session.token;
    for (let i = 0; i < 6; i++) {
      fixture.clock.nowMs += 580_000;
      assert.equal(await me(key), undefined, `used every ten minutes, ${i}`);
    }
    fixture.clock.nowMs += 200_000;
    assert.equal(await me(key), 'access.session_expired', 'an hour is over, used or not');
    const idle = (await signIn()).json().session.token;
    fixture.clock.nowMs += 600_000;
    assert.equal(await me(idle), 'access.session_expired', 'nobody used it');

    assert.equal((await set({ secondFactor: 'required' }, 3)).statusCode, 200);
    assert.equal((await signIn()).json().reason, 'factor.enrolment_missing');

    const policy = (await organization.call('GET', url)).json();
    const none = { passkey: false, totp: false, recovery_code: false };
    const at = 1_000_000_000;
    const seen = (...kinds: ('password' | 'provider' | 'passkey' | 'totp')[]) =>
      kinds.map((kind) => ({ kind, atMs: at }));
    assert.deepEqual(missingFactors(policy, seen('password'), none, at), ['enrolment']);
    assert.deepEqual(missingFactors(policy, seen('password'), { ...none, totp: true }, at), ['totp']);
    assert.deepEqual(missingFactors(policy, seen('password', 'totp'), { ...none, totp: true }, at), []);
    assert.deepEqual(missingFactors(policy, seen('provider'), none, at), []);
    assert.deepEqual(missingFactors({ ...policy, trustProviders: false }, seen('provider'), none, at), ['enrolment']);
    assert.deepEqual(missingFactors(policy, seen('passkey'), none, at), []);
    assert.deepEqual(missingFactors(policy, seen('password'), { ...none, recovery_code: true }, at), ['enrolment']);
    for (const proved of [[], seen('totp')]) assert.ok('reason' in missingFactors(policy, proved, none, at));
    assert.ok('reason' in missingFactors(policy, seen('password', 'totp'), none, at + 900_000), 'too old');
  },
);
