import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { URI } from 'otpauth';
import { Refusal } from '../../store/refusal.ts';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { readOrganization } from '../organizations/organization-facts.ts';
import { endPush } from '../push/tell-browsers.ts';
import { signIn as openPortal } from '../sessions/sign-in.ts';

const PASSWORD = 'plum violin harbour seven';
const EMAIL = 'ann@example.com';

type Answer = Awaited<ReturnType<TestOrganization['call']>>;
const outcome = (answer: Answer): string =>
  answer.statusCode < 300 ? String(answer.statusCode) : answer.json().reason;

/** Ann is at home in one organization and was invited by the other. */
async function start(fixture: Fixture) {
  const home = await fixture.organization('home');
  const away = await fixture.organization('away');
  const { user } = await home.user('admin', { email: EMAIL, password: PASSWORD });
  const as =
    (key: string) =>
    (method: string, path: string, body?: unknown): Promise<Answer> =>
      home.call(method, `/api/v1/${path}`, body, { key });
  async function signIn(code?: string): Promise<string> {
    const answer = await home.call(
      'POST',
      '/api/v1/sessions',
      { email: EMAIL, password: PASSWORD, code },
      { key: null },
    );
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json().session.token;
  }
  async function invite(email = EMAIL, role = 'operator'): Promise<string> {
    const answer = await away.call('POST', '/api/v1/invitations', { email, role, mail: false, replace: true });
    assert.equal(answer.statusCode, 201, answer.body);
    return new URL(answer.json().url).searchParams.get('token')!;
  }
  async function join(key: string): Promise<void> {
    assert.equal(outcome(await as(key)('POST', 'organizations/join', { token: await invite() })), '200');
  }
  async function switchTo(key: string, organizationId = away.id): Promise<Answer> {
    return await as(key)('POST', 'organizations/switch', { organizationId });
  }
  async function linkedUser(): Promise<{ id: string; version: number }> {
    const users = (await away.call('GET', '/api/v1/users')).json().items;
    return users.find((one: { email: string }) => one.email === EMAIL);
  }
  return { home, away, user, as, signIn, invite, join, switchTo, linkedUser };
}

eachDatabase('a person joins another organization, switches, and acts in one at a time', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { home, away, user, as, signIn, invite, switchTo, linkedUser } = await start(fixture);
  const atHome = await signIn();
  const stranger = await home.user('owner', { email: 'eve@example.com', password: PASSWORD });

  // The invitation is for one address, in a session of its own, once.
  const token = await invite();
  const eve = (
    await home.call('POST', '/api/v1/sessions', { email: 'eve@example.com', password: PASSWORD }, { key: null })
  ).json().session.token;
  assert.equal(outcome(await as(eve)('POST', 'organizations/join', { token })), 'invitation.invalid');
  assert.equal(outcome(await as(stranger.key)('POST', 'organizations/join', { token })), 'factor.session_needed');
  assert.equal(outcome(await switchTo(atHome)), 'api.not_found', 'not before it was accepted');
  const both = await Promise.all([1, 2].map(() => as(atHome)('POST', 'organizations/join', { token })));
  assert.deepEqual(both.map(outcome).sort(), ['200', 'invitation.invalid']);
  const twice = await as(atHome)('POST', 'organizations/join', { token: await invite() });
  assert.equal(outcome(twice), 'api.conflict');

  const switched = await switchTo(atHome);
  assert.equal(outcome(switched), '201');
  let there = switched.json().session.token;
  const me = (await as(there)('GET', 'me')).json();
  assert.equal(me.organization.id, away.id);
  assert.equal(me.role, 'operator');
  assert.equal(me.user.kind, 'linked');

  // Each session is of one organization alone.
  for (const [key, mine, theirs] of [
    [atHome, home, away],
    [there, away, home],
  ] as const) {
    const resource = await theirs.call('POST', '/api/v1/resources', {
      name: `secret-${theirs.id.slice(-6)}`,
      targets: [{ address: '10.0.0.1:80' }],
    });
    const { id } = resource.json();
    assert.equal(outcome(await as(key)('GET', `resources/${id}`)), 'api.not_found');
    assert.equal(outcome(await as(key)('DELETE', `resources/${id}`)), 'api.not_found');
    assert.ok(!(await as(key)('GET', 'resources')).body.includes(id));
    assert.equal((await as(key)('GET', 'organizations/current')).json().id, mine.id);
  }
  // It leads nowhere: neither on, nor back, nor to anything that outlives it.
  assert.equal(outcome(await switchTo(there, home.id)), 'membership.home_only');
  assert.equal(outcome(await switchTo(there, away.id)), 'membership.home_only');
  assert.equal(outcome(await as(there)('POST', 'organizations', { name: 'x' })), 'api.forbidden');
  assert.equal((await as(there)('GET', 'organizations')).json().items.length, 1);
  const linked = await linkedUser();
  await away.call('PATCH', `/api/v1/users/${linked.id}`, { role: 'owner' }, { headers: { 'if-match': '"1"' } });
  assert.equal(outcome(await as(there)('GET', 'me')), 'access.session_revoked', 'opened under another role');
  there = (await switchTo(atHome)).json().session.token;
  assert.equal(outcome(await as(there)('POST', 'organizations', { name: 'x' })), 'membership.home_only');
  assert.equal(outcome(await as(there)('POST', 'api-keys', { name: 'k', role: 'member' })), 'membership.home_only');
  const wiki = (await as(there)('GET', 'resources')).json().items[0].id;
  const tokenBody = { name: 'git', resources: [wiki] };
  assert.equal(outcome(await as(there)('POST', 'personal-access-tokens', tokenBody)), 'membership.home_only');
  assert.equal(outcome(await as(there)('POST', 'devices', { name: 'x', csr: 'x' })), 'membership.home_only');
  assert.equal(outcome(await as(there)('POST', 'me/passkeys/options')), 'factor.session_needed');
  const flow = (
    await home.call('POST', '/api/v1/oauth/device_authorization', { client_id: 'zeronaut-cli' }, { key: null })
  ).json();
  const approval = { userCode: flow.user_code, approve: true };
  assert.equal(outcome(await as(there)('POST', 'oauth/approvals', approval)), 'membership.home_only');
  // Its administrators have no way to the credentials.
  const password = { password: 'another good password here' };
  const set = await away.call('PATCH', `/api/v1/users/${linked.id}`, password, { headers: { 'if-match': '"2"' } });
  assert.equal(outcome(set), 'api.invalid');
  assert.equal(outcome(await away.call('GET', `/api/v1/users/${user.id}`)), 'api.not_found');

  const items = (await as(atHome)('GET', 'organizations')).json().items;
  assert.deepEqual(
    items.map((item: { home: boolean; current: boolean; role: string }) => [item.home, item.current, item.role]),
    [
      [true, true, 'admin'],
      [false, false, 'owner'],
    ],
  );
  // An API key of hers, at home, hears of home alone.
  const key = (await as(atHome)('POST', 'api-keys', { name: 'k', role: 'admin' })).json().key;
  assert.equal((await as(key)('GET', 'organizations')).json().items.length, 1);
  assert.equal(outcome(await switchTo(key)), 'factor.session_needed');

  // The membership ends there and nowhere else.
  const closed = { status: 'disabled' };
  assert.equal(
    outcome(await away.call('PATCH', `/api/v1/users/${linked.id}`, closed, { headers: { 'if-match': '"2"' } })),
    '200',
  );
  assert.ok(['access.session_revoked', 'access.user_disabled'].includes(outcome(await as(there)('GET', 'me'))));
  assert.equal(outcome(await as(atHome)('GET', 'me')), '200');
  assert.equal(outcome(await switchTo(atHome)), 'api.not_found');
  assert.equal(outcome(await as(atHome)('POST', 'organizations/join', { token: await invite() })), 'api.conflict');
});

eachDatabase('a switched session ends with its home, and asks what its organization asks', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { home, away, user, as, signIn, join, switchTo } = await start(fixture);
  const first = await signIn();
  await join(first);
  const open = async (key: string): Promise<string> => (await switchTo(key)).json().session.token;

  // Signed out at home, revoked at home, a new password at home, closed at home.
  const there = await open(first);
  assert.equal(outcome(await as(there)('GET', 'me')), '200');
  await as(first)('DELETE', 'sessions/current');
  assert.equal(outcome(await as(there)('GET', 'me')), 'access.session_revoked');
  const second = await signIn();
  const again = await open(second);
  await home.call('DELETE', `/api/v1/sessions/${(await as(second)('GET', 'me')).json().sessionId}`);
  assert.equal(outcome(await as(again)('GET', 'me')), 'access.session_revoked');

  // Ending it there leaves the home session as it is.
  const third = await signIn();
  const alone = await open(third);
  assert.equal(outcome(await as(alone)('DELETE', 'sessions/current')), '204');
  assert.equal(outcome(await as(alone)('GET', 'me')), 'access.session_revoked');
  assert.equal(outcome(await as(third)('GET', 'me')), '200');

  // The policy of the other organization is asked, with what was shown at home and when.
  const policy = (await away.call('GET', '/api/v1/organizations/current/sign-in-policy')).json();
  const { version, ...fields } = policy;
  const strict = { ...fields, secondFactor: 'required', factorMaxAgeSeconds: 600 };
  const path = '/api/v1/organizations/current/sign-in-policy';
  const changed = await away.call('PUT', path, strict, { headers: { 'if-match': `"${version}"` } });
  assert.equal(changed.statusCode, 200, changed.body);
  assert.equal(outcome(await switchTo(third)), 'factor.enrolment_missing');
  const started = (await as(third)('POST', 'me/factors/totp')).json();
  const app = URI.parse(started.uri);
  const code = () => app.generate({ timestamp: fixture.clock.nowMs });
  assert.equal(outcome(await as(third)('POST', 'me/factors/totp/confirmation', { code: code() })), '200');
  assert.equal(outcome(await switchTo(third)), 'factor.missing', 'the session rests on a password alone');
  fixture.clock.nowMs += 60_000;
  const both = await signIn(code());
  const strong = await switchTo(both);
  assert.equal(outcome(strong), '201');
  const session = strong.json().session.token;
  assert.equal(outcome(await as(session)('GET', 'me')), '200');
  fixture.clock.nowMs += 700_000;
  assert.equal(outcome(await switchTo(both)), 'factor.expired', 'it was shown too long ago');

  const disabled = { status: 'disabled' };
  const { version: now } = (await home.call('GET', `/api/v1/users/${user.id}`)).json();
  await home.call('PATCH', `/api/v1/users/${user.id}`, disabled, { headers: { 'if-match': `"${now}"` } });
  assert.equal(outcome(await as(session)('GET', 'me')), 'access.session_revoked');
});

eachDatabase('whoever makes an organization owns it, and keeps it owned', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { home, as, signIn } = await start(fixture);
  const admin = await signIn();
  assert.equal(outcome(await as(admin)('POST', 'organizations', { name: 'New' })), 'api.forbidden', 'owners do');
  await home.user('owner', { email: 'own@example.com', password: PASSWORD });
  const owner = (
    await home.call('POST', '/api/v1/sessions', { email: 'own@example.com', password: PASSWORD }, { key: null })
  ).json().session.token;
  const made = await as(owner)('POST', 'organizations', { name: 'Zürich & Co' });
  assert.equal(made.statusCode, 201, made.body);
  assert.match(made.json().slug, /^z-rich-co-[0-9a-z]{8}$/);
  const organizationId = made.json().id;
  const { token } = (await as(owner)('POST', 'organizations/switch', { organizationId })).json().session;
  const me = (await as(token)('GET', 'me')).json();
  assert.equal(me.role, 'owner');
  assert.equal(me.organization.name, 'Zürich & Co');
  assert.equal((await as(token)('GET', 'users')).json().items.length, 1);
  const demoted = await home.call(
    'PATCH',
    `/api/v1/users/${me.user.id}`,
    { role: 'member' },
    { key: token, headers: { 'if-match': '"1"' } },
  );
  assert.equal(outcome(demoted), 'api.last_owner');
  assert.equal((await as(token)('GET', 'audit/verification')).json().valid, true);
  // Nobody signs in as the linked user, whatever the address.
  const rows = await fixture.context.store.db.selectFrom('password_hashes').selectAll().execute();
  assert.ok(rows.every((row) => row.user_id !== me.user.id));
});

eachDatabase('the browser switches, goes back, and signs out of both', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { away, invite } = await start(fixture);
  const url = await fixture.listen();
  const browser = new TestBrowser();
  const form = (path: string, fields: Record<string, string>) => browser.post(`${url}${path}`, fields, { origin: url });
  const page = async (path: string) => (await browser.get(`${url}${path}`)).text();
  const link = `/invitation?token=${await invite()}`;
  assert.match(await page(link), /I have an account with this address/);
  const taken = await form('/invitation', { token: link.split('=')[1]!, name: 'Ann', password: PASSWORD });
  assert.equal(taken.status, 409);
  assert.match(await taken.text(), /sign in with it, and open this link again/);
  await form('/sign-in', { email: EMAIL, password: PASSWORD });
  assert.match(await page(link), /<h1>Join away<\/h1>/);
  assert.equal((await form('/organizations/join', { token: link.split('=')[1]! })).status, 200);
  assert.match(await page('/organizations'), /away/);
  assert.equal((await form('/organizations/switch', { id: 'org_01nobody' })).status, 404);
  const foreign = await browser.post(
    `${url}/organizations/switch`,
    { id: away.id },
    { origin: 'https://evil.example' },
  );
  assert.equal(foreign.status, 403);
  await form('/organizations/switch', { id: away.id });
  const there = await page('/organizations');
  assert.match(there, /Go back home/);
  assert.ok(!there.includes('>Switch<'), 'it shows no other organization');
  await form('/organizations/home', {});
  assert.match(await page('/organizations'), />Switch</);
  assert.equal((await form('/organizations/home', {})).status, 403, 'home already');
  await form('/organizations/switch', { id: away.id });
  await form('/sign-out', {});
  const open = await fixture.context.store.db
    .selectFrom('sessions')
    .select('id')
    .where('revoked_at', 'is', null)
    .execute();
  assert.deepEqual(open, []);
});

eachDatabase('gateways know a linked user without any credential, and no sign-in of theirs', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { home, away, user, as, signIn, join, switchTo, linkedUser } = await start(fixture);
  const { context } = fixture;
  const session = await signIn();
  await join(session);
  assert.equal(outcome(await switchTo(session)), '201');
  const { gateway } = await away.enrolGateway();
  const portal = `portal.${gateway.baseDomain}`;
  // Hers, of the home, for a page of the very name that the other organization's portal has.
  const passkey = { name: 'key', rp_id: portal, credential_id: 'AAAA', public_key: 'AAAA', sign_count: 0 };
  const times = { created_at: fixture.clock.nowMs, last_used_at: null };
  const owned = { id: 'pk_01hers', organization_id: home.id, user_id: user.id };
  await context.store.db
    .insertInto('passkeys')
    .values({ ...owned, ...passkey, ...times })
    .execute();
  const resource = await home.call('POST', '/api/v1/resources', { name: 'git', targets: [{ address: '10.0.0.1:80' }] });
  const body = { name: 'git', resources: [resource.json().id] };
  assert.equal(outcome(await as(session)('POST', 'personal-access-tokens', body)), '201');

  const linked = await linkedUser();
  const facts = await readOrganization(context, away.id);
  assert.ok(facts.users.some(({ id }) => id === linked.id));
  assert.deepEqual([facts.passkeys, facts.personalAccessTokens, facts.devices], [[], [], []]);
  assert.ok(!JSON.stringify(facts.users).includes(user.id));
  const atHome = await readOrganization(context, home.id);
  assert.equal(atHome.passkeys.length, 1);
  assert.equal(atHome.personalAccessTokens.length, 1);
  assert.ok(!JSON.stringify(atHome.users).includes(linked.id));

  const origin = { address: '127.0.0.1', userAgent: 'test', requestId: 'req_01' };
  const input = { email: EMAIL, password: PASSWORD, kind: 'portal' as const };
  const refused = await openPortal(context, { ...input, organizationId: away.id }, origin);
  assert.ok(refused instanceof Refusal && refused.reason === 'api.credentials_invalid');
  const known = await openPortal(context, { ...input, organizationId: home.id }, origin);
  assert.ok(known instanceof Refusal && known.reason === 'factor.missing', 'at home the password counts');
});

eachDatabase('a browser is told of alarms elsewhere no longer than its session at home lasts', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { as, signIn, join, switchTo } = await start(fixture);
  const { context } = fixture;
  const atHome = await signIn();
  await join(atHome);
  const there = (await switchTo(atHome)).json().session.token;
  const keys = { p256dh: 'B'.repeat(87), auth: 'A'.repeat(22) };
  const made = await as(there)('POST', 'me/push-subscriptions', { endpoint: 'https://push.example/1', keys });
  assert.equal(outcome(made), '201');
  const count = async () => (await context.store.db.selectFrom('push_subscriptions').select('id').execute()).length;
  await endPush(context);
  assert.equal(await count(), 1);
  assert.equal(outcome(await as(atHome)('DELETE', 'sessions/current')), '204');
  await endPush(context);
  assert.equal(await count(), 0);
});
