import assert from 'node:assert/strict';
import { argon2Sync, generateKeyPairSync, randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { createId, type PublicJwk, type SnapshotResource } from '@zeronaut/model';
import { createLocalJWKSet, exportJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { AccessWorld, type Answer, createKey, createResource, createUser, ORGANIZATION } from './access-world.suite.ts';

const APP = 'https://app.base.test:8443';
const SESSION = '__Host-zn_session';

function passwordHash(password: string, memory = 64): string {
  const salt = randomBytes(16);
  const hash = argon2Sync('argon2id', {
    message: password,
    nonce: salt,
    parallelism: 1,
    tagLength: 32,
    memory,
    passes: 1,
  });
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${memory},t=1,p=1$${text(salt)}$${text(hash)}`;
}

const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
const script = { accept: '*/*', 'sec-fetch-mode': '' };

function verdictOf(answer: Answer): string {
  return `${answer.decision!.verdict.effect} ${answer.decision!.verdict.reason}`;
}
function identityOf(answer: Answer): Record<string, string> {
  return Object.fromEntries(answer.decision!.identity);
}

describe('http access: sessions', () => {
  let world: AccessWorld;
  const app = createResource('app');
  const ops = createResource('ops', { access: { ...app.access, allow: ['group:ops'] } });
  const guarded = createResource('guarded', {
    access: { ...ops.access, basic: [{ username: 'guest', passwordHash: passwordHash('right', 16_384) }] },
  });
  const open = createResource('open', { access: { ...app.access, mode: 'public' } });
  const wild = createResource('wild', { hosts: ['*.wild.base.test'] });
  before(async () => {
    world = await AccessWorld.create([app, ops, open, wild, guarded]);
  });

  test('a public resource passes at once, with nothing added', async () => {
    const answer = await world.visit('https://open.base.test/', { headers: { 'x-zeronaut-user': 'usr_evil' } });
    assert.equal(verdictOf(answer), 'pass access.public');
    assert.deepEqual(answer.decision!.identity, []);
  });

  test('a session passes with headers that say who it is and an assertion that verifies', async () => {
    const token = await world.domainToken(world.ann, 'app.base.test');
    const answer = await world.visit(`${APP}/`, { cookies: { [SESSION]: token } });
    assert.equal(verdictOf(answer), 'pass access.session');
    assert.equal(answer.decision!.consumeAuthorization, false);
    const { 'x-zeronaut-assertion': assertion, ...plain } = identityOf(answer);
    assert.deepEqual(plain, {
      'x-zeronaut-user': world.ann.id,
      'x-zeronaut-email': 'ann@example.com',
      'x-zeronaut-groups': 'dev',
    });
    const jwks = JSON.parse((await world.visit(`${APP}/.zeronaut/jwks.json`)).body) as { keys: JWK[] };
    assert.ok(jwks.keys.every((key) => key.d === undefined));
    const { payload } = await jwtVerify(assertion!, createLocalJWKSet(jwks), {
      audience: 'app.base.test',
      issuer: world.gatewayId,
      currentDate: new Date(world.clock.now()),
      algorithms: ['EdDSA'],
    });
    assert.equal(payload.sub, world.ann.id);
    assert.equal(payload.exp! - payload.iat!, 300);
    const again = await world.visit(`${APP}/other`, { cookies: { [SESSION]: token } });
    assert.equal(identityOf(again)['x-zeronaut-assertion'], assertion, 'signed once');
    world.clock.advance(151_000);
    const later = await world.visit(`${APP}/`, { cookies: { [SESSION]: token } });
    assert.notEqual(identityOf(later)['x-zeronaut-assertion'], assertion, 'renewed when half spent');
  });

  const refusals: readonly [string, () => Promise<string>, string][] = [
    ['nothing', async () => '', 'challenge access.session_missing'],
    ['rubbish', async () => 'rubbish', 'challenge access.session_invalid'],
    [
      'the session of another host',
      () => world.domainToken(world.ann, 'ops.base.test'),
      'challenge access.session_invalid',
    ],
    ['a portal session', async () => (await world.portalToken(world.ann)).token, 'challenge access.session_invalid'],
    [
      'a session signed by a stranger',
      () => world.domainToken(world.ann, 'app.base.test', {}, createKey('gateway-a')),
      'challenge access.session_invalid',
    ],
    [
      'a session signed by the console',
      () => world.domainToken(world.ann, 'app.base.test', {}, world.consoleKey),
      'challenge access.session_invalid',
    ],
    [
      'a session of the other gateway in our name',
      () => world.domainToken(world.ann, 'app.base.test', {}, world.otherGatewayKey),
      'challenge access.session_invalid',
    ],
    [
      'an expired session',
      () => world.domainToken(world.ann, 'app.base.test', { exp: world.seconds() - 61 }),
      'challenge access.session_expired',
    ],
    ['a session of nobody', () => world.domainToken(createUser('ghost'), 'app.base.test'), 'deny access.user_disabled'],
    ['another organization', () => world.domainToken(world.eve, 'app.base.test'), 'deny access.not_allowed'],
    [
      'another organization that claims ours',
      () => world.domainToken(world.eve, 'app.base.test', { org: ORGANIZATION }),
      'challenge access.session_invalid',
    ],
    [
      'an assertion used as a cookie',
      async () => {
        const session = await world.domainToken(world.ann, 'app.base.test');
        return identityOf(await world.visit(`${APP}/`, { cookies: { [SESSION]: session } }))['x-zeronaut-assertion']!;
      },
      'challenge access.session_invalid',
    ],
  ];
  for (const [name, make, expected] of refusals) {
    test(`${name}: ${expected}`, async () => {
      const token = await make();
      const answer = await world.visit(`${APP}/`, { cookies: token === '' ? {} : { [SESSION]: token } });
      assert.equal(verdictOf(answer), expected);
      assert.notEqual(answer.status, 0);
      assert.deepEqual(answer.decision!.identity, []);
    });
  }

  test('a user who is not listed is refused and told who they are, and the event knows it', async () => {
    const token = await world.domainToken(world.ann, 'ops.base.test');
    const answer = await world.visit('https://ops.base.test/', { cookies: { [SESSION]: token } });
    assert.equal(verdictOf(answer), 'deny access.not_allowed');
    assert.equal(answer.status, 403);
    assert.match(answer.body, /ann@example\.com/);
    assert.match(answer.body, /\/\.zeronaut\/sign-out/);
    assert.equal(answer.decision!.subject.kind, 'user');
  });

  test('whom a sign-in would not help is told what is missing, and not sent in circles', async () => {
    const token = await world.domainToken(world.ann, 'guarded.base.test');
    const headers = { authorization: `Basic ${Buffer.from('guest:wrong').toString('base64')}` };
    const answer = await world.visit('https://guarded.base.test/', { cookies: { [SESSION]: token }, headers });
    assert.equal(verdictOf(answer), 'challenge access.basic_invalid');
    assert.deepEqual([answer.status, answer.header('location')], [401, null]);
    assert.match(answer.header('www-authenticate')!, /^Basic /);
    const stranger = await world.visit('https://guarded.base.test/', { headers });
    assert.equal(stranger.status, 302, 'somebody else may be let in');
  });

  test('two cookies of one name are refused, even when both are good', async () => {
    const token = await world.domainToken(world.ann, 'app.base.test');
    for (const cookie of [
      `${SESSION}=${token}; ${SESSION}=${token}`,
      `${SESSION}=; ${SESSION}=${token}`,
      `${SESSION}=${token};${SESSION}=x`,
      `a=b; ${SESSION} =x; ${SESSION}=${token}`,
    ]) {
      const answer = await world.visit(`${APP}/`, { headers: { cookie } });
      assert.equal(verdictOf(answer), 'challenge access.session_invalid', cookie.slice(0, 40));
    }
    const split = await world.visit(`${APP}/`, { lines: [`cookie: ${SESSION}=${token}`, `cookie: ${SESSION}=x`] });
    assert.equal(verdictOf(split), 'challenge access.session_invalid');
  });

  test('cookies that only look like ours do not count and do not disturb', async () => {
    const token = await world.domainToken(world.ann, 'app.base.test');
    for (const [cookie, expected] of [
      [`zn_session=${token}`, 'challenge access.session_missing'],
      [`__host-zn_session=${token}`, 'challenge access.session_missing'],
      [`x${SESSION}=${token}`, 'challenge access.session_missing'],
      [`a="; ${SESSION}=${token}`, 'pass access.session'],
      [`${SESSION}2=x; ${SESSION}=${token}; =y; z`, 'pass access.session'],
      [`a=${SESSION}=x; ${SESSION}=${token}`, 'pass access.session'],
      [`${SESSION}="${token}"`, 'challenge access.session_invalid'],
    ] as const) {
      assert.equal(verdictOf(await world.visit(`${APP}/`, { headers: { cookie } })), expected, cookie.slice(0, 30));
    }
  });

  test('a wildcard host has sessions of its own, name by name', async () => {
    const token = await world.domainToken(world.ann, 'a.wild.base.test');
    const at = async (host: string) =>
      verdictOf(await world.visit(`https://${host}/`, { cookies: { [SESSION]: token } }));
    assert.equal(await at('a.wild.base.test'), 'pass access.session');
    assert.equal(await at('b.wild.base.test'), 'challenge access.session_invalid');
  });

  test('a change in the console counts for the next request', async () => {
    const own = await AccessWorld.create([app]);
    const sid = createId('session');
    const token = await own.domainToken(own.ann, 'app.base.test', { sid });
    const now = async () => verdictOf(await own.visit(`${APP}/`, { cookies: { [SESSION]: token } }));
    assert.equal(await now(), 'pass access.session');
    own.change({ users: [own.bob] });
    assert.equal(await now(), 'deny access.user_disabled');
    own.change({ users: [own.ann, own.bob], resources: [{ ...app, access: { ...app.access, allow: ['group:ops'] } }] });
    assert.equal(await now(), 'deny access.not_allowed');
    own.change({ resources: [app], users: [{ ...own.ann, email: 'ann@new.example', groups: ['a', 'b'] }] });
    const renamed = await own.visit(`${APP}/`, { cookies: { [SESSION]: token } });
    assert.equal(identityOf(renamed)['x-zeronaut-email'], 'ann@new.example', 'not the remembered one');
    assert.equal(identityOf(renamed)['x-zeronaut-groups'], 'a,b');
    own.change({ revokedSessions: [{ id: sid, expiresAt: new Date(own.clock.now() + 3_600_000).toISOString() }] });
    assert.equal(await now(), 'challenge access.session_revoked');
  });

  test('identity values cannot end a header line or add a group', async () => {
    const strange = createUser('x', {
      email: 'ann\r\nx-zeronaut-user: root\u00fc%@example.com',
      groups: ['a,b', 'c d'],
    });
    const own = await AccessWorld.create([app], { users: [strange] });
    const token = await own.domainToken(strange, 'app.base.test');
    const identity = identityOf(await own.visit(`${APP}/`, { cookies: { [SESSION]: token } }));
    assert.equal(identity['x-zeronaut-email'], 'ann%0D%0Ax-zeronaut-user:%20root%C3%BC%25@example.com');
    assert.equal(decodeURIComponent(identity['x-zeronaut-email']!), strange.email);
    assert.equal(identity['x-zeronaut-groups'], 'a%2Cb,c%20d');
  });
});

describe('http access: the answer to a challenge', () => {
  let world: AccessWorld;
  const app = createResource('app');
  before(async () => {
    world = await AccessWorld.create([app]);
  });

  test('a page view goes to the portal, with a cookie that binds the way back', async () => {
    const answer = await world.visit(`${APP}/x?y=1`);
    assert.equal(answer.status, 302);
    assert.match(answer.header('location')!, /^https:\/\/portal\.base\.test:8443\/sign-in\?state=[\w.-]+$/);
    assert.match(answer.cookie('__Host-zn_state')!, /^[\w-]{43}$/);
    assert.equal(answer.header('cache-control'), 'no-store');
  });

  test('on port 443 and behind a proxy that ends TLS the address is right, too', async () => {
    const plain = await world.visit('https://app.base.test/');
    assert.ok(plain.header('location')!.startsWith('https://portal.base.test/sign-in'));
    const behind = await world.visit('https://app.base.test/', { tls: false });
    assert.ok(behind.header('location')!.startsWith('https://portal.base.test:8443/sign-in'));
  });

  const others: readonly [string, Parameters<AccessWorld['visit']>[1]][] = [
    ['a script', { headers: script }],
    ['fetch', { headers: { 'sec-fetch-mode': 'cors' } }],
    ['an image', { headers: { 'sec-fetch-mode': 'no-cors', accept: 'image/*' } }],
    ['a POST', { form: { a: 'b' } }],
    [
      'a WebSocket',
      {
        headers: {
          connection: 'upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        },
      },
    ],
    ['an OPTIONS', { method: 'OPTIONS' }],
  ];
  for (const [name, visit] of others) {
    test(`${name} gets 401 and a problem that says why`, async () => {
      const answer = await world.visit(`${APP}/`, visit);
      assert.equal(answer.status, 401);
      assert.equal(answer.header('content-type'), 'application/problem+json');
      const problem = JSON.parse(answer.body) as Record<string, unknown>;
      assert.equal(problem.reason, 'access.session_missing');
      assert.match(String(problem.requestId), /^req_/);
      assert.equal(answer.header('www-authenticate'), 'Zeronaut realm="app"');
      assert.equal(answer.header('location'), null);
    });
  }

  test('without a portal nobody is sent to one', async () => {
    const listed = createResource('listed', { access: { ...app.access, addresses: ['192.0.2.10'] } });
    const own = await AccessWorld.create([listed]);
    const { createHttpAccess } = await import('./http-access.ts');
    own.access = createHttpAccess({
      consoleUrl: 'https://console.example.com',
      passkeySignIns: null,
      gatewayId: own.gatewayId,
      signingKey: own.gatewayKey,
      sync: null,
      grants: own.grants,
      ended: own.ended,
      now: own.clock.now,
      tables: own.tables,
      log: own.log,
    });
    assert.equal(verdictOf(await own.visit('https://listed.base.test/')), 'pass access.address');
    const refused = await own.visit('https://listed.base.test/', { address: '198.51.100.1' });
    assert.equal(verdictOf(refused), 'deny access.no_rule');
    assert.equal(refused.status, 403);
    assert.equal((await own.visit('https://portal.base.test/sign-in')).status, 404);
  });
});

describe('http access: passwords of a resource', () => {
  const credentials = [
    { username: 'bot', passwordHash: passwordHash('s3cret:with:colons') },
    { username: 'bot', passwordHash: passwordHash('the next one') },
    { username: 'ümläut', passwordHash: passwordHash('pä$$') },
    { username: 'broken', passwordHash: '$argon2id$v=19$m=999999999,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA' },
  ];
  const resource = createResource('app', {
    access: { mode: 'login', allow: [], addresses: [], basic: credentials, tokens: null },
  });
  const call = (world: AccessWorld, authorization: string, address = '192.0.2.10') =>
    world.visit(`${APP}/`, { headers: { ...script, authorization }, address });

  test('the right one passes, is not handed on, and names its user', async () => {
    const world = await AccessWorld.create([resource]);
    for (const [name, password] of [
      ['bot', 's3cret:with:colons'],
      ['bot', 'the next one'],
      ['ümläut', 'pä$$'],
    ] as const) {
      const answer = await call(world, basic(name, password));
      assert.equal(verdictOf(answer), 'pass access.basic', name);
      assert.equal(answer.decision!.consumeAuthorization, true);
      assert.deepEqual(answer.decision!.subject, { kind: 'basic', username: name });
      assert.equal(identityOf(answer)['x-zeronaut-user'], name === 'bot' ? 'basic:bot' : 'basic:%C3%BCml%C3%A4ut');
    }
  });

  test('everything else is refused with a challenge that a client understands', async () => {
    const world = await AccessWorld.create([resource]);
    for (const [index, value] of [
      basic('bot', 'wrong'),
      basic('bot', ''),
      basic('BOT', 's3cret:with:colons'),
      basic('nobody', 's3cret:with:colons'),
      basic('__proto__', 'x'),
      basic('broken', 'hash'),
      'Basic',
      'Basic !!!',
      `Basic ${Buffer.from('nocolon').toString('base64')}`,
      `Basic ${Buffer.from(':empty').toString('base64')}`,
      `Basic ${Buffer.from('bot:\0').toString('base64')}`,
      `Basic ${Buffer.from([0x62, 0xff, 0x3a, 0x78]).toString('base64')}`,
    ].entries()) {
      const answer = await call(world, value, `192.0.2.${index + 1}`);
      assert.equal(verdictOf(answer), 'challenge access.basic_invalid', value);
      assert.equal(answer.status, 401);
      assert.equal(answer.header('www-authenticate'), 'Basic realm="app", charset="UTF-8"');
    }
  });

  test('other schemes belong to the service and are left alone', async () => {
    const world = await AccessWorld.create([resource]);
    const token = await world.domainToken(world.ann, 'app.base.test');
    const answer = await world.visit(`${APP}/`, {
      headers: { authorization: 'Bearer abc' },
      cookies: { [SESSION]: token },
    });
    assert.equal(verdictOf(answer), 'pass access.session');
    assert.equal(answer.decision!.consumeAuthorization, false);
    assert.equal(verdictOf(await call(world, 'Bearer abc')), 'challenge access.session_missing');
  });

  test('what was right is remembered for five minutes, and forgotten when the hash changes', async () => {
    const world = await AccessWorld.create([resource]);
    const visit = { headers: { ...script, authorization: basic('bot', 'the next one') } };
    assert.ok(world.decide(`${APP}/`, visit) instanceof Promise, 'the first time a hash is computed');
    assert.equal(verdictOf(await world.visit(`${APP}/`, visit)), 'pass access.basic');
    const recalled = world.decide(`${APP}/`, visit);
    assert.ok(!(recalled instanceof Promise) && recalled.verdict.reason === 'access.basic');
    world.clock.advance(5 * 60_000);
    assert.ok(world.decide(`${APP}/`, visit) instanceof Promise, 'forgotten after five minutes');
    assert.equal(verdictOf(await world.visit(`${APP}/`, visit)), 'pass access.basic');
    const changed = [{ username: 'bot', passwordHash: passwordHash('other') }];
    world.change({ resources: [{ ...resource, access: { ...resource.access, basic: changed } }] });
    assert.equal(verdictOf(await world.visit(`${APP}/`, visit)), 'challenge access.basic_invalid');
  });

  test('guessing is slowed down per source and per resource; who is right already is not touched', async () => {
    const world = await AccessWorld.create([resource]);
    const good = basic('bot', 'the next one');
    assert.equal(verdictOf(await call(world, good)), 'pass access.basic');
    const guesses = await Promise.all(Array.from({ length: 14 }, (_, i) => call(world, basic('bot', `guess ${i}`))));
    const limited = guesses.filter((answer) => verdictOf(answer) === 'challenge access.rate_limited');
    assert.equal(limited.length, 4, 'ten at once and no more, also in parallel');
    assert.equal(limited[0]!.status, 429);
    assert.match(limited[0]!.header('retry-after')!, /^[1-9]\d*$/);
    assert.equal(verdictOf(await call(world, good)), 'pass access.basic', 'remembered');
    assert.equal(verdictOf(await call(world, basic('bot', 's3cret:with:colons'))), 'challenge access.rate_limited');
    world.clock.advance(6_000);
    assert.equal(verdictOf(await call(world, basic('bot', 's3cret:with:colons'))), 'pass access.basic');
    // IPv6: a whole /64 is one source.
    for (let i = 0; i < 10; i++) await call(world, basic('bot', 'no'), `2001:db8::${i + 1}`);
    assert.equal(verdictOf(await call(world, basic('bot', 'no'), '2001:db8::ffff')), 'challenge access.rate_limited');
    // Many sources against one resource.
    let refusedAt = 0;
    for (let i = 0; i < 120 && refusedAt === 0; i++) {
      const answer = await call(world, basic('nobody', 'no'), `198.51.100.${i}`);
      if (answer.status === 429) refusedAt = i;
    }
    assert.ok(refusedAt > 50, `the resource's own bucket was empty after ${refusedAt}`);
  });

  test('a wrong user name takes as long as a wrong password', async () => {
    const slow = createResource('app', {
      access: { ...resource.access, basic: [{ username: 'bot', passwordHash: passwordHash('x', 16_384) }] },
    });
    const world = await AccessWorld.create([slow]);
    const timed = async (name: string, address: string) => {
      const startedAt = performance.now();
      await call(world, basic(name, 'wrong'), address);
      return performance.now() - startedAt;
    };
    await timed('warm', '198.51.100.1');
    // The fastest of several: a busy machine only ever adds time.
    let [fastUnknown, fastKnown] = [Infinity, Infinity];
    const isAsLong = () => fastUnknown > fastKnown / 2;
    for (let i = 2; i < 7 || (i < 40 && !isAsLong()); i++) {
      fastUnknown = Math.min(fastUnknown, await timed('nobody', `198.51.100.${i}`));
      fastKnown = Math.min(fastKnown, await timed('bot', `203.0.113.${i}`));
    }
    assert.ok(isAsLong(), `${fastUnknown} ms against ${fastKnown} ms`);
  });
});

describe('http access: bearer tokens of a resource', () => {
  let world: AccessWorld;
  const pairs = {
    ed: { alg: 'EdDSA', ...generateKeyPairSync('ed25519') },
    ec: { alg: 'ES256', ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
    rsa: { alg: 'RS256', ...generateKeyPairSync('rsa', { modulusLength: 2048 }) },
  };
  let resource: SnapshotResource;
  before(async () => {
    const keys: PublicJwk[] = [];
    for (const [kid, { publicKey }] of Object.entries(pairs)) {
      const { kty, crv, x, y, n, e } = await exportJWK(publicKey);
      keys.push({ kty: kty as PublicJwk['kty'], kid, crv, x, y, n, e });
    }
    keys.push({ kty: 'EC', kid: 'broken', crv: 'P-256', x: 'AAAA', y: 'AAAA' });
    resource = createResource('app', {
      access: { mode: 'login', allow: [], addresses: [], basic: [], tokens: { issuer: 'ci', audience: 'app', keys } },
    });
    world = await AccessWorld.create([resource]);
  });
  const mint = (
    pair: { alg: string; privateKey: Parameters<SignJWT['sign']>[0] },
    claims: object = {},
    header: object = {},
  ) =>
    new SignJWT({ iss: 'ci', aud: 'app', sub: 'job-7', exp: world.seconds() + 300, ...claims })
      .setProtectedHeader({ alg: pair.alg, ...header })
      .sign(pair.privateKey);
  const call = (token: string) => world.visit(`${APP}/`, { headers: { ...script, authorization: `Bearer ${token}` } });

  test('each kind of key verifies its own algorithms', async () => {
    for (const pair of [...Object.values(pairs), { ...pairs.rsa, alg: 'PS256' }]) {
      for (const header of [{}, { kid: 'somebody else calls it so' }]) {
        const answer = await call(await mint(pair, {}, header));
        assert.equal(verdictOf(answer), 'pass access.token', pair.alg);
        assert.deepEqual(answer.decision!.subject, { kind: 'token', subject: 'job-7' });
        assert.equal(answer.decision!.consumeAuthorization, true);
      }
    }
  });

  test('a verified token is remembered, and still ends when it ends', async () => {
    const token = await mint(pairs.ed, { exp: world.seconds() + 30 });
    assert.equal(verdictOf(await call(token)), 'pass access.token');
    const visit = { headers: { ...script, authorization: `Bearer ${token}` } };
    const recalled = world.decide(`${APP}/`, visit);
    assert.ok(!(recalled instanceof Promise) && recalled.verdict.reason === 'access.token');
    world.clock.advance(91_000);
    assert.equal(verdictOf(await call(token)), 'challenge access.token_invalid');
  });

  const secret = () => pairs.rsa.publicKey.export({ type: 'spki', format: 'pem' });
  const bad: readonly [string, () => Promise<string>][] = [
    ['another audience', () => mint(pairs.ed, { aud: 'other' })],
    ['another issuer', () => mint(pairs.ed, { iss: 'evil' })],
    ['expired', () => mint(pairs.ed, { exp: world.seconds() - 61 })],
    ['no expiry', () => mint(pairs.ed, { exp: undefined })],
    ['not yet', () => mint(pairs.ed, { nbf: world.seconds() + 61 })],
    ['an unlisted key', () => mint({ alg: 'EdDSA', ...generateKeyPairSync('ed25519') }, {}, { kid: 'ed' })],
    ['HS256 under a public key', () => mint({ alg: 'HS256', privateKey: Buffer.from(secret()) } as never)],
    [
      'alg none',
      async () => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
        return `${part({ alg: 'none' })}.${part({ iss: 'ci', aud: 'app', exp: world.seconds() + 300 })}.`;
      },
    ],
    ['RS512, which nobody asked for', () => mint({ ...pairs.rsa, alg: 'RS512' })],
    [
      'a critical extension',
      async () => {
        const key = pairs.ed.privateKey;
        const { sign } = await import('node:crypto');
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const input = `${part({ alg: 'EdDSA', crit: ['x'], x: 1 })}.${part({ iss: 'ci', aud: 'app', exp: world.seconds() + 300 })}`;
        return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
      },
    ],
    ['our own session', () => world.domainToken(world.ann, 'app.base.test')],
    ['rubbish', async () => 'a.b.c'],
    ['nothing', async () => ''],
  ];
  for (const [name, make] of bad) {
    test(`refuses ${name}`, async () => {
      const answer = await call(await make());
      assert.equal(verdictOf(answer), 'challenge access.token_invalid');
      assert.equal(answer.header('www-authenticate'), 'Bearer realm="app", error="invalid_token"');
    });
  }

  test('no token: a challenge without an accusation', async () => {
    const answer = await world.visit(`${APP}/`, { headers: script });
    assert.equal(answer.header('www-authenticate'), 'Bearer realm="app"');
  });
});

describe('http access: shares', () => {
  let world: AccessWorld;
  const share = () => ({ id: createId('share'), expiresAt: new Date(Date.UTC(2026, 0, 2)).toISOString() });
  const app = createResource('app', { shares: [share()] });
  const other = createResource('other', { shares: [share()] });
  before(async () => {
    world = await AccessWorld.create([app, other]);
  });
  const open = (token: string, query = '', base = APP) => world.visit(`${base}/.zeronaut/share/${token}${query}`);

  test('a link opens the door of its resource, and only as long as the console lists it', async () => {
    const own = await AccessWorld.create([app]);
    const opened = await own.visit(`${APP}/.zeronaut/share/${await own.shareToken(app)}`);
    assert.equal(opened.status, 303);
    assert.equal(opened.header('location'), `${APP}/`);
    assert.equal(opened.header('referrer-policy'), 'no-referrer');
    const cookies = { [SESSION]: opened.cookie(SESSION)! };
    const inside = await own.visit(`${APP}/x`, { cookies });
    assert.equal(verdictOf(inside), 'pass access.share');
    assert.equal(identityOf(inside)['x-zeronaut-user'], `share:${app.shares[0]!.id}`);
    assert.equal(identityOf(inside)['x-zeronaut-email'], undefined);
    own.change({ resources: [{ ...app, shares: [] }] });
    assert.equal(verdictOf(await own.visit(`${APP}/x`, { cookies })), 'challenge access.share_invalid');
    own.change({ resources: [app] });
    own.clock.set(Date.UTC(2026, 0, 2) + 61_000);
    assert.equal(verdictOf(await own.visit(`${APP}/x`, { cookies })), 'challenge access.session_expired');
  });

  test('as a header for callers without cookies', async () => {
    const token = await world.shareToken(app);
    const call = (lines: string[]) => world.visit(`${APP}/`, { headers: script, lines });
    assert.equal(verdictOf(await call([`X-Zeronaut-Share: ${token}`])), 'pass access.share');
    assert.equal(verdictOf(await call([`X-Zeronaut-Share: ${token}x`])), 'challenge access.share_invalid');
    assert.equal(
      verdictOf(await call([`X-Zeronaut-Share: ${token}`, `X-Zeronaut-Share: ${token}`])),
      'challenge access.share_invalid',
    );
  });

  const bad: readonly [string, () => Promise<string>, string][] = [
    ['the share of another resource', () => world.shareToken(other), 'access.share_invalid'],
    [
      'a share that the console does not list',
      () => world.shareToken(app, { jti: createId('share') }),
      'access.share_invalid',
    ],
    ['a listed id signed for another resource', () => world.shareToken(app, { aud: other.id }), 'access.share_invalid'],
    ['an expired one', () => world.shareToken(app, { exp: world.seconds() - 61 }), 'access.share_expired'],
    ['one signed by a gateway', () => world.shareToken(app, {}, world.gatewayKey), 'access.share_invalid'],
    ['one signed by a stranger', () => world.shareToken(app, {}, createKey('console-1')), 'access.share_invalid'],
    ['a session', () => world.domainToken(world.ann, 'app.base.test'), 'access.share_invalid'],
    ['nothing', async () => '', 'access.share_invalid'],
  ];
  for (const [name, make, reason] of bad) {
    test(`refuses ${name}`, async () => {
      const answer = await open(await make());
      assert.equal(answer.status, 401);
      assert.ok(answer.body.includes(reason));
      assert.equal(answer.cookie(SESSION), null);
    });
  }

  test('leads only to paths of its own host', async () => {
    const token = await world.shareToken(app);
    for (const [to, expected] of [
      ['/a/b?c=d', '/a/b?c=d'],
      ['//evil.test', '/'],
      ['/\\evil.test', '/'],
      ['\\\\evil.test', '/'],
      ['https://evil.test', '/'],
      ['javascript:alert(1)', '/'],
      ['@evil.test', '/'],
      ['.evil.test', '/'],
      ['/x\r\nset-cookie: a=b', '/'],
      ['/x y', '/'],
      ['', '/'],
      [`/${'x'.repeat(3000)}`, '/'],
      ['/\u00fc', '/'],
    ] as const) {
      const answer = await open(token, `?to=${encodeURIComponent(to)}`);
      assert.equal(answer.header('location'), APP + expected, to);
    }
    assert.equal((await open(token, '?to=/a&to=/b')).header('location'), `${APP}/`);
  });

  test('a signed-in user who opens a link stays who they are', async () => {
    const session = await world.domainToken(world.ann, 'app.base.test');
    const answer = await world.visit(`${APP}/.zeronaut/share/${await world.shareToken(app)}`, {
      cookies: { [SESSION]: session },
    });
    assert.equal(answer.status, 303);
    assert.equal(answer.cookie(SESSION), null);
  });

  test('a share cookie of one host is void on another', async () => {
    const opened = await open(await world.shareToken(app));
    const cookies = { [SESSION]: opened.cookie(SESSION)! };
    assert.equal(
      verdictOf(await world.visit('https://other.base.test/', { cookies })),
      'challenge access.session_invalid',
    );
  });
});

test('a policy that asks for the gateway decides by what the newest snapshot says of it', async () => {
  const left = { '.': { left: { Var: 'context' }, attr: 'gateway' } };
  const known = { has: { left: { Var: 'context' }, attr: 'gateway' } };
  const within = { in: { left, right: { Value: { __entity: { type: 'Segment', id: 'eu' } } } } };
  const everything = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' } };
  const json = {
    ...{ effect: 'forbid', ...everything },
    conditions: [{ kind: 'unless', body: { '&&': { left: known, right: within } } }],
  };
  const open = createResource('app', { access: { mode: 'public', allow: [], addresses: [], basic: [], tokens: null } });
  const world = await AccessWorld.create([open], {
    policies: [{ id: 'pol_1', name: 'eu', mode: 'enforce', json }],
  });
  await world.start();
  const visit = async () => (await world.visit('https://app.base.test/')).decision!.verdict.effect;
  assert.equal(await visit(), 'deny', 'the console says nothing of it');
  for (const [segments, effect] of [
    [['eu'], 'pass'],
    [['us'], 'deny'],
    [['us', 'eu'], 'pass'],
    [[], 'deny'],
  ] as const) {
    world.change({ gateway: { name: 'fra1', region: 'default', segments: [...segments] } });
    for (let twice = 0; twice < 2; twice++) assert.equal(await visit(), effect, String(segments));
  }
});
