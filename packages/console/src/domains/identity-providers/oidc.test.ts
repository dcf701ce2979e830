import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { createOidcPeer, type OidcPeer } from '../../testing/oidc-peer.suite.ts';
import { checkSignInAge } from './oidc.ts';

interface World {
  readonly fixture: Fixture;
  readonly organization: TestOrganization;
  readonly peer: OidcPeer;
  readonly console: string;
  readonly provider: { id: string; version: number; addresses: Record<string, string> };
}

async function oidcWorld(
  t: TestContext,
  database: Parameters<typeof startFixture>[1],
  more: Record<string, unknown> = {},
): Promise<World> {
  const fixture = await startFixture(t, database);
  const url = await fixture.listen();
  const organization = await fixture.organization();
  const peer = await createOidcPeer(t);
  const answer = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'corp',
    displayName: 'Corp',
    settings: { kind: 'oidc', issuer: peer.issuer, clientId: peer.clientId },
    secret: peer.clientSecret,
    createUsers: true,
    groupMappings: [
      { from: 'Engineering', group: 'dev' },
      { from: 'platform-admins', group: 'ops', role: 'admin' },
    ],
    ...more,
  });
  assert.equal(answer.statusCode, 201, answer.body);
  const provider = answer.json();
  await organization.call('POST', `/api/v1/identity-providers/${provider.id}/domains`, {
    domain: 'corp.example',
    proof: 'owner',
  });
  await peer.start({ redirectUri: provider.addresses.callback, logoutUri: provider.addresses.backChannelLogout });
  return { fixture, organization, peer, console: url, provider };
}

async function me(world: World, browser: TestBrowser) {
  const token = browser.cookie(world.console, 'zn_console');
  const answer = await fetch(`${world.console}/api/v1/me`, { headers: { cookie: `zn_console=${token}` } });
  return (await answer.json()) as {
    reason?: string;
    user: { id: string; email: string; name: string; role: string; groups: string[]; organizationId: string };
  };
}

function sqlite(t: TestContext) {
  const file = `${temporaryDirectory(t)}/z.db`;
  return { kind: 'sqlite' as const, file, url: `sqlite:${file}` };
}

eachDatabase(
  'a person signs in through an OpenID provider and is made, mapped, kept and changed',
  async (t, database) => {
    const world = await oidcWorld(t, database);
    const { peer, organization, provider } = world;
    peer.accounts.set('ann-1', {
      email: 'Ann@Corp.example',
      email_verified: true,
      name: 'Ann Example',
      groups: ['engineering', 'Platform-Admins', 'unmapped'],
    });
    peer.signedIn = 'ann-1';
    const browser = new TestBrowser();
    const page = await browser.get(`${world.console}/sign-in`);
    assert.match(await page.text(), new RegExp(`/sign-in/with/${provider.id}[^"]*">Continue with Corp<`));
    const done = await browser.get(
      `${world.console}/sign-in/with/${provider.id}?next=${encodeURIComponent('/device')}`,
    );
    const text = await done.text();
    assert.equal(done.status, 200, text);
    assert.match(text, /<a id="next" href="\/device">/);
    const authorization = new URL(browser.hops.find((hop) => hop.includes('/auth?'))!.slice(4));
    for (const name of ['state', 'nonce', 'code_challenge'])
      assert.ok(authorization.searchParams.get(name)!.length >= 43);
    assert.equal(authorization.searchParams.get('code_challenge_method'), 'S256');

    const first = await me(world, browser);
    assert.deepEqual(
      [first.user.email, first.user.name, first.user.role, first.user.groups, first.user.organizationId],
      ['ann@corp.example', 'Ann Example', 'admin', ['dev', 'ops'], organization.id],
    );

    // What was given by hand stays; what the provider no longer says is taken back; the subject counts, not the address.
    const { version } = (await organization.call('GET', `/api/v1/users/${first.user.id}`)).json();
    const byHand = await organization.call(
      'PATCH',
      `/api/v1/users/${first.user.id}`,
      { groups: ['dev', 'ops', 'by-hand'] },
      { headers: { 'if-match': `"${version}"` } },
    );
    assert.equal(byHand.statusCode, 200, byHand.body);
    peer.accounts.set('ann-1', { email: 'ann.married@corp.example', email_verified: true, groups: ['Engineering'] });
    const again = new TestBrowser();
    await again.get(`${world.console}/sign-in/with/${provider.id}`);
    const second = await me(world, again);
    assert.deepEqual(
      [second.user.id, second.user.role, second.user.groups],
      [first.user.id, 'member', ['by-hand', 'dev']],
    );
    const before = await browser.get(`${world.console}/api/v1/me`);
    assert.equal(((await before.json()) as { reason: string }).reason, 'access.session_revoked', 'of another role');

    const audit = (await organization.call('GET', '/api/v1/audit?limit=100')).json();
    const actions = audit.items.map(({ action }: { action: string }) => action);
    for (const action of ['identity_provider.create', 'user.create', 'user.update', 'session.create']) {
      assert.ok(actions.includes(action), action);
    }
    assert.ok(!JSON.stringify(audit).includes(peer.clientSecret), 'the secret is in no audit entry');
    const shown = await organization.call('GET', '/api/v1/identity-providers');
    assert.ok(!shown.body.includes(peer.clientSecret), 'and is never shown');
    const rows = await world.fixture.context.store.db.selectFrom('identity_providers').selectAll().execute();
    assert.ok(!JSON.stringify(rows).includes(peer.clientSecret), 'and is sealed in the database');
  },
);

test('logging out at the provider ends the sessions here, by the session that it names', async (t) => {
  const world = await oidcWorld(t, sqlite(t));
  const { peer, provider } = world;
  peer.accounts.set('ann-1', { email: 'ann@corp.example', email_verified: true });
  peer.signedIn = 'ann-1';
  const one = new TestBrowser();
  const two = new TestBrowser();
  for (const browser of [one, two]) await browser.get(`${world.console}/sign-in/with/${provider.id}`);
  assert.equal((await me(world, one)).user.email, 'ann@corp.example');
  const form = await (await one.get(`${peer.issuer}/session/end`)).text();
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(form)![1]!;
  await one.post(`${peer.issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
  assert.equal((await me(world, one)).reason, 'access.session_revoked');
  assert.equal((await me(world, two)).user.email, 'ann@corp.example', 'the other session at the provider goes on');
});

test('whom a provider may speak for', async (t) => {
  const world = await oidcWorld(t, sqlite(t), { createUsers: false });
  const { peer, organization, provider } = world;
  const attempt = async (subject: string, account: Parameters<OidcPeer['accounts']['set']>[1]) => {
    peer.accounts.set(subject, account);
    peer.signedIn = subject;
    const browser = new TestBrowser();
    const page = await (await browser.get(`${world.console}/sign-in/with/${provider.id}`)).text();
    return /class="soft small"><code>([a-z_.]+)<\/code> ·/.exec(page)?.[1] ?? (await me(world, browser)).user.id;
  };
  const bob = (await organization.user('member', { email: 'bob@corp.example' })).user;
  const eve = (await organization.user('owner', { email: 'eve@elsewhere.example' })).user;
  assert.equal(await attempt('1', { email: 'nobody@corp.example', email_verified: true }), 'idp.user_unknown');
  assert.equal(await attempt('2', { email: 'bob@corp.example', email_verified: false }), 'idp.email_missing');
  assert.equal(await attempt('2', { email: 'bob@corp.example' }), 'idp.email_missing');
  assert.equal(await attempt('2', { email: eve.email, email_verified: true }), 'idp.email_not_owned');
  assert.equal(await attempt('2', { email: 'x@sub.corp.example', email_verified: true }), 'idp.email_not_owned');
  assert.equal(await attempt('2', { email: 'x@corp.example@evil.example', email_verified: true }), 'idp.email_missing');
  assert.equal(await attempt('2', { email: 'bob@corp.example', email_verified: true }), bob.id);
  assert.equal(await attempt('2', { email: 'anything@at.all', email_verified: false }), bob.id, 'known by its subject');

  // A domain that another organization proved by DNS is no longer ours by an owner's word.
  const other = await world.fixture.organization('other');
  const theirs = await other.call('POST', '/api/v1/identity-providers', {
    name: 'theirs',
    settings: { kind: 'oidc', issuer: peer.issuer, clientId: 'x' },
    secret: 'y',
  });
  await other.call('POST', `/api/v1/identity-providers/${theirs.json().id}/domains`, { domain: 'corp.example' });
  await world.fixture.context.store.db
    .updateTable('identity_provider_domains')
    .set({ verified_at: world.fixture.clock.nowMs })
    .where('organization_id', '=', other.id)
    .execute();
  assert.equal(await attempt('3', { email: 'bob@corp.example', email_verified: true }), 'idp.email_not_owned');

  const entries = (await organization.call('GET', '/api/v1/audit?limit=100')).json().items;
  const denied = entries.filter(({ action }: { action: string }) => action === 'session.denied');
  assert.ok(denied.length >= 6, 'every refusal is in the audit chain');

  await organization.call(
    'PATCH',
    `/api/v1/users/${bob.id}`,
    { status: 'disabled' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.equal(await attempt('2', { email: 'bob@corp.example', email_verified: true }), 'access.user_disabled');
});

test('the common page sends nobody to a provider by an unproved domain once there are two organizations', async (t) => {
  const world = await oidcWorld(t, sqlite(t));
  const discover = async (more = '') => {
    const page = await fetch(`${world.console}/sign-in/discover?email=ann%40corp.example${more}`);
    return /<a id="next" href="([^"]+)"/.exec(await page.text())?.[1] ?? String(page.status);
  };
  assert.match(await discover(), new RegExp(`^/sign-in/with/${world.provider.id}\\?`));
  await world.fixture.organization('other');
  assert.equal(await discover(), '404');
  const { slug } = (await world.organization.call('GET', '/api/v1/organizations/current')).json();
  assert.match(await discover(`&organization=${slug}`), new RegExp(`^/sign-in/with/${world.provider.id}\\?`));
});

test('a provider that moves needs its secret again, and its domains, names and versions are guarded', async (t) => {
  const world = await oidcWorld(t, sqlite(t));
  const { organization, peer, provider } = world;
  const put = (body: object, version = 1) =>
    organization.call('PUT', `/api/v1/identity-providers/${provider.id}`, body, {
      headers: { 'if-match': `"${version}"` },
    });
  const settings = { kind: 'oidc', issuer: peer.issuer, clientId: peer.clientId };
  const moved = await put({ name: 'corp', settings: { ...settings, issuer: 'https://attacker.example' } });
  assert.equal(moved.json().errors[0].path, '/secret');
  assert.equal((await put({ name: 'corp', settings }, 7)).json().reason, 'api.precondition_failed');
  assert.equal((await put({ name: 'corp', settings: { kind: 'saml', metadata: '<x/>' } })).statusCode, 400);
  assert.equal((await put({ name: 'corp', settings, defaultRole: 'owner' })).statusCode, 400);
  const kept = await put({ name: 'corp2', settings });
  assert.deepEqual([kept.statusCode, kept.json().hasSecret, kept.json().version], [200, true, 2], kept.body);
  const tested = await organization.call('POST', '/api/v1/identity-providers/corp2/test');
  assert.deepEqual(
    tested.json().checks.map(({ check, ok }: { check: string; ok: boolean }) => [check, ok]),
    [
      ['discovery', true],
      ['keys', true],
    ],
  );
  const admin = await organization.user('admin');
  const refused = await organization.call('DELETE', `/api/v1/identity-providers/${provider.id}`, undefined, admin);
  assert.equal(refused.statusCode, 403, 'an admin could sign in as an owner');
  const again = await organization.call('POST', '/api/v1/identity-providers/corp2/domains', { domain: 'corp.example' });
  assert.equal(again.json().reason, 'idp.domain_taken');
  assert.equal((await organization.call('DELETE', `/api/v1/identity-providers/${provider.id}`)).statusCode, 204);
});

test('a sign-in at the provider that is older than the organization lets it be does not count', async (t) => {
  const world = await oidcWorld(t, sqlite(t));
  const { peer, organization, provider, fixture } = world;
  peer.accounts.set('ann-1', { email: 'ann@corp.example', email_verified: true, groups: [] });
  peer.signedIn = 'ann-1';
  const path = '/api/v1/organizations/current/sign-in-policy';
  const browser = new TestBrowser();
  const signIn = async () => {
    const page = await browser.get(`${world.console}/sign-in/with/${provider.id}`);
    return { page, request: new URL(browser.hops.findLast((hop) => hop.includes('/auth?'))!.slice(4)) };
  };
  assert.equal((await signIn()).request.searchParams.get('max_age'), null);
  const set = await organization.call('PUT', path, { providerMaxAgeSeconds: 300 }, { headers: { 'if-match': '"1"' } });
  assert.equal(set.statusCode, 200, set.body);

  // The provider keeps its session; it is asked for its age, and says it.
  const young = await signIn();
  assert.equal(young.request.searchParams.get('max_age'), '300');
  assert.equal(young.page.status, 200, 'a moment old');
  // A provider that does not heed it is found out: its clock stays, ours is ten minutes on.
  fixture.clock.nowMs += 600_000;
  const old = await (await signIn()).page.text();
  assert.match(old, /idp\.(sign_in_old|time_invalid)/);
});

test('the age of a sign-in: none, some, too much, none that is said, and of the future', () => {
  const nowMs = Date.parse('2026-01-01T12:00:00Z');
  const reasonOf = (agoMs: number | null, maxAgeSeconds: number | null) =>
    checkSignInAge(agoMs === null ? null : nowMs - agoMs, maxAgeSeconds, nowMs)?.reason ?? null;
  assert.equal(reasonOf(null, null), null);
  assert.equal(reasonOf(86_400_000, null), null);
  assert.equal(reasonOf(0, 60), null);
  assert.equal(reasonOf(89_000, 60), null, 'clocks may differ by half a minute');
  assert.equal(reasonOf(91_000, 60), 'idp.sign_in_old');
  assert.equal(reasonOf(null, 60), 'idp.sign_in_old');
  assert.equal(reasonOf(-31_000, 60), 'idp.time_invalid');
});
