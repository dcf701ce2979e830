import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import * as client from 'openid-client';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const REDIRECT = 'https://wiki.example/oauth2/callback';
const insecure = { execute: [client.allowInsecureRequests] };

/** A browser as far as the flow needs one: cookies by path, no scripts, redirects and forms by hand. */
class Browser {
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  async open(url: string, init: { method?: string; body?: URLSearchParams; site?: string } = {}) {
    const at = new URL(url, this.#origin);
    const cookie = [...this.#cookies]
      .filter(([, { path }]) => at.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
    const response = await fetch(at, {
      method: init.method ?? 'GET',
      redirect: 'manual',
      headers: { cookie, origin: this.#origin, 'sec-fetch-site': init.site ?? 'same-origin' },
      ...(init.body === undefined ? {} : { body: init.body }),
    });
    for (const text of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!;
      const path = /path=([^;]+)/i.exec(text)?.[1] ?? '/';
      if (value === '' || /expires=Thu, 01 Jan 1970/.test(text)) this.#cookies.delete(name!);
      else this.#cookies.set(name!, { value: value!, path });
    }
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: await response.text(),
      url: at.href,
    };
  }

  /** Follows redirects and pages that lead on, until a page that waits for a person, or another site. */
  async follow(url: string, init: Parameters<Browser['open']>[1] = {}) {
    let answer = await this.open(url, init);
    for (let steps = 0; steps < 12; steps++) {
      const next = answer.location ?? /id="next" href="([^"]+)"/.exec(answer.body)?.[1]?.replaceAll('&amp;', '&');
      if (next === undefined) return answer;
      const target = new URL(next, answer.url);
      if (target.origin !== this.#origin) return { ...answer, location: target.href };
      answer = await this.open(target.href);
    }
    throw new Error('it leads on for ever');
  }

  async signIn(email: string, next: string) {
    return await this.follow('/sign-in', {
      method: 'POST',
      body: new URLSearchParams({ email, password: PASSWORD, next }),
    });
  }
}

interface Party {
  readonly id: string;
  readonly secret: string;
  readonly config: client.Configuration;
}

async function newParty(ours: TestOrganization, url: string, more: object = {}): Promise<Party> {
  const body = { name: 'Wiki', redirectUris: [REDIRECT], ...more };
  const answer = await ours.call('POST', '/api/v1/relying-parties', body);
  assert.equal(answer.statusCode, 201, answer.body);
  const { relyingParty, secret } = answer.json();
  assert.equal(relyingParty.issuer, `${url}/oidc`);
  const config = await client.discovery(
    new URL(relyingParty.issuer),
    relyingParty.id,
    secret ?? undefined,
    secret === null ? client.None() : client.ClientSecretBasic(secret),
    insecure,
  );
  return { id: relyingParty.id, secret, config };
}

async function authorization(party: Party, more: Record<string, string> = {}) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const parameters = {
    redirect_uri: REDIRECT,
    scope: 'openid email profile groups offline_access',
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...more,
  };
  const url = client.buildAuthorizationUrl(party.config, parameters);
  const redeem = (callback: string) =>
    client.authorizationCodeGrant(party.config, new URL(callback), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
    });
  return { url: url.href, redeem, verifier };
}

async function world(t: Parameters<typeof startFixture>[0], database: Parameters<typeof startFixture>[1]) {
  const fixture: Fixture = await startFixture(t, database);
  const url = await fixture.listen();
  const ours = await fixture.organization();
  const { user } = await ours.user('member', { email: `ann-${ours.id.slice(-8)}@example.com`, password: PASSWORD });
  return { fixture, url, ours, user };
}

const nextOf = (page: { body: string }) => /name="next" value="([^"]+)"/.exec(page.body)![1]!.replaceAll('&amp;', '&');
const allow = { method: 'POST', body: new URLSearchParams({ decision: 'allow' }) };

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
  const silent = await browser.follow((await authorization(party, { prompt: 'none', scope: 'openid' })).url);
  assert.match(silent.location!, /error=login_required/);
  const fresh = await authorization(party, { prompt: 'login', scope: 'openid' });
  const longAgo = { authenticated_at: fixture.clock.nowMs - 60_000 };
  await fixture.context.store.db.updateTable('sessions').set(longAgo).where('user_id', '=', user.id).execute();
  assert.match((await browser.follow(fresh.url)).url, /\/sign-in/);

  // Nothing of it can be read from the database.
  const rows = JSON.stringify(await fixture.context.store.db.selectFrom('openid_records').selectAll().execute());
  for (const secret of [tokens.access_token, tokens.refresh_token!, party.secret]) assert.ok(!rows.includes(secret));
  const stored = await fixture.context.store.db.selectFrom('relying_parties').selectAll().execute();
  assert.ok(!JSON.stringify(stored).includes(party.secret));
  const actions = (await ours.call('GET', '/api/v1/audit')).json().items.map((one: { action: string }) => one.action);
  assert.ok(actions.includes('relying_party.sign_in'));
});

/** Signed in and allowed, up to the tokens. */
async function tokensOf(browser: Browser, party: Party, email: string) {
  const flow = await authorization(party);
  const page = await browser.follow(flow.url, { site: 'cross-site' });
  const consent = page.url.includes('/sign-in') ? await browser.signIn(email, nextOf(page)) : page;
  const back = consent.location?.startsWith(REDIRECT) ? consent : await browser.follow(consent.url, allow);
  return { tokens: await flow.redeem(back.location!), callback: back.location!, flow };
}
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
