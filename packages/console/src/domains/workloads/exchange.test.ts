import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { Reason } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { exportJWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { tidy } from '../../workers/housekeeping.ts';
import { matchPattern } from './pattern.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SUBJECT = 'repo:acme/app:ref:refs/heads/main';

/** An issuer as CI and clusters are: a discovery document and a key set, on a socket. */
interface Issuer {
  readonly url: string;
  readonly key: KeyObject;
  asked: number;
  keys: object[];
  sign(claims: JWTPayload, header?: { alg?: string; kid?: string; key?: KeyObject | Uint8Array }): Promise<string>;
}

async function startIssuer(t: TestContext): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server: Server = createServer((request, response) => {
    issuer.asked++;
    const body =
      request.url === '/.well-known/openid-configuration'
        ? { issuer: issuer.url, jwks_uri: `${issuer.url}/keys` }
        : { keys: issuer.keys };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer: Issuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key: privateKey,
    asked: 0,
    keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }],
    sign: (claims, { alg = 'RS256', kid = 'one', key = privateKey } = {}) =>
      new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key),
  };
  return issuer;
}

async function newAccount(ours: TestOrganization, role = 'operator') {
  const answer = await ours.call('POST', '/api/v1/service-accounts', { name: 'deploy', role, groups: ['ci'] });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

async function newTrust(ours: TestOrganization, issuer: Issuer, more: object = {}) {
  const accounts = (await ours.call('GET', '/api/v1/service-accounts')).json().items;
  const { id } = accounts[0] ?? (await newAccount(ours));
  const body = { name: 'ci', serviceAccountId: id, issuer: issuer.url, subject: 'repo:acme/app:ref:*', ...more };
  const answer = await ours.call('POST', '/api/v1/workload-trusts', body);
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

function exchange(ours: TestOrganization, trustId: string, token: string, more: object = {}) {
  const subject_token_type = 'urn:ietf:params:oauth:token-type:jwt';
  const body = { grant_type: GRANT, client_id: trustId, subject_token: token, subject_token_type, ...more };
  return ours.call('POST', '/api/v1/oauth/token', body, { key: null });
}

eachDatabase('the token of a job becomes a short access token of a service account', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const issuer = await startIssuer(t);
  const trust = await newTrust(ours, issuer, { scopes: ['resources:read', 'resources:write'] });
  assert.equal(trust.audience, `http://localhost:8080/workload/${trust.id}`);
  const seconds = Math.floor(fixture.clock.nowMs / 1000);
  const claims = { iss: issuer.url, aud: trust.audience, sub: SUBJECT, iat: seconds, exp: seconds + 600 };

  const answer = await exchange(ours, trust.id, await issuer.sign(claims), { scope: 'resources:read' });
  assert.equal(answer.statusCode, 200, answer.body);
  assert.equal(answer.headers['cache-control'], 'no-store');
  const { access_token: key, ...rest } = answer.json();
  assert.deepEqual(rest, {
    token_type: 'Bearer',
    expires_in: 900,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    scope: 'resources:read',
  });
  assert.doesNotMatch(
    JSON.stringify(await fixture.context.store.db.selectFrom('workload_tokens').selectAll().execute()),
    new RegExp(key),
  );

  assert.equal((await ours.call('GET', '/api/v1/resources', undefined, { key })).statusCode, 200);
  const beyond = await ours.call(
    'POST',
    '/api/v1/resources',
    { name: 'x', targets: [{ address: '10.0.0.1:80' }] },
    { key },
  );
  assert.equal(beyond.json().reason, 'api.scope_missing');

  const entries = (await ours.call('GET', '/api/v1/audit?limit=3')).json().items;
  const entry = entries.find((one: { action: string }) => one.action === 'workload.exchange');
  assert.equal(entry.actor.name, SUBJECT);

  // It ends by itself, and what is left of it goes.
  fixture.clock.nowMs += 901_000;
  assert.equal((await ours.call('GET', '/api/v1/me', undefined, { key })).json().reason, 'api.token_expired');
  fixture.clock.nowMs += 40 * 86_400_000;
  await tidy(fixture.context);
  for (const table of ['workload_tokens', 'workload_assertions'] as const) {
    assert.deepEqual(await fixture.context.store.db.selectFrom(table).selectAll().execute(), [], table);
  }
});

eachDatabase('access tokens of workloads end with their trust and with their account', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const theirs = await fixture.organization();
  const issuer = await startIssuer(t);
  const account = await newAccount(ours, 'admin');
  const seconds = Math.floor(fixture.clock.nowMs / 1000);
  async function open(): Promise<{ key: string; trustId: string }> {
    const trust = await newTrust(ours, issuer);
    const claims = { iss: issuer.url, aud: trust.audience, sub: SUBJECT, exp: seconds + 600 };
    const answer = await exchange(ours, trust.id, await issuer.sign(claims));
    assert.equal(answer.statusCode, 200, answer.body);
    return { key: answer.json().access_token, trustId: trust.id };
  }
  const reason = async (key: string) => (await ours.call('GET', '/api/v1/me', undefined, { key })).json().reason;
  const [one, two] = [await open(), await open()];

  const me = (await ours.call('GET', '/api/v1/me', undefined, { key: one.key })).json();
  assert.deepEqual([me.credential, me.user.email], ['workload', 'deploy@service-account.invalid']);

  // Nothing that lasts longer comes of it.
  const made = await ours.call('POST', '/api/v1/api-keys', { name: 'a', role: 'member' }, { key: one.key });
  assert.equal(made.statusCode, 403, made.body);
  const inOther = await ours.call(
    'POST',
    '/api/v1/oauth/approvals',
    { userCode: 'AAAA-AAAA', approve: true },
    { key: one.key },
  );
  assert.equal(inOther.statusCode, 403, inOther.body);

  assert.equal((await theirs.call('DELETE', `/api/v1/workload-trusts/${one.trustId}`)).statusCode, 404);
  assert.equal((await ours.call('DELETE', `/api/v1/workload-trusts/${one.trustId}`)).statusCode, 204);
  assert.equal(await reason(one.key), 'api.unauthenticated');
  assert.equal(await reason(two.key), undefined);
  const path = `/api/v1/service-accounts/${account.id}`;
  const headers = { 'if-match': `"${account.version}"` };
  assert.equal((await ours.call('PATCH', path, { status: 'disabled' }, { headers })).statusCode, 200);
  assert.equal(await reason(two.key), 'access.user_disabled');
  const password = { password: 'plum violin harbour seven' };
  const withPassword = await ours.call('PATCH', `/api/v1/users/${account.id}`, password, {
    headers: { 'if-match': '"2"' },
  });
  assert.equal(withPassword.statusCode, 400, 'a program has no password');
});

eachDatabase('nobody gives a service account more than they may themselves', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const issuer = await startIssuer(t);
  const admin = await ours.user('admin');
  const body = { name: 'root', role: 'owner' };
  assert.equal((await ours.call('POST', '/api/v1/service-accounts', body, { key: admin.key })).statusCode, 403);
  const account = (await ours.call('POST', '/api/v1/service-accounts', body)).json();
  const trust = { name: 'ci', serviceAccountId: account.id, issuer: issuer.url, subject: 'x' };
  const calls: [string, string, object, object?][] = [
    ['POST', '/api/v1/workload-trusts', trust],
    ['POST', '/api/v1/api-keys', { name: 'a', role: 'member', serviceAccountId: account.id }],
    ['PATCH', `/api/v1/service-accounts/${account.id}`, { role: 'member' }, { 'if-match': '"1"' }],
  ];
  for (const [method, url, input, headers] of calls) {
    const refused = await ours.call(method, url, input, { key: admin.key, headers: { ...headers } });
    assert.equal(refused.statusCode, 403, `${url} ${refused.body}`);
  }
  const key = (
    await ours.call('POST', '/api/v1/api-keys', { name: 'a', role: 'member', serviceAccountId: account.id })
  ).json().key;
  assert.equal((await ours.call('GET', '/api/v1/me', undefined, { key })).json().user.id, account.id);
  const open = { ...trust, subject: '**' };
  assert.equal((await ours.call('POST', '/api/v1/workload-trusts', open)).statusCode, 400, 'matches everything');
});

eachDatabase('forged and misused tokens of workloads are refused for what they are', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const issuer = await startIssuer(t);
  const other = await startIssuer(t);
  const trust = await newTrust(ours, issuer, {
    claims: { environment: 'production', '/kubernetes.io/namespace': 'web' },
    scopes: ['resources:read'],
  });
  const twin = await newTrust(ours, issuer);
  const seconds = Math.floor(fixture.clock.nowMs / 1000);
  const good = {
    iss: issuer.url,
    aud: trust.audience,
    sub: SUBJECT,
    iat: seconds,
    exp: seconds + 600,
    environment: 'production',
    'kubernetes.io': { namespace: 'web' },
  };
  const sign = (claims: object, header = {}) => issuer.sign({ ...good, ...claims }, header);
  const without = (name: keyof typeof good) => {
    const { [name]: _, ...claims } = good;
    return issuer.sign(claims as JWTPayload);
  };
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
  const strange = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const genuine = await sign({});
  const [head, body, mac] = genuine.split('.') as [string, string, string];
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const header = { alg: 'RS256', kid: 'one' };

  const cases: [string, string, Reason][] = [
    ['no JWT', 'abc', 'workload.malformed'],
    ['empty parts', '..', 'workload.malformed'],
    ['an encrypted one', `${encode({ alg: 'dir', enc: 'A256GCM' })}.a.b.c.d`, 'workload.algorithm'],
    ['alg none', new UnsecuredJWT(good).encode(), 'workload.algorithm'],
    ['alg NONE', `${encode({ alg: 'NONE' })}.${body}.`, 'workload.algorithm'],
    ['no alg', `${encode({ kid: 'one' })}.${body}.${mac}`, 'workload.algorithm'],
    ['HMAC with the public key', await sign({}, { alg: 'HS256', key: new Uint8Array(pem) }), 'workload.algorithm'],
    ['no signature', `${head}.${body}.`, 'workload.signature'],
    ['payload changed', `${head}.${encode({ ...good, sub: `${SUBJECT}2` })}.${mac}`, 'workload.signature'],
    ['header changed', `${encode({ ...header, typ: 'x' })}.${body}.${mac}`, 'workload.signature'],
    ['signature of another alg', `${encode({ ...header, alg: 'PS256' })}.${body}.${mac}`, 'workload.signature'],
    ['a key of one’s own', await sign({}, { key: strange }), 'workload.signature'],
    ['a key id that is none', await sign({}, { kid: 'two' }), 'workload.signature'],
    ['a key id like a path', await sign({}, { kid: '../../dev/null' }), 'workload.signature'],
    [
      'a key of its own in the header',
      `${encode({ ...header, kid: 'me', jwk: await exportJWK(strange) })}.${body}.${mac}`,
      'workload.signature',
    ],
    ['unknown critical header', `${encode({ ...header, crit: ['zn'], zn: 1 })}.${body}.${mac}`, 'workload.malformed'],
    ['another issuer, its own key', await other.sign({ ...good, iss: other.url }), 'workload.signature'],
    ['another issuer named', await sign({ iss: other.url }), 'workload.issuer'],
    ['issuer with a slash', await sign({ iss: `${issuer.url}/` }), 'workload.issuer'],
    ['no issuer', await without('iss'), 'workload.issuer'],
    ['another audience', await sign({ aud: 'sts.amazonaws.com' }), 'workload.audience'],
    ['the audience of another trust', await sign({ aud: twin.audience }), 'workload.audience'],
    ['no audience', await without('aud'), 'workload.audience'],
    ['expired', await sign({ iat: seconds - 700, exp: seconds - 61 }), 'workload.expired'],
    ['no end', await without('exp'), 'workload.claim'],
    ['an end as text', await sign({ exp: String(seconds + 600) as never }), 'workload.claim'],
    ['not yet', await sign({ nbf: seconds + 120 }), 'workload.not_yet_valid'],
    ['made in the future', await sign({ iat: seconds + 120 }), 'workload.not_yet_valid'],
    ['lives too long', await sign({ exp: seconds + 90_000 }), 'workload.lifetime'],
    ['no subject', await without('sub'), 'workload.claim'],
    ['another repository', await sign({ sub: 'repo:evil/app:ref:refs/heads/main' }), 'workload.subject'],
    ['subject that begins earlier', await sign({ sub: `x${SUBJECT}` }), 'workload.subject'],
    ['a pull request', await sign({ sub: 'repo:acme/app:pull_request' }), 'workload.subject'],
    ['claim of another value', await sign({ environment: 'staging' }), 'workload.claim'],
    ['claim as an object', await sign({ environment: { toString: 'production' } }), 'workload.claim'],
    ['claim missing', await without('environment'), 'workload.claim'],
    ['inherited claim', await sign({ 'kubernetes.io': [] }), 'workload.claim'],
  ];
  for (const [name, token, reason] of cases) {
    const answer = await exchange(ours, trust.id, token);
    assert.equal(answer.statusCode, 400, `${name}: ${answer.body}`);
    assert.equal(answer.json().reason, reason, `${name}: ${answer.body}`);
  }
  const grants: [string, string, object, Reason][] = [
    ['no trust', 'wlt_01', {}, 'workload.untrusted'],
    ['more scope', trust.id, { scope: 'resources:write' }, 'workload.scope'],
    ['made-up scope', trust.id, { scope: 'everything' }, 'workload.scope'],
    [
      'a token of another kind',
      trust.id,
      { subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      'api.invalid',
    ],
  ];
  for (const [name, id, more, reason] of grants) {
    const answer = await exchange(ours, id, genuine, more);
    assert.equal(answer.json().reason, reason, `${name}: ${answer.body}`);
  }
  assert.deepEqual(await fixture.context.store.db.selectFrom('workload_tokens').selectAll().execute(), []);
  const denied = (await ours.call('GET', '/api/v1/audit?limit=100'))
    .json()
    .items.filter((one: { action: string }) => one.action === 'workload.denied');
  assert.equal(denied.length, 1, 'a guesser does not fill the log');
  assert.ok(issuer.asked <= 4, `made-up key ids ask the issuer ${issuer.asked} times`);

  // Once and no more, also when two come at once.
  const answers = await Promise.all([1, 2, 3, 4].map(() => exchange(ours, trust.id, genuine)));
  assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, 400, 400, 400]);
  assert.equal(answers.find(({ statusCode }) => statusCode === 400)!.json().reason, 'workload.replayed');
});

eachDatabase('a new key of the issuer counts at once, a withdrawn one no longer', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const issuer = await startIssuer(t);
  const trust = await newTrust(ours, issuer);
  const send = async (kid: string, key: KeyObject) => {
    const exp = Math.floor(fixture.clock.nowMs / 1000) + 600;
    const claims = { iss: issuer.url, aud: trust.audience, sub: SUBJECT, exp, jti: `${kid} ${fixture.clock.nowMs}` };
    return (await exchange(ours, trust.id, await issuer.sign(claims, { kid, key }))).json().reason ?? 'ok';
  };
  assert.equal(await send('one', issuer.key), 'ok');
  const next = generateKeyPairSync('rsa', { modulusLength: 2048 });
  issuer.keys = [{ ...(await exportJWK(next.publicKey)), kid: 'next', alg: 'RS256' }];
  fixture.clock.nowMs += 31_000;
  assert.equal(await send('next', next.privateKey), 'ok');
  assert.equal(await send('one', issuer.key), 'workload.signature');
  issuer.keys = [];
  fixture.clock.nowMs += 601_000;
  assert.equal(await send('next', next.privateKey), 'workload.issuer_invalid');
});

test('patterns match whole texts, in bounded time', () => {
  const cases: [string, string, boolean][] = [
    ['a', 'a', true],
    ['a', 'ab', false],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c*e', 'abcde', true],
    ['a*c', 'abcd', false],
    ['*', '', true],
    ['', '', true],
    ['a.c', 'abc', false],
    ['**a**', 'xax', true],
  ];
  for (const [pattern, text, expected] of cases)
    assert.equal(matchPattern(pattern, text), expected, `${pattern} ${text}`);
  const startedMs = performance.now();
  assert.equal(matchPattern(`${'*a'.repeat(250)}b`, 'a'.repeat(8_000)), false);
  assert.ok(performance.now() - startedMs < 500);
});
