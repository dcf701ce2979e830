import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import * as client from 'openid-client';
import {
  allow,
  authorization,
  ServiceBrowser as Browser,
  insecure,
  newParty,
  nextOf,
  type Party,
  REDIRECT,
  tokensOf,
  openidWorld as world,
} from '../../testing/openid-service.suite.ts';

eachDatabase('a service signs people in through the console, as with any OpenID provider', async (t, database) => {
  const { fixture, url, ours, user } = await world(t, database);
  const party = await newParty(ours, url);
  const browser = new Browser(url);
  const first = await authorization(party);
  const signInPage = await browser.follow(first.url, { site: 'cross-site' });
  assert.match(signInPage.url, /\/sign-in\?next=%2Foidc%2Finteraction%2F/, signInPage.body);
  const consent = await browser.signIn(user.email, nextOf(signInPage));
  assert.match(consent.body, /Wiki<\/h1>[\s\S]*which groups you are in/);
  const back = await browser.follow(consent.url, allow);
  assert.ok(back.location?.startsWith(`${REDIRECT}?code=`), back.body);
  const tokens = await first.redeem(back.location!);
  const claims = tokens.claims()!;
  assert.equal(claims.sub, user.id);
  assert.equal(claims.email, user.email);
  assert.equal(claims.email_verified, true);
  const info = await client.fetchUserInfo(party.config, tokens.access_token, user.id);
  assert.deepEqual(info.groups, []);

  // Once asked, not again; and only while our session lives.
  const second = await authorization(party, { prompt: '', scope: 'openid email' });
  const straight = await browser.follow(second.url, { site: 'cross-site' });
  assert.ok(straight.location?.startsWith(`${REDIRECT}?code=`), straight.body);
  // Silently: as long as nobody has to be asked.
  const silently = async (who: Browser, more: Record<string, string> = {}) => {
    const { url } = await authorization(party, { prompt: 'none', scope: 'openid', ...more });
    const answer = await who.follow(url, { site: 'cross-site' });
    assert.ok(answer.location?.startsWith(REDIRECT), `${answer.status} ${answer.body}`);
    return new URL(answer.location!).searchParams.get('error') ?? 'code';
  };
  assert.equal(await silently(browser), 'code');
  assert.equal(await silently(browser, { prompt: 'none login' }), 'invalid_request');
  assert.equal(await silently(new Browser(url)), 'login_required');
  const strict = await newParty(ours, url, { name: 'Strict' });
  const asked = await authorization(strict, { prompt: 'none', scope: 'openid' });
  const unknown = await browser.follow(asked.url, { site: 'cross-site' });
  assert.match(unknown.location!, /error=consent_required/);
  const staffOnly = await newParty(ours, url, { groups: ['staff'], consent: 'skip' });
  const closed = await browser.follow((await authorization(staffOnly, { prompt: 'none', scope: 'openid' })).url);
  assert.match(closed.location!, /error=access_denied/);
  const theirs = await newParty(await fixture.organization(), url, { consent: 'skip' });
  const foreign = await browser.follow((await authorization(theirs, { prompt: 'none', scope: 'openid' })).url);
  assert.match(foreign.location!, /error=login_required/);
  const fresh = await authorization(party, { prompt: 'login', scope: 'openid' });
  const longAgo = { authenticated_at: fixture.clock.nowMs - 60_000 };
  await fixture.context.store.db.updateTable('sessions').set(longAgo).where('user_id', '=', user.id).execute();
  assert.match((await browser.follow(fresh.url)).url, /\/sign-in/);
  assert.equal(await silently(browser, { max_age: '30' }), 'login_required', 'the sign-in is older');

  // Nothing of it can be read from the database.
  const rows = JSON.stringify(await fixture.context.store.db.selectFrom('openid_records').selectAll().execute());
  for (const secret of [tokens.access_token, tokens.refresh_token!, party.secret]) assert.ok(!rows.includes(secret));
  const stored = await fixture.context.store.db.selectFrom('relying_parties').selectAll().execute();
  assert.ok(!JSON.stringify(stored).includes(party.secret));
  const actions = (await ours.call('GET', '/api/v1/audit')).json().items.map((one: { action: string }) => one.action);
  assert.ok(actions.includes('relying_party.sign_in'));
});

eachDatabase(
  'a relying party is changed: its addresses at once, and who was never asked is asked',
  async (t, database) => {
    const { fixture, url, ours, user } = await world(t, database);
    const party = await newParty(ours, url, { consent: 'skip', logoutUri: 'https://wiki.example/logout' });
    const browser = new Browser(url);
    const { tokens } = await tokensOf(browser, party, user.email);
    const path = `/api/v1/relying-parties/${party.id}`;
    const change = async (body: object) => {
      const answer = await ours.call('PATCH', path, body);
      assert.equal(answer.statusCode, 200, answer.body);
      return answer.json();
    };
    const moved = await change({ redirectUris: ['https://wiki.example/moved'], name: 'Handbook' });
    assert.deepEqual(
      [moved.name, moved.redirectUris, moved.logoutUri, moved.consent],
      ['Handbook', ['https://wiki.example/moved'], 'https://wiki.example/logout', 'skip'],
      'what was not named stays',
    );
    const refused = await browser.follow((await authorization(party, { prompt: '' })).url);
    assert.equal(refused.status, 400, 'the address that was taken out is sent nobody');
    await change({ redirectUris: [REDIRECT] });
    await client.refreshTokenGrant(party.config, tokens.refresh_token!);
    const again = await tokensOf(browser, party, user.email);
    await change({ consent: 'ask' });
    await assert.rejects(
      client.refreshTokenGrant(party.config, again.tokens.refresh_token!),
      oauthError('invalid_grant'),
    );

    const wrong = await ours.call('PATCH', path, { redirectUris: ['https://*.example/'] });
    assert.equal(wrong.json().reason, 'api.invalid');
    const foreign = await (await fixture.organization()).call('PATCH', path, { name: 'Mine' });
    assert.equal(foreign.json().reason, 'api.not_found');
    const { items } = (await ours.call('GET', '/api/v1/audit?action=relying_party.update')).json();
    assert.equal(items.length, 3);
    assert.equal((await ours.call('DELETE', path)).statusCode, 204);
    assert.equal((await ours.call('PATCH', path, { name: 'Late' })).json().reason, 'api.not_found');
  },
);

const oauthError = (code: string) => (error: { error?: string }) => error.error === code;

eachDatabase('a stolen refresh token or code ends the whole family', async (t, database) => {
  const { url, ours, user } = await world(t, database);
  const party = await newParty(ours, url);
  const browser = new Browser(url);
  const { tokens, flow, callback } = await tokensOf(browser, party, user.email);
  const renewed = await client.refreshTokenGrant(party.config, tokens.refresh_token!);
  assert.notEqual(renewed.refresh_token, tokens.refresh_token);
  await client.fetchUserInfo(party.config, renewed.access_token, user.id);
  await assert.rejects(client.refreshTokenGrant(party.config, tokens.refresh_token!), oauthError('invalid_grant'));
  await assert.rejects(client.refreshTokenGrant(party.config, renewed.refresh_token!), oauthError('invalid_grant'));
  await assert.rejects(client.fetchUserInfo(party.config, renewed.access_token, user.id));

  // A code twice, and one refresh token five times at once.
  await assert.rejects(flow.redeem(callback), oauthError('invalid_grant'));
  const again = await tokensOf(browser, party, user.email);
  const race = await Promise.allSettled(
    [1, 2, 3, 4, 5].map(() => client.refreshTokenGrant(party.config, again.tokens.refresh_token!)),
  );
  assert.ok(race.filter(({ status }) => status === 'fulfilled').length <= 1);
  for (const one of race) {
    if (one.status === 'fulfilled') {
      await assert.rejects(
        client.refreshTokenGrant(party.config, one.value.refresh_token!),
        oauthError('invalid_grant'),
      );
    }
  }
});

eachDatabase('tokens end with the session, the user, the group and the relying party', async (t, database) => {
  const { fixture, url, ours, user } = await world(t, database);
  const { db } = fixture.context.store;
  const refused = (party: Party, token: string) =>
    assert.rejects(
      client.refreshTokenGrant(party.config, token),
      (error: { error?: string; status?: number }) => error.error === 'invalid_grant' || error.status === 401,
    );
  const party = await newParty(ours, url);
  const open = async (which = party) => (await tokensOf(new Browser(url), which, user.email)).tokens.refresh_token!;

  const one = await open();
  const session = await db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', user.id)
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  assert.equal((await ours.call('DELETE', `/api/v1/sessions/${session.id}`)).statusCode, 204);
  await refused(party, one);

  const two = await open();
  const { secret } = (await ours.call('POST', `/api/v1/relying-parties/${party.id}/secret`)).json();
  await refused(party, two);
  const config = await client.discovery(
    new URL(`${url}/oidc`),
    party.id,
    secret,
    client.ClientSecretBasic(secret),
    insecure,
  );
  const renewed = (await client.refreshTokenGrant(config, two)).refresh_token!;
  assert.equal((await ours.call('DELETE', `/api/v1/relying-parties/${party.id}`)).statusCode, 204);
  await refused({ ...party, config }, renewed);

  const staff = await newParty(ours, url, { groups: ['staff'], consent: 'skip' });
  const outside = new Browser(url);
  const page = await outside.follow((await authorization(staff)).url, { site: 'cross-site' });
  const denied = await outside.signIn(user.email, nextOf(page));
  assert.equal(denied.status, 403, denied.body);
  await db.updateTable('users').set({ groups: '["staff"]' }).where('id', '=', user.id).execute();
  const three = await open(staff);
  await db.updateTable('users').set({ groups: '[]' }).where('id', '=', user.id).execute();
  await refused(staff, three);
});

eachDatabase('what is forged or misused at the OpenID endpoints is refused', async (t, database) => {
  const { fixture, url, ours, user } = await world(t, database);
  const party = await newParty(ours, url);
  const theirs = await fixture.organization();
  const foreign = await newParty(theirs, url);
  const spa = await newParty(ours, url, { authentication: 'none' });
  const browser = new Browser(url);
  const without =
    (...names: string[]) =>
    async () => {
      const at = new URL((await authorization(party)).url);
      for (const name of names) at.searchParams.delete(name);
      return at.href;
    };
  const cases: [string, () => Promise<string>, RegExp][] = [
    [
      'another redirect',
      async () => (await authorization(party, { redirect_uri: 'https://evil.example/' })).url,
      /invalid_redirect_uri/,
    ],
    [
      'redirect with a suffix',
      async () => (await authorization(party, { redirect_uri: `${REDIRECT}/x` })).url,
      /invalid_redirect_uri/,
    ],
    ['no PKCE', without('code_challenge', 'code_challenge_method'), /error=invalid_request/],
    [
      'PKCE downgraded to plain',
      async () => (await authorization(party, { code_challenge_method: 'plain' })).url,
      /error=invalid_request/,
    ],
    [
      'implicit flow',
      async () => (await authorization(party, { response_type: 'id_token' })).url,
      /unsupported_response_type|unauthorized_client/,
    ],
    [
      'unknown relying party',
      async () => (await authorization(party, { client_id: 'rlp_none' })).url,
      /invalid_client/,
    ],
    [
      'request by reference',
      async () => (await authorization(party, { request_uri: 'http://127.0.0.1/x' })).url,
      /request_uri_not_supported|invalid_request/,
    ],
  ];
  for (const [name, make, expected] of cases) {
    const answer = await browser.follow(await make(), { site: 'cross-site' });
    assert.match(`${answer.location ?? ''} ${answer.body}`, expected, name);
    assert.ok(!answer.location?.includes('code='), name);
  }

  const other = await authorization(foreign);
  const page = await browser.follow(other.url, { site: 'cross-site' });
  assert.equal((await browser.signIn(user.email, nextOf(page))).status, 404, 'of another organization');

  // The code of one service at another, without its verifier, or with a made-up secret.
  const flow = await authorization(party);
  const consent = await browser.follow(flow.url, { site: 'cross-site' });
  const fromElsewhere = await browser.open(consent.url, { ...allow, site: 'cross-site' });
  assert.equal(fromElsewhere.status, 403, 'consent by a form of another site');
  const stranger = await new Browser(url).open(consent.url);
  assert.equal(stranger.status, 400, `in another browser ${stranger.body}`);
  const refusal = await browser.follow((await authorization(party)).url, { site: 'cross-site' });
  const no = await browser.follow(refusal.url, { method: 'POST', body: new URLSearchParams({ decision: 'refuse' }) });
  assert.match(no.location!, /error=access_denied/);

  const again = await authorization(party);
  const asked = await browser.follow(again.url, { site: 'cross-site' });
  const back = await browser.follow(asked.url, allow);
  const code = new URL(back.location!).searchParams.get('code')!;
  const redeem = async (fields: object, authorization?: string) => {
    const body = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, ...fields });
    const answer = await fetch(`${url}/oidc/token`, {
      method: 'POST',
      body,
      headers: authorization === undefined ? {} : { authorization },
    });
    return ((await answer.json()) as { error?: string }).error;
  };
  const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const { verifier } = again;
  assert.equal(await redeem({ code_verifier: verifier }, basic(party.id, 'wrong')), 'invalid_client');
  assert.equal(await redeem({ code_verifier: verifier, client_id: party.id }), 'invalid_client', 'no secret');
  assert.equal(await redeem({ code_verifier: verifier, client_id: spa.id }), 'invalid_grant', 'another service');
  assert.equal(await redeem({}, basic(party.id, party.secret)), 'invalid_grant', 'no verifier');
  assert.equal(
    await redeem({ code_verifier: client.randomPKCECodeVerifier() }, basic(party.id, party.secret)),
    'invalid_grant',
  );
  assert.equal(
    await redeem({ code_verifier: verifier, redirect_uri: 'https://evil.example/' }, basic(party.id, party.secret)),
    'invalid_grant',
  );

  for (const redirect of [
    'http://wiki.example/',
    'https://*.example/',
    'https://a.example/#x',
    'javascript:alert(1)',
    'https://u@a.example/',
  ]) {
    const answer = await ours.call('POST', '/api/v1/relying-parties', { name: 'x', redirectUris: [redirect] });
    assert.equal(answer.statusCode, 400, redirect);
  }
  const forged = await fetch(`${url}/oidc/.well-known/openid-configuration`, {
    headers: { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  });
  const document = await forged.text();
  assert.ok(!document.includes('evil.example') && document.includes(`"${url}/oidc/token"`), document);
});

eachDatabase('a consent is taken back by whoever gave it, and with it all that came of it', async (t, database) => {
  const { fixture, url, ours, user } = await world(t, database);
  const party = await newParty(ours, url);
  const other = await newParty(ours, url, { name: 'Blog' });
  const browser = new Browser(url);
  const signIn = async (of: typeof party) => {
    const flow = await authorization(of);
    const page = await browser.follow(flow.url, { site: 'cross-site' });
    const consent = page.url.includes('/sign-in') ? await browser.signIn(user.email, nextOf(page)) : page;
    return await flow.redeem((await browser.follow(consent.url, allow)).location!);
  };
  const tokens = await signIn(party);
  const others = await signIn(other);
  const session = await ours.call(
    'POST',
    '/api/v1/sessions',
    { email: user.email, password: 'plum violin harbour seven' },
    { key: null },
  );
  const mine = { key: session.json().session.token as string };
  const listed = (await ours.call('GET', '/api/v1/me/consents', undefined, mine)).json().items;
  assert.deepEqual(
    listed.map(({ name, scopes }: { name: string; scopes: string[] }) => [name, scopes.includes('groups')]),
    [
      ['Blog', true],
      ['Wiki', true],
    ],
  );
  const path = `/api/v1/me/consents/${party.id}`;
  assert.equal((await ours.call('DELETE', path)).statusCode, 404, 'not of another person');
  assert.equal((await ours.call('DELETE', path, undefined, mine)).statusCode, 204);
  assert.equal((await ours.call('DELETE', path, undefined, mine)).statusCode, 404, 'once');

  await assert.rejects(client.fetchUserInfo(party.config, tokens.access_token, user.id), 'its token is void');
  await assert.rejects(client.refreshTokenGrant(party.config, tokens.refresh_token!), /invalid_grant|response body/);
  const again = await authorization(party, { prompt: '', scope: 'openid email' });
  const asked = await browser.follow(again.url, { site: 'cross-site' });
  assert.match(asked.body, /Wiki<\/h1>/, 'the person is asked again');
  assert.ok((await client.refreshTokenGrant(other.config, others.refresh_token!)).access_token, 'the other goes on');
  const log = await fixture.context.store.db.selectFrom('audit_entries').select('action').execute();
  assert.equal(log.filter(({ action }) => action === 'consent.withdraw').length, 1);
});
