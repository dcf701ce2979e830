import assert from 'node:assert/strict';
import { createECDH, randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { readOrganization } from '../domains/organizations/organization-facts.ts';
import { createSetupToken } from '../domains/setup/setup.ts';
import { type Fixture, startFixture } from '../testing/fixture.suite.ts';
import { html } from './html.ts';
import { safeNext } from './next.ts';

const PASSWORD = 'plum violin harbour seven';
const HOST = { host: 'localhost:8080' };
const OURS = { ...HOST, origin: 'http://localhost:8080' };

function post(fixture: Fixture, url: string, fields: Record<string, string>, headers: Record<string, string> = OURS) {
  return fixture.api.inject({
    method: 'POST',
    url,
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams(fields).toString(),
  });
}

async function sqlite(t: TestContext): Promise<Fixture> {
  const file = `${temporaryDirectory(t)}/z.db`;
  return await startFixture(t, { kind: 'sqlite', file, url: `sqlite:${file}` });
}

async function signedIn(fixture: Fixture, email = 'ann@example.com'): Promise<Record<string, string>> {
  const answer = await post(fixture, '/sign-in', { email, password: PASSWORD, next: '/' });
  const [cookie] = answer.cookies as { name: string; value: string }[];
  return { cookie: `${cookie!.name}=${cookie!.value}` };
}

test('everything that is put into a page is escaped', () => {
  const evil = `<script>"'&</script>`;
  assert.equal(
    html`<a title="${evil}">${[evil, html`<b>${1}</b>`, null]}</a>`.text,
    '<a title="&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;">&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;<b>1</b></a>',
  );
});

test('after sign-in one goes to our own pages only', () => {
  const ours: [unknown, string][] = [
    ['/', '/'],
    ['/device?user_code=BCDF-GHJK', '/device?user_code=BCDF-GHJK'],
    ['/api/docs', '/api/docs'],
    ['/resources/res_1?tab=2', '/resources/res_1?tab=2'],
    ['/gateways?q=a b', '/gateways?q=a%20b'],
  ];
  for (const [wanted, next] of ours) assert.equal(safeNext(wanted), next);
  for (const wanted of [
    'https://evil.example/',
    '//evil.example/device',
    '/\\evil.example/device',
    '/\t/evil.example/device',
    '/..//evil.example',
    'javascript:alert(1)',
    '/sign-out',
    '/gatewaysque',
    '/resources/../sign-out',
    '/device/../setup',
    undefined,
    ['/device'],
    `/device?${'x'.repeat(400)}`,
  ]) {
    assert.equal(safeNext(wanted), '/', String(wanted));
  }
});

eachDatabase('the setup link makes one owner, once', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  await fixture.context.store.db.updateTable('users').set({ kind: 'local' }).execute();
  const old = await createSetupToken(fixture.context, organization.id);
  const token = await createSetupToken(fixture.context, organization.id);
  const fields = {
    token: token!,
    organizationName: 'Söhne & <Co>',
    name: 'Ann',
    email: 'ann@example.com',
    password: PASSWORD,
  };
  const get = (text: string) => fixture.api.inject({ url: `/setup?token=${text}`, headers: HOST });
  assert.equal((await get(old!)).statusCode, 404, 'only the newest link works');
  assert.equal((await get('znf_unknown')).statusCode, 404);
  assert.equal((await get(token!)).statusCode, 200);
  assert.equal((await post(fixture, '/setup', fields, { ...HOST, origin: 'https://evil.example' })).statusCode, 403);
  const weak = await post(fixture, '/setup', { ...fields, password: 'passwordpassword' });
  assert.equal(weak.statusCode, 400);
  assert.match(weak.body, /everybody tries first/);
  assert.ok(!weak.body.includes('<Co>') && weak.body.includes('&lt;Co&gt;'), 'what was typed comes back escaped');

  const both = await Promise.all([
    post(fixture, '/setup', fields),
    post(fixture, '/setup', { ...fields, email: 'eve@example.com' }),
  ]);
  assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [303, 410], 'of two at once one wins');
  assert.equal((await get(token!)).statusCode, 410);
  assert.equal(await createSetupToken(fixture.context, organization.id), null);
  const rows = await fixture.context.store.db.selectFrom('setup_tokens').selectAll().execute();
  assert.ok(!JSON.stringify(rows).includes(token!), 'only the hash is kept');
});

test('a link that lay around for a day opens nothing', async (t) => {
  const fixture = await sqlite(t);
  const organization = await fixture.organization();
  await fixture.context.store.db.updateTable('users').set({ kind: 'local' }).execute();
  const token = await createSetupToken(fixture.context, organization.id);
  fixture.clock.nowMs += 24 * 3_600_000;
  const fields = { token: token!, name: 'Ann', email: 'ann@example.com', password: PASSWORD };
  assert.equal((await post(fixture, '/setup', fields)).statusCode, 410);
});

test('pages need a session, escape what is in them, and sign out for good', async (t) => {
  const fixture = await sqlite(t);
  const organization = await fixture.organization();
  await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const get = (url: string, headers: object = {}) => fixture.api.inject({ url, headers: { ...HOST, ...headers } });
  assert.equal((await get('/account')).headers.location, '/sign-in?next=%2Faccount');
  assert.equal(
    (await get('/device?user_code=bcdfghjk')).headers.location,
    '/sign-in?next=%2Fdevice%3Fuser_code%3DBCDF-GHJK',
  );
  const wrong = await post(fixture, '/sign-in', { email: 'ann@example.com"><script>', password: 'x', next: '/' });
  assert.equal(wrong.statusCode, 401);
  assert.ok(!wrong.body.includes('"><script>'));

  const cookie = await signedIn(fixture);
  const page = await get('/account', cookie);
  const policy = String(page.headers['content-security-policy']);
  assert.match(policy, /default-src 'none'/);
  assert.ok(!policy.includes('unsafe'));
  const nonce = /'nonce-([^']+)'/.exec(policy)![1]!;
  assert.ok(page.body.includes(`nonce="${nonce}"`));
  assert.ok(!(await get('/account', cookie)).body.includes(nonce), 'a nonce is used once');

  assert.equal(
    (await post(fixture, '/sign-out', {}, { ...HOST, ...cookie })).statusCode,
    403,
    'no origin, no sign-out',
  );
  assert.equal((await post(fixture, '/sign-out', {}, { ...OURS, ...cookie })).statusCode, 303);
  assert.match(String((await get('/account', cookie)).headers.location), /^\/sign-in/, 'the old cookie is void');
});

eachDatabase('signing in anew ends the session that the browser had, and nobody else’s', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { user } = await organization.user('admin', { email: 'ann@example.com', password: PASSWORD });
  await organization.user('member', { email: 'bob@example.com', password: PASSWORD });
  const me = async ({ cookie }: Record<string, string>) => {
    const answer = await fixture.api.inject({ url: '/api/v1/me', headers: { ...HOST, cookie: cookie! } });
    return answer.json().reason ?? answer.json().user.email;
  };
  const [old, elsewhere] = [await signedIn(fixture), await signedIn(fixture)];
  const keys = {
    p256dh: createECDH('prime256v1').generateKeys('base64url'),
    auth: randomBytes(16).toString('base64url'),
  };
  const subscription = { endpoint: 'https://127.0.0.1:1/push', keys };
  const token = old.cookie!.split('=')[1]!;
  const made = await organization.call('POST', '/api/v1/me/push-subscriptions', subscription, { key: token });
  assert.equal(made.statusCode, 201, made.body);

  const anew = async (email: string, headers: Record<string, string>) => {
    const answer = await post(fixture, '/sign-in', { email, password: PASSWORD, next: '/' }, { ...OURS, ...headers });
    const cookie = (answer.cookies as { name: string; value: string }[]).find(({ name }) => name === 'zn_console')!;
    return { cookie: `zn_console=${cookie.value}` };
  };
  const wrong = await post(
    fixture,
    '/sign-in',
    { email: user.email, password: 'a guess', next: '/' },
    { ...OURS, ...old },
  );
  assert.equal(wrong.statusCode, 401);
  assert.equal(await me(old), user.email, 'who fails ends nothing');
  const fresh = await anew(user.email, old);
  assert.equal(await me(fresh), user.email);
  assert.equal(await me(old), 'access.session_revoked');
  assert.equal(await me(elsewhere), user.email);
  const { sessionId } = (
    await fixture.api.inject({ url: '/api/v1/me', headers: { ...HOST, ...fresh } as Record<string, string> })
  ).json();
  const [moved] = await fixture.context.store.db.selectFrom('push_subscriptions').select('session_id').execute();
  assert.equal(moved!.session_id, sessionId, 'alarms go on in this browser');

  const bob = await anew('bob@example.com', fresh);
  assert.equal(await me(bob), 'bob@example.com');
  assert.equal(await me(fresh), 'access.session_revoked', 'it was somebody else’s browser before');
});

test('a visitor who was refused asks for access, and an approver says yes', async (t) => {
  const fixture = await sqlite(t);
  const organization = await fixture.organization();
  await organization.enrolGateway();
  await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  await organization.user('admin', { email: 'ada@example.com', password: PASSWORD });
  const [applied] = (
    await organization.call('POST', '/api/v1/resources/apply', {
      resources: [{ name: 'wiki', targets: [{ address: '127.0.0.1:80' }] }],
    })
  ).json().changes;
  const get = (url: string, headers: object = {}) => fixture.api.inject({ url, headers: { ...HOST, ...headers } });
  assert.equal((await get('/requests?object=wiki')).headers.location, '/sign-in?next=%2Frequests%3Fobject%3Dwiki');
  // At another site's link the Strict cookie is missing, whoever is signed in: a page of ours leads on to the same one, and no further.
  const fromElsewhere = await get('/requests?object=wiki', { 'sec-fetch-site': 'cross-site' });
  assert.equal(fromElsewhere.statusCode, 200);
  assert.match(fromElsewhere.body, /<a id="next" href="\/requests\?object=wiki">/);
  const strange = await get('/requests?object=//evil.example', { 'sec-fetch-site': 'cross-site' });
  assert.match(strange.body, /<a id="next" href="\/requests">/);
  assert.match(
    String((await get('/requests?object=wiki', { 'sec-fetch-site': 'same-origin' })).headers.location),
    /^\/sign-in/,
    'once, and then to the sign-in',
  );
  const ann = await signedIn(fixture);
  assert.match((await get('/requests?object=wiki', ann)).body, /name="object" value="wiki"/);
  const fields = { object: 'wiki', minutes: '60', reason: '<b>new here</b>' };
  assert.equal((await post(fixture, '/requests', fields, { ...HOST, ...ann })).statusCode, 403, 'a form of others');
  const unknown = await post(fixture, '/requests', { ...fields, object: 'wike' }, { ...OURS, ...ann });
  assert.equal(unknown.statusCode, 404);
  assert.equal((await post(fixture, '/requests', fields, { ...OURS, ...ann })).headers.location, '/requests');

  const ada = await signedIn(fixture, 'ada@example.com');
  const page = (await get('/requests', ada)).body;
  assert.match(page, /Yours to decide/);
  assert.match(page, /&lt;b&gt;new here&lt;\/b&gt;/);
  const id = /name="id" value="(acr_\w+)"/.exec(page)![1]!;
  const own = await post(fixture, '/requests/decision', { id, effect: 'approve' }, { ...OURS, ...ann });
  assert.equal(own.statusCode, 403);
  const decided = await post(fixture, '/requests/decision', { id, effect: 'approve', note: 'ok' }, { ...OURS, ...ada });
  assert.equal(decided.headers.location, '/requests');
  assert.match((await get('/requests', ann)).body, /ada@example\.com: approve, ok/);
  const granted = (await readOrganization(fixture.context, organization.id)).accessGrants;
  assert.deepEqual(
    granted.map(({ objectId }) => objectId),
    [applied.resource.id],
  );
  assert.equal((await post(fixture, '/requests/end', { id }, { ...OURS, ...ann })).statusCode, 303);
  assert.deepEqual((await readOrganization(fixture.context, organization.id)).accessGrants, []);
});

test('a device is approved from the page only by our own form', async (t) => {
  const fixture = await sqlite(t);
  const organization = await fixture.organization();
  await organization.user('member', { email: 'ann@example.com', password: PASSWORD });
  const cookie = await signedIn(fixture);
  const start = await organization.call(
    'POST',
    '/api/v1/oauth/device_authorization',
    { client_id: 'zeronaut-cli' },
    {
      key: null,
      headers: { 'user-agent': '<b>cli</b>' },
    },
  );
  const { user_code, device_code } = start.json();
  const shown = await fixture.api.inject({ url: `/device?user_code=${user_code}`, headers: { ...HOST, ...cookie } });
  assert.match(shown.body, new RegExp(user_code));
  assert.match(shown.body, /&lt;b&gt;cli&lt;\/b&gt;/);
  const fields = { user_code, decision: 'approve' };
  assert.equal(
    (await post(fixture, '/device', fields, { ...HOST, ...cookie, origin: 'https://evil.example' })).statusCode,
    403,
  );
  const poll = async () =>
    (
      await organization.call(
        'POST',
        '/api/v1/oauth/token',
        { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code, client_id: 'zeronaut-cli' },
        { key: null },
      )
    ).json();
  assert.equal((await poll()).error, 'authorization_pending');
  assert.equal((await post(fixture, '/device', fields, { ...OURS, ...cookie })).statusCode, 200);
  assert.equal((await poll()).token_type, 'Bearer');
});

test('the API page lists every route without a script of somebody else', async (t) => {
  const fixture = await sqlite(t);
  const page = await fixture.api.inject({ url: '/api/docs', headers: HOST });
  const { routes } = await import('@zeronaut/model');
  for (const { path } of Object.values(routes)) assert.ok(page.body.includes(`<code>${path}</code>`), path);
  assert.ok(!/(src|href)="https?:/.test(page.body));
});

test('a mistyped address is a page for people and a problem document for programs', async (t) => {
  const { api } = await sqlite(t);
  const get = (url: string, accept: string) => api.inject({ method: 'GET', url, headers: { ...HOST, accept } });
  const page = await get('/nothing/here', 'text/html,*/*');
  assert.equal(page.statusCode, 404);
  assert.match(page.body, /<h1>There is no such page<\/h1>/);
  for (const [url, accept] of [
    ['/nothing/here', '*/*'],
    ['/api/v1/nothing', 'text/html,*/*'],
  ] as const) {
    const answer = await get(url, accept);
    assert.equal(answer.statusCode, 404);
    assert.equal(answer.json().reason, 'api.not_found');
  }
});
