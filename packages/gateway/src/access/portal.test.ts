import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createId, PORTAL_AUDIENCE, TOKEN_TYPE } from '@zeronaut/model';
import { waitFor } from '@zeronaut/testkit';
import { ANONYMOUS, subjectName } from '../flow.ts';
import {
  AccessWorld,
  createResource,
  createUser,
  hiddenFields,
  ORGANIZATION,
  OTHER_ORGANIZATION,
  PASSWORD,
  randomSecret,
  TestBrowser,
} from './access-world.suite.ts';
import { mintToken } from './tokens.ts';

const APP = 'https://app.base.test:8443';
const HOME = 'https://portal.base.test:8443';
const SESSION = '__Host-zn_session';

const app = createResource('app');
const other = createResource('other');
const ops = createResource('ops', { access: { ...app.access, allow: ['group:ops'] } });
const foreign = createResource('foreign', { organizationId: OTHER_ORGANIZATION });
const ssh = createResource('ssh', { protocol: 'tcp', hosts: [], port: 20_022 });
const opsPort = createResource('ops-port', { protocol: 'tcp', hosts: [], port: 20_023, access: ops.access });
const foreignPort = createResource('foreign-port', {
  protocol: 'tcp',
  hosts: [],
  port: 20_024,
  organizationId: OTHER_ORGANIZATION,
});
const all = [app, other, ops, foreign, ssh, opsPort, foreignPort];

describe('sign-in', () => {
  let world: AccessWorld;
  before(async () => {
    world = await AccessWorld.create(all);
  });

  test('from a page to the form and back to that very page', async () => {
    const browser = new TestBrowser(world);
    const answer = await browser.signIn(`${APP}/deep/page?a=1&b=%2F`, 'ann@example.com');
    assert.equal(answer.status, 0);
    assert.equal(answer.decision!.verdict.reason, 'access.session');
    // The session of one host opens that host only; the next one follows without a form.
    const second = await browser.visit('https://other.base.test:8443/');
    assert.equal(second.status, 302);
    const silent = await browser.visit(second.header('location')!);
    assert.equal(silent.status, 302);
    const back = await browser.visit(silent.header('location')!);
    assert.equal(back.header('location'), 'https://other.base.test:8443/');
    assert.equal((await browser.visit(back.header('location')!)).decision!.verdict.effect, 'pass');
  });

  test('two tabs that were opened side by side both come back', async () => {
    const browser = new TestBrowser(world);
    const first = await browser.visit(`${APP}/one`);
    const second = await browser.visit(`${APP}/two`);
    const forms = [first, second].map((answer) => answer.header('location')!);
    for (const [index, formUrl] of forms.entries()) {
      const page = await browser.visit(formUrl);
      const done =
        page.status === 200
          ? await browser.submit(formUrl, page, { email: 'ann@example.com', password: PASSWORD })
          : await browser.visit(page.header('location')!);
      assert.ok(done.decision?.verdict.effect === 'pass' || done.header('location') === `${APP}/two`, `tab ${index}`);
    }
  });

  test('wrong passwords keep the form, the address and the state', async () => {
    const browser = new TestBrowser(world);
    const challenged = await browser.visit(`${APP}/`);
    const formUrl = challenged.header('location')!;
    const form = await browser.visit(formUrl);
    const answer = await browser.submit(formUrl, form, { email: 'ann@example.com', password: 'wrong' });
    assert.equal(answer.status, 401);
    assert.match(answer.body, /Wrong e-mail or password/);
    assert.match(answer.body, /value="ann@example\.com"/);
    assert.deepEqual(hiddenFields(answer.body), hiddenFields(form.body));
    assert.equal(answer.cookie('__Host-zn_portal'), null);
    const right = await browser.submit(formUrl, answer, { email: ' Ann@Example.com ', password: PASSWORD });
    assert.equal(right.decision!.verdict.reason, 'access.session');
  });

  test('guessing is slowed down before the console is asked', async () => {
    const own = await AccessWorld.create(all);
    const browser = new TestBrowser(own);
    const form = await browser.visit(`${HOME}/sign-in`);
    const guess = (password: string) =>
      browser.visit(`${HOME}/sign-in`, { form: { ...hiddenFields(form.body), email: 'ann@example.com', password } });
    for (let i = 0; i < 10; i++) assert.equal((await guess('wrong')).status, 401);
    const limited = await guess(PASSWORD);
    assert.equal(limited.status, 429);
    assert.equal(limited.header('retry-after'), '10');
    own.clock.advance(10_000);
    assert.equal((await guess(PASSWORD)).status, 303);
  });

  test('with the console away the form says so, and sessions go on', async () => {
    const own = await AccessWorld.create(all);
    const browser = new TestBrowser(own);
    await browser.signIn(`${APP}/`, 'ann@example.com');
    own.consoleAway = true;
    assert.equal((await browser.visit(`${APP}/`)).decision!.verdict.effect, 'pass');
    const next = await browser.visit('https://other.base.test/');
    const silent = await browser.visit(next.header('location')!);
    assert.equal((await browser.visit(silent.header('location')!)).cookie(SESSION)?.split('.').length, 3);
    const answer = await new TestBrowser(own).signIn(`${APP}/`, 'ann@example.com');
    assert.equal(answer.status, 503);
    assert.match(answer.body, /console is away/);
  });

  test('a second factor is asked for on the same form, and only then', async () => {
    const own = await AccessWorld.create(all);
    own.secondFactor = '123456';
    const browser = new TestBrowser(own);
    const asked = await browser.signIn(`${APP}/`, 'ann@example.com');
    assert.equal(asked.status, 401);
    assert.match(asked.body, /name="code"/);
    assert.equal(asked.cookie('__Host-zn_portal'), null);
    const formUrl = (await browser.visit(`${APP}/`)).header('location')!;
    const form = await browser.visit(formUrl);
    assert.doesNotMatch(form.body, /name="code"/);
    const fields = { email: 'ann@example.com', password: PASSWORD };
    assert.match((await browser.submit(formUrl, form, { ...fields, code: '654321' })).body, /The code is wrong/);
    assert.equal(
      (await browser.submit(formUrl, form, { ...fields, code: ' 123456 ' })).decision?.verdict.effect,
      'pass',
    );
  });

  test('who has no second factor is shown where to set one up, and under which request it was asked for', async () => {
    const own = await AccessWorld.create([app]);
    const factors = { '.': { left: { Var: 'context' }, attr: 'factors' } };
    const anything = {
      principal: { op: 'All' as const },
      action: { op: 'All' as const },
      resource: { op: 'All' as const },
    };
    own.change({
      policies: [
        {
          id: createId('policy'),
          name: 'second-factor',
          mode: 'enforce',
          json: {
            effect: 'forbid',
            ...anything,
            conditions: [{ kind: 'unless', body: { contains: { left: factors, right: { Value: 'totp' } } } }],
            annotations: { step_up: '' },
          },
        },
      ],
    });
    const browser = new TestBrowser(own);
    const asked = await browser.signIn(`${APP}/`, 'ann@example.com');
    assert.equal(asked.status, 200);
    assert.match(asked.body, /No second factor yet\?/);
    assert.match(asked.body, /href="\/passkeys"/);
    assert.match(asked.body, /href="https:\/\/console\.example\.com\/account"/);
    const challenged = await browser.visit(`${APP}/`);
    assert.equal(challenged.decision!.verdict.reason, 'access.step_up_required');
    const formUrl = challenged.header('location')!;
    const [, claims] = new URL(formUrl).searchParams.get('state')!.split('.');
    const { req } = JSON.parse(Buffer.from(claims!, 'base64url').toString());
    assert.match(req, /^req_/);
    assert.ok((await browser.visit(formUrl)).body.includes(`Request <code>${req}</code>`));

    // A link with `again` shows a stranger neither the console nor that anybody is signed in.
    const stranger = await new TestBrowser(own).visit(formUrl);
    assert.doesNotMatch(stranger.body, /console\.example\.com|No second factor/);
  });

  test('who may not use the service is told so, and not sent in circles', async () => {
    const browser = new TestBrowser(world);
    const answer = await browser.signIn('https://ops.base.test:8443/', 'ann@example.com');
    assert.equal(answer.status, 403);
    assert.match(answer.body, /access\.not_allowed/);
    assert.match(answer.body, /Use another account|Sign out to use another account/);
    // The request itself was decided: its event says who was refused what.
    assert.deepEqual(answer.decision?.verdict, { effect: 'deny', reason: 'access.not_allowed' });
    assert.equal(subjectName(answer.decision!.subject), world.ann.id);
    const stranger = await new TestBrowser(world).signIn(`${APP}/`, 'eve@example.com');
    assert.equal(stranger.status, 403, 'another organization');
    assert.match(stranger.body, /Use another account/);
    assert.deepEqual(stranger.outcome, {
      verdict: { effect: 'deny', reason: 'access.not_allowed' },
      subject: ANONYMOUS,
      resource: world.tables.get().resources.get(app.id),
      explanation: null,
    });
  });

  test('a session of a user whom this gateway does not know opens nothing', async () => {
    const own = await AccessWorld.create(all, { users: [] });
    const answer = await new TestBrowser(own).signIn(`${APP}/`, 'ann@example.com');
    assert.equal(answer.status, 403);
    assert.match(answer.body, /access\.user_disabled|is disabled/);
    assert.equal(answer.cookie('__Host-zn_portal'), null);
  });

  test('a token from the console that does not verify opens nothing', async () => {
    const own = await AccessWorld.create(all, { consoleKeys: [] });
    const answer = await new TestBrowser(own).signIn(`${APP}/`, 'ann@example.com');
    assert.equal(answer.status, 503);
    assert.equal(own.warnings.length, 1);
  });
});

describe('sign-in: states', () => {
  let world: AccessWorld;
  before(async () => {
    world = await AccessWorld.create(all);
  });
  const stateClaims = () => ({
    iss: world.gatewayId,
    aud: PORTAL_AUDIENCE,
    host: 'app.base.test',
    path: '/',
    nonce: randomSecret(),
    iat: world.seconds(),
    exp: world.seconds() + 600,
  });

  test('only what a gateway signed and the tables know is carried', async () => {
    const good = mintToken('state', stateClaims(), world.gatewayKey);
    const cases: readonly [string, string, number][] = [
      ['genuine', good, 200],
      [
        'of the other gateway',
        mintToken('state', { ...stateClaims(), iss: world.otherGatewayId }, world.otherGatewayKey),
        200,
      ],
      ['a host that nobody has', mintToken('state', { ...stateClaims(), host: 'evil.test' }, world.gatewayKey), 400],
      ['the portal itself', mintToken('state', { ...stateClaims(), host: 'portal.base.test' }, world.gatewayKey), 400],
      ['a host with a port', mintToken('state', { ...stateClaims(), host: 'app.base.test:1' }, world.gatewayKey), 400],
      [
        'a host with user information',
        mintToken('state', { ...stateClaims(), host: 'app.base.test@evil.test' }, world.gatewayKey),
        400,
      ],
      ['expired', mintToken('state', { ...stateClaims(), exp: world.seconds() - 61 }, world.gatewayKey), 400],
      ['signed by the console', await world.sign(TOKEN_TYPE.state, stateClaims()), 400],
      ['a code', mintToken('code', stateClaims(), world.gatewayKey), 400],
      ['tampered', `${good.slice(0, -2)}xx`, 400],
      ['rubbish', 'x', 400],
      ['empty', '', 400],
    ];
    for (const [name, state, expected] of cases) {
      const answer = await world.visit(`${HOME}/sign-in?state=${encodeURIComponent(state)}`);
      assert.equal(answer.status, expected, name);
      assert.equal(answer.header('location'), null, name);
    }
    assert.equal((await world.visit(`${HOME}/sign-in?state=${good}&state=${good}`)).status, 400, 'twice');
  });

  test('whatever path was asked for, the way back stays on the host', async () => {
    for (const target of [
      '//evil.test/x',
      '/\\evil.test',
      '/@evil.test',
      '/%0d%0aset-cookie:%20a=b',
      '/.evil.test',
      '/x?next=https://evil.test',
    ]) {
      const browser = new TestBrowser(world);
      const challenged = await browser.visit(APP + target);
      if (challenged.status === 400) continue; // the codec has refused it
      const formUrl = challenged.header('location')!;
      const form = await browser.visit(formUrl);
      const posted = await browser.visit(`${HOME}/sign-in`, {
        form: { ...hiddenFields(form.body), email: 'ann@example.com', password: PASSWORD },
      });
      const callback = new URL(posted.header('location')!);
      assert.equal(callback.origin, APP, target);
      const back = await browser.visit(posted.header('location')!);
      assert.equal(back.status, 302, target);
      assert.equal(new URL(back.header('location')!).origin, APP, target);
    }
  });

  test('a path in a state that is no path leads to /', async () => {
    for (const path of ['https://evil.test', 'evil', '', '\r\nx: y', `/${'x'.repeat(2500)}`]) {
      const browser = new TestBrowser(world);
      await browser.visit(`${APP}/`);
      const nonce = browser.jars.get('app.base.test')!.get('__Host-zn_state')!;
      const { createHash } = await import('node:crypto');
      const hash = createHash('sha256').update(nonce).digest('base64url');
      const code = mintToken(
        'code',
        {
          iss: world.gatewayId,
          aud: 'app.base.test',
          sub: world.ann.id,
          sid: createId('session'),
          org: ORGANIZATION,
          jti: randomSecret(),
          nonce: hash,
          path,
          sexp: world.seconds() + 60,
          iat: world.seconds(),
          exp: world.seconds() + 60,
        },
        world.gatewayKey,
      );
      assert.equal(
        (await browser.visit(`${APP}/.zeronaut/callback?code=${code}`)).header('location'),
        `${APP}/`,
        path.slice(0, 20),
      );
    }
  });
});

describe('sign-in: codes', () => {
  let world: AccessWorld;
  before(async () => {
    world = await AccessWorld.create(all);
  });

  /** A browser that stands just before the callback, and the callback's address. */
  async function almost(own: AccessWorld = world): Promise<{ browser: TestBrowser; callback: string }> {
    const browser = new TestBrowser(own);
    const formUrl = (await browser.visit(`${APP}/`)).header('location')!;
    const form = await browser.visit(formUrl);
    const posted = await browser.visit(`${HOME}/sign-in`, {
      form: { ...hiddenFields(form.body), email: 'ann@example.com', password: PASSWORD },
    });
    return { browser, callback: posted.header('location')! };
  }
  async function refused(browser: TestBrowser, url: string, why: string, status = 400) {
    const answer = await browser.visit(url);
    assert.equal(answer.status, status, why);
    assert.equal(answer.cookie(SESSION), null, why);
    assert.equal(answer.header('location'), null, why);
  }

  test('works once', async () => {
    const { browser, callback } = await almost();
    assert.equal((await browser.visit(callback)).status, 302);
    await refused(browser, callback, 'replay');
  });

  test('is of no use in another browser (login CSRF), which does not use it up', async () => {
    const { browser, callback } = await almost();
    const victim = new TestBrowser(world);
    await refused(victim, callback, 'without a nonce cookie');
    await victim.visit(`${APP}/`);
    await refused(victim, callback, 'with a nonce cookie of its own');
    assert.equal((await browser.visit(callback)).status, 302);
  });

  test('is bound to its host', async () => {
    const { browser, callback } = await almost();
    browser.jars.set('other.base.test', new Map(browser.jars.get('app.base.test')!));
    await refused(browser, callback.replace('app.', 'other.'), 'another host');
  });

  test('lasts a minute', async () => {
    const own = await AccessWorld.create(all);
    const { browser, callback } = await almost(own);
    own.clock.advance(121_000);
    await refused(browser, callback, 'late');
  });

  test('doubled cookies, tampering and strange forms are refused', async () => {
    const { browser, callback } = await almost();
    const nonce = browser.jars.get('app.base.test')!.get('__Host-zn_state')!;
    const twice = await world.visit(callback, {
      headers: { cookie: `__Host-zn_state=${nonce}; __Host-zn_state=${nonce}` },
    });
    assert.equal(twice.status, 400);
    await refused(browser, `${callback}x`, 'tampered');
    await refused(browser, `${callback}&code=x`, 'two codes');
    await refused(browser, `${APP}/.zeronaut/callback`, 'no code');
    const posted = await browser.visit(callback, { method: 'POST', form: {} });
    assert.equal(posted.status, 404);
  });

  test('a user or session that is gone meanwhile gets nothing', async () => {
    const own = await AccessWorld.create(all);
    const first = await almost(own);
    own.change({ users: [own.bob] });
    await refused(first.browser, first.callback, 'user gone', 403);
    own.change({ users: [own.ann, own.bob] });
    const second = await almost(own);
    const [, payload] = new URL(second.callback).searchParams.get('code')!.split('.');
    const { sid } = JSON.parse(Buffer.from(payload!, 'base64url').toString()) as { sid: string };
    own.change({ revokedSessions: [{ id: sid, expiresAt: new Date(own.clock.now() + 1e7).toISOString() }] });
    await refused(second.browser, second.callback, 'session revoked', 401);
  });

  test('an id of another organization in a code does not open this one', async () => {
    const browser = new TestBrowser(world);
    await browser.visit(`${APP}/`);
    const nonce = browser.jars.get('app.base.test')!.get('__Host-zn_state')!;
    const { createHash } = await import('node:crypto');
    const code = mintToken(
      'code',
      {
        iss: world.gatewayId,
        aud: 'app.base.test',
        sub: world.eve.id,
        sid: createId('session'),
        org: OTHER_ORGANIZATION,
        jti: randomSecret(),
        nonce: createHash('sha256').update(nonce).digest('base64url'),
        path: '/',
        sexp: world.seconds() + 60,
        iat: world.seconds(),
        exp: world.seconds() + 60,
      },
      world.gatewayKey,
    );
    await refused(browser, `${APP}/.zeronaut/callback?code=${code}`, 'other organization', 403);
  });
});

describe('our own paths', () => {
  let world: AccessWorld;
  before(async () => {
    world = await AccessWorld.create(all);
  });

  test('are compared whole; nothing under the prefix reaches the service', async () => {
    for (const path of [
      '/.zeronaut/',
      '/.zeronaut/x',
      '/.zeronaut/callback/',
      '/.zeronaut/callback/x',
      '/.zeronaut/Callback',
      '/.zeronaut/callback%2f',
      '/.zeronaut/%63allbackx',
      '/.zeronaut/jwks.json/',
      '/.zeronaut//jwks.json',
      '/x/../.zeronaut/x',
      '/%2ezeronaut/x',
      '/.%7aeronaut/x',
    ]) {
      const answer = await world.visit(APP + path);
      assert.equal(answer.decision, null, `${path} is ours`);
      assert.equal(answer.status, 404, path);
    }
  });

  test('cannot be left or entered by a hidden dot segment', async () => {
    for (const path of [
      '/.zeronaut/..%2f',
      '/.zeronaut/%2e%2e%2fadmin',
      '/x/..%2f.zeronaut/callback',
      '/.zeronaut/..;/x',
      '/.zeronaut/..%5cx',
    ]) {
      assert.equal((await world.visit(APP + path)).status, 400, path);
    }
    const left = await world.visit(`${APP}/.zeronaut/../admin`);
    assert.equal(left.status, 302, 'an ordinary path, decided as such');
    assert.notEqual(left.decision, null);
  });

  test('every page forbids scripts, frames, caches and foreign forms', async () => {
    const browser = new TestBrowser(world);
    const pages = [
      await browser.visit(`${HOME}/sign-in`),
      await browser.visit(`${HOME}/nothing`),
      await browser.visit(`${HOME}/sign-out`),
      await browser.visit(`${APP}/.zeronaut/sign-out`),
      await browser.visit(`${APP}/.zeronaut/callback`),
    ];
    for (const page of pages) {
      const policy = page.header('content-security-policy')!;
      assert.match(policy, /^default-src 'none'; style-src 'nonce-([\w+/=]+)'; form-action 'self'; /);
      assert.match(policy, /base-uri 'none'; frame-ancestors 'none'$/);
      const nonce = /nonce-([\w+/=]+)/.exec(policy)![1]!;
      assert.ok(page.body.includes(`<style nonce="${nonce}">`));
      assert.doesNotMatch(page.body, /<script|javascript:| on\w+=/i);
      assert.equal(page.header('cache-control'), 'no-store');
      assert.equal(page.header('x-frame-options'), 'DENY');
      assert.equal(page.header('referrer-policy'), 'same-origin');
      assert.match(page.body, /^<!doctype html>\n<html lang="en">/);
    }
    assert.notEqual(pages[0]!.body, (await browser.visit(`${HOME}/sign-in`)).body, 'a nonce of its own each time');
  });

  test('what visitors and users are called is never markup', async () => {
    const evil = '"><script>alert(1)</script>\'`&';
    const hostile = createUser('hostile', { email: `${evil}@x.test`, name: evil });
    const own = await AccessWorld.create(
      [createResource('app', { name: evil as 'app', hosts: ['app.base.test'] })].map((resource) => ({
        ...resource,
        name: 'app',
      })),
      { users: [hostile] },
    );
    const { token } = await own.portalToken(hostile);
    const home = await own.visit(`${HOME}/`, { cookies: { '__Host-zn_portal': token } });
    assert.equal(home.status, 200);
    assert.doesNotMatch(home.body, /<script/);
    assert.ok(home.body.includes('&#34;&#62;&#60;script&#62;'));
    const browser = new TestBrowser(own);
    const form = await browser.visit(`${HOME}/sign-in`);
    const answer = await browser.visit(`${HOME}/sign-in`, {
      form: { ...hiddenFields(form.body), email: evil, password: 'x' },
    });
    assert.equal(answer.status, 401);
    assert.doesNotMatch(answer.body, /<script/);
  });
});

describe('forms', () => {
  test('only our own page in the same browser may send them', async () => {
    const world = await AccessWorld.create(all);
    const browser = new TestBrowser(world);
    const form = await browser.visit(`${HOME}/sign-in`);
    const csrf = hiddenFields(form.body).csrf!;
    const fields = { csrf, email: 'ann@example.com', password: PASSWORD };
    const cookies = { '__Host-zn_csrf': csrf };
    const post = (headers: Record<string, string>, parts: object = {}) =>
      world.visit(`${HOME}/sign-in`, { form: fields, cookies, headers, ...parts });
    const cases: readonly [string, Promise<{ status: number; body: string }>, number][] = [
      ['as it should be', post({}), 303],
      ['Origin alone, as older browsers send', post({ 'sec-fetch-site': '' }), 303],
      ['Sec-Fetch-Site alone', post({ origin: '' }), 303],
      ['neither', post({ origin: '', 'sec-fetch-site': '' }), 403],
      ['another origin', post({ origin: 'https://evil.test' }), 403],
      ['a service of ours', post({ origin: APP }), 403],
      ['the same host on another port', post({ origin: 'https://portal.base.test' }), 403],
      ['the same host without TLS', post({ origin: 'http://portal.base.test:8443' }), 403],
      ['our origin as a prefix', post({ origin: `${HOME}.evil.test` }), 403],
      ['a hidden origin', post({ origin: 'null' }), 403],
      ['our origin, but sent across sites', post({ 'sec-fetch-site': 'cross-site' }), 403],
      ['from a sibling host', post({ 'sec-fetch-site': 'same-site' }), 403],
      ['without the cookie', post({}, { cookies: {} }), 403],
      ['with another cookie', post({}, { cookies: { '__Host-zn_csrf': randomSecret() } }), 403],
      [
        'with an empty cookie and field',
        post({}, { cookies: { '__Host-zn_csrf': '' }, form: { ...fields, csrf: '' } }),
        403,
      ],
      ['without the field', post({}, { form: { email: 'ann@example.com', password: PASSWORD } }), 403],
      ['with two cookies', post({ cookie: `__Host-zn_csrf=${csrf}; __Host-zn_csrf=${csrf}` }), 403],
      ['as JSON', post({ 'content-type': 'application/json' }), 403],
      ['as text, which forms of other sites may send', post({ 'content-type': 'text/plain' }), 403],
    ];
    for (const [name, answer, expected] of cases) {
      const { status, body } = await answer;
      assert.equal(status, expected, name);
      if (expected === 403) assert.match(body, /access\.csrf/, name);
    }
  });
});

describe('the portal home', () => {
  let world: AccessWorld;
  before(async () => {
    world = await AccessWorld.create(all);
  });
  async function signedIn(own = world, email = 'ann@example.com') {
    const browser = new TestBrowser(own);
    const form = await browser.visit(`${HOME}/sign-in`);
    const answer = await browser.submit(`${HOME}/sign-in`, form, { email, password: PASSWORD });
    assert.equal(answer.status, 200);
    return { browser, home: answer, csrf: hiddenFields(answer.body).csrf! };
  }

  test('asks for a sign-in first, and for none twice', async () => {
    assert.equal((await world.visit(`${HOME}/`)).header('location'), '/sign-in');
    const { browser } = await signedIn();
    assert.equal((await browser.visit(`${HOME}/sign-in`)).header('location'), '/');
  });

  test('shows what this user may open, and nothing else', async () => {
    const { home } = await signedIn();
    assert.equal(subjectName(home.outcome!.subject), world.ann.id);
    assert.match(home.body, /href="https:\/\/app\.base\.test:8443\/"/);
    assert.match(home.body, /base\.test:20022/);
    for (const hidden of [ops, foreign, opsPort, foreignPort]) {
      assert.ok(!home.body.includes(`>${hidden.name}<`), hidden.name);
      assert.ok(!home.body.includes(hidden.id), hidden.name);
    }
    const { home: admin } = await signedIn(world, 'bob@example.com');
    assert.match(admin.body, />ops</);
    const { home: stranger } = await signedIn(world, 'eve@example.com');
    assert.match(stranger.body, />foreign</);
    assert.ok(!stranger.body.includes('>app<'));
  });

  test('opens a port for the address of the browser, and closes it again', async () => {
    const own = await AccessWorld.create(all);
    const { browser, csrf } = await signedIn(own);
    const form = { csrf, resource: ssh.id, hours: '1' };
    const granted = await browser.visit(`${HOME}/grants`, { form, address: '203.0.113.5' });
    assert.equal(granted.header('location'), '/?done=authorised');
    assert.deepEqual(own.grants.usersAt(ssh, '203.0.113.5', own.tables.get()), [own.ann]);
    assert.deepEqual(own.grants.usersAt(ssh, '203.0.113.6', own.tables.get()), []);
    const home = await browser.visit(`${HOME}/?done=authorised`);
    assert.match(home.body, /Your address is authorised/);
    assert.match(home.body, /203\.0\.113\.5<\/code> · <time datetime="2026-01-01T01:00:00\.000Z">1 h left/);
    const grant = own.grants.ofUser(own.ann.id)[0]!.id;
    const { browser: foreign, csrf: foreignCsrf } = await signedIn(own, 'bob@example.com');
    await foreign.visit(`${HOME}/grants/revoke`, { form: { csrf: foreignCsrf, grant } });
    assert.equal(own.grants.ofUser(own.ann.id).length, 1, 'somebody else cannot');
    const revoked = await browser.visit(`${HOME}/grants/revoke`, { form: { csrf, grant } });
    assert.equal(revoked.header('location'), '/?done=revoked');
    assert.deepEqual(own.grants.usersAt(ssh, '203.0.113.5', own.tables.get()), []);
  });

  test('opens nothing that is not this user’s to open', async () => {
    const { browser, csrf } = await signedIn();
    const post = async (fields: object) =>
      (await browser.visit(`${HOME}/grants`, { form: { csrf, hours: '8', ...fields } })).status;
    const refused = await browser.visit(`${HOME}/grants`, { form: { csrf, hours: '8', resource: opsPort.id } });
    assert.equal(refused.status, 403);
    const { verdict, subject, resource } = refused.outcome!;
    assert.deepEqual([verdict.effect, verdict.reason, resource?.id], ['deny', 'access.not_allowed', opsPort.id]);
    assert.equal(subjectName(subject), world.ann.id, 'the event says who wanted what');
    assert.equal(await post({ resource: foreignPort.id }), 404);
    assert.equal(await post({ resource: createId('resource') }), 404);
    assert.equal(await post({ resource: app.id }), 404, 'no raw port');
    assert.equal(await post({ resource: '__proto__' }), 404);
    assert.equal(await post({}), 404);
    for (const hours of ['0', '2', '25', '-1', '1e9', '', 'NaN'])
      assert.equal(await post({ resource: ssh.id, hours }), 403, hours);
    assert.equal(await post({ resource: ssh.id, csrf: randomSecret() }), 403);
    assert.equal(
      (
        await world.visit(`${HOME}/grants`, {
          form: { csrf, resource: ssh.id, hours: '8' },
          cookies: { '__Host-zn_csrf': csrf },
        })
      ).header('location'),
      '/sign-in',
    );
    assert.equal(world.grants.ofUser(world.ann.id).length, 0);
  });

  test('never opens a port for longer than the session lasts', async () => {
    const own = await AccessWorld.create(all);
    const { token } = await own.portalToken(own.ann, { exp: own.seconds() + 1800 });
    const csrf = randomSecret();
    const cookies = { '__Host-zn_portal': token, '__Host-zn_csrf': csrf };
    await own.visit(`${HOME}/grants`, { form: { csrf, resource: ssh.id, hours: '24' }, cookies });
    assert.equal(Date.parse(own.grants.ofUser(own.ann.id)[0]!.expiresAt), own.clock.now() + 1_800_000);
  });
});

describe('sign-out', () => {
  test('at the portal ends the session for every service at once, also with the console away', async () => {
    for (const consoleAway of [false, true]) {
      const world = await AccessWorld.create(all);
      const browser = new TestBrowser(world);
      await browser.signIn(`${APP}/`, 'ann@example.com');
      const home = await browser.visit(`${HOME}/`);
      const csrf = hiddenFields(home.body).csrf!;
      await browser.visit(`${HOME}/grants`, { form: { csrf, resource: ssh.id, hours: '8' } });
      const closed: string[] = [];
      world.grants.onRevoked((grant) => closed.push(grant.resourceId));
      world.ended.subscribe((sessionId) => closed.push(sessionId));
      const kept = browser.jars.get('portal.base.test')!.get('__Host-zn_portal')!;
      world.consoleAway = consoleAway;
      const answer = await browser.visit(`${HOME}/sign-out`, { form: { csrf } });
      assert.equal(answer.status, 200);
      assert.equal(world.signedOut.length, consoleAway ? 0 : 1);
      assert.equal(closed.length, 2, 'connections of the session and of its grants are told at once');
      assert.match(closed[0]!, /^ses_/);
      assert.equal(closed[1], ssh.id);
      const next = await browser.visit(`${APP}/`);
      assert.equal(next.decision!.verdict.reason, 'access.session_revoked');
      assert.equal(browser.jars.get('portal.base.test')!.get('__Host-zn_portal'), undefined);
      const replay = await world.visit(`${HOME}/`, { cookies: { '__Host-zn_portal': kept } });
      assert.equal(replay.header('location'), '/sign-in', 'a stolen copy is void, too');
      assert.deepEqual(world.grants.usersAt(ssh, '192.0.2.10', world.tables.get()), []);
    }
  });

  test('with the console away outlives a restart, and reaches the console then; what it knows is not told again', async () => {
    const world = await AccessWorld.create(all);
    const [known, unknown] = [createId('session'), createId('session')];
    for (const id of [known, unknown]) world.ended.end(id, world.clock.now() + 3_600_000, world.clock.now());
    const expiresAt = new Date(world.clock.now() + 3_600_000).toISOString();
    world.change({ revokedSessions: [{ id: known, expiresAt }] });
    await world.start();
    await waitFor(() => world.signedOut.length > 0, { what: 'the console has heard' });
    assert.deepEqual(world.signedOut, [unknown]);
  });

  test('at a service asks first, and ends the session everywhere', async () => {
    const world = await AccessWorld.create(all);
    const browser = new TestBrowser(world);
    await browser.signIn(`${APP}/`, 'ann@example.com');
    const page = await browser.visit(`${APP}/.zeronaut/sign-out`);
    assert.equal(page.status, 200);
    assert.equal((await browser.visit(`${APP}/`)).status, 0, 'a link alone ends nothing');
    const cross = await browser.visit(`${APP}/.zeronaut/sign-out`, {
      form: {},
      headers: { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
    });
    assert.equal(cross.status, 403);
    const done = await browser.visit(`${APP}/.zeronaut/sign-out`, { form: {} });
    assert.equal(done.status, 200);
    assert.equal(browser.jars.get('app.base.test')!.get(SESSION), undefined);
    assert.equal((await browser.visit(`${HOME}/`)).header('location'), '/sign-in');
    assert.equal(world.signedOut.length, 1);
  });
});
