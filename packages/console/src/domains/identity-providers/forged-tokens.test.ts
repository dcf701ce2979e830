import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { temporaryDirectory } from '@zeronaut/testkit';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { createRogueOidc, type RogueOidc, type TokenParts } from '../../testing/rogue-oidc.suite.ts';

const CLIENT_ID = 'zeronaut';
const SECRET = 'the-client-secret';
const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

interface World {
  readonly fixture: Fixture;
  readonly organization: TestOrganization;
  readonly rogue: RogueOidc;
  readonly console: string;
  readonly providerId: string;
  readonly secondId: string;
}

async function rogueWorld(t: TestContext): Promise<World> {
  const fixture = await startFixture(t, {
    kind: 'sqlite',
    file: '',
    url: `sqlite:${temporaryDirectory(t)}/z.db`,
  } as never);
  const console = await fixture.listen();
  const organization = await fixture.organization();
  const rogue = await createRogueOidc(t);
  const add = async (name: string) => {
    const settings = { kind: 'oidc', issuer: rogue.issuer, clientId: CLIENT_ID };
    const body = { name, settings, secret: SECRET, createUsers: true };
    return (await organization.call('POST', '/api/v1/identity-providers', body)).json().id as string;
  };
  const [providerId, secondId] = [await add('one'), await add('two')];
  await organization.call('POST', `/api/v1/identity-providers/${providerId}/domains`, {
    domain: 'corp.example',
    proof: 'owner',
  });
  return { fixture, organization, rogue, console, providerId, secondId };
}

interface Attempt extends TokenParts {
  /** What comes back from the provider, before the browser brings it. */
  readonly query?: (query: URLSearchParams) => void;
  /** In place of `{ access_token, token_type, id_token }`. */
  readonly tokens?: (idToken: string) => Record<string, unknown>;
  readonly without?: readonly string[];
  readonly at?: string;
  readonly otherBrowser?: boolean;
}

/** One sign-in with what the provider says changed; its reason, or `signed in`. */
async function attempt(world: World, change: Attempt): Promise<string> {
  const { rogue, fixture } = world;
  // As long as a patient attacker would wait between two.
  fixture.clock.nowMs += 4_000;
  const browser = new TestBrowser();
  const hop = await browser.hop(`${world.console}/sign-in/with/${world.providerId}`);
  const location = hop.headers.get('location');
  if (location === null) return reasonOf(await hop.text());
  const asked = new URL(location).searchParams;
  const now = Math.floor(fixture.clock.nowMs / 1000);
  const claims: Record<string, unknown> = {
    iss: rogue.issuer,
    aud: CLIENT_ID,
    sub: 'mallory',
    iat: now,
    exp: now + 300,
    nonce: asked.get('nonce'),
    email: 'mallory@corp.example',
    email_verified: true,
    ...change.claims,
  };
  for (const name of change.without ?? []) delete claims[name];
  const idToken = rogue.mint({ ...change, claims });
  rogue.tokens = change.tokens?.(idToken) ?? { access_token: 'a', token_type: 'Bearer', id_token: idToken };
  const query = new URLSearchParams({ code: 'c', state: asked.get('state')! });
  change.query?.(query);
  const who = change.otherBrowser === true ? new TestBrowser() : browser;
  const page = await who.get(`${world.console}/sign-in/callback/${change.at ?? world.providerId}?${query}`);
  const text = await page.text();
  return who.cookie(world.console, 'zn_console') === null ? reasonOf(text) : 'signed in';
}

function reasonOf(page: string): string {
  return /class="soft small"><code>([a-z_.]+)<\/code> ·/.exec(page)?.[1] ?? page.slice(-300);
}

const later = ({ fixture }: World, seconds: number) => Math.floor(fixture.clock.nowMs / 1000) + 4 + seconds;

test('forged and misused ID tokens and answers are refused, each for its own reason', async (t) => {
  const world = await rogueWorld(t);
  const { rogue } = world;
  const jwk = { kty: 'oct', k: Buffer.from('attacker').toString('base64url') };
  const cases: Record<string, [string, Attempt]> = {
    'alg none': ['idp.algorithm_refused', { header: { alg: 'none' }, after: (token) => token.replace(/[^.]*$/, '') }],
    'alg none, with a signature': ['idp.algorithm_refused', { header: { alg: 'none' } }],
    'alg nOnE': ['idp.algorithm_refused', { header: { alg: 'nOnE' } }],
    'HS256 with the published key as secret': [
      'idp.algorithm_refused',
      { header: { alg: 'HS256' }, secret: rogue.publicPem },
    ],
    'HS256 with the client secret': ['idp.algorithm_refused', { header: { alg: 'HS256' }, secret: SECRET }],
    'HS256 under a key that it brings': [
      'idp.algorithm_refused',
      { header: { alg: 'HS256', jwk }, secret: 'attacker' },
    ],
    'RS512, which the settings do not name': ['idp.algorithm_refused', { header: { alg: 'RS512' } }],
    'no alg': ['idp.algorithm_refused', { header: { alg: undefined } }],
    'ES256 over an RSA key': ['idp.key_unknown', { header: { alg: 'ES256' } }],
    'another key under the same id': ['idp.signature_invalid', { key: rogue.otherKey }],
    'another key, brought along as jwk': [
      'idp.signature_invalid',
      { key: rogue.otherKey, header: { jwk: rogue.otherKey.export({ format: 'jwk' }) } },
    ],
    'another key, at an address of theirs': [
      'idp.signature_invalid',
      { key: rogue.otherKey, header: { jku: 'http://169.254.169.254/jwks', x5u: 'http://169.254.169.254/' } },
    ],
    'a key id that nobody has': ['idp.key_unknown', { header: { kid: 'two' } }],
    'a key id that is a path': ['idp.key_unknown', { header: { kid: '../../../../dev/null' } }],
    'a key id that is SQL': ['idp.key_unknown', { header: { kid: "one' or '1'='1" } }],
    'a critical header that nobody knows': ['idp.answer_invalid', { header: { crit: ['exp'], exp: 1 } }],
    'a header of base64 and not of JSON': [
      'idp.answer_invalid',
      { after: (token) => `AAAA.${token.split('.').slice(1).join('.')}` },
    ],
    'other claims under the same signature': [
      'idp.signature_invalid',
      {
        after: (token) =>
          token.replace(
            /\.([^.]*)\./,
            (_, claims) =>
              `.${Buffer.from(Buffer.from(claims, 'base64url').toString().replace('mallory', 'the-owner')).toString('base64url')}.`,
          ),
      },
    ],
    'half a signature': ['idp.signature_invalid', { after: (token) => token.slice(0, -20) }],
    'four parts': ['idp.answer_invalid', { after: (token) => `${token}.AAAA` }],
    'an encrypted one': ['idp.answer_invalid', { after: (token) => `${token}.AAAA.AAAA` }],
    'another issuer': ['idp.issuer_mismatch', { claims: { iss: 'https://evil.example' } }],
    'the issuer with a slash more': ['idp.issuer_mismatch', { claims: { iss: `${rogue.issuer}/` } }],
    'no issuer': ['idp.answer_invalid', { without: ['iss'] }],
    'another audience': ['idp.audience_mismatch', { claims: { aud: 'other' } }],
    'an audience that begins like ours': ['idp.audience_mismatch', { claims: { aud: `${CLIENT_ID}-2` } }],
    'several audiences and another party': [
      'idp.audience_mismatch',
      { claims: { aud: [CLIENT_ID, 'other'], azp: 'other' } },
    ],
    'several audiences and no party': ['idp.audience_mismatch', { claims: { aud: [CLIENT_ID, 'other'] } }],
    'no audience': ['idp.answer_invalid', { without: ['aud'] }],
    'another nonce': ['idp.nonce_mismatch', { claims: { nonce: 'of-another-sign-in' } }],
    'no nonce': ['idp.nonce_mismatch', { without: ['nonce'] }],
    'an old one': ['idp.time_invalid', { claims: { exp: later(world, -60) } }],
    'one without an end': ['idp.answer_invalid', { without: ['exp'] }],
    'one of tomorrow': ['idp.time_invalid', { claims: { nbf: later(world, 86_400) } }],
    'an end that is no number': ['idp.answer_invalid', { claims: { exp: '9999999999' } }],
    'no subject': ['idp.answer_invalid', { without: ['sub'] }],
    'a subject that is no text': ['idp.answer_invalid', { claims: { sub: { $ne: '' } } }],
    'no ID token': ['idp.answer_invalid', { tokens: () => ({ access_token: 'a', token_type: 'Bearer' }) }],
    'an ID token that is a list': [
      'idp.answer_invalid',
      { tokens: (token) => ({ access_token: 'a', token_type: 'Bearer', id_token: [token] }) },
    ],
    'another kind of token': [
      'idp.answer_invalid',
      { tokens: (token) => ({ access_token: 'a', token_type: 'mac', id_token: token }) },
    ],
    'an address that is not verified': ['idp.email_missing', { claims: { email_verified: false } }],
    'an address of a domain of others': ['idp.email_not_owned', { claims: { email: 'ann@other.example' } }],
    'no state': ['idp.state_invalid', { query: (query) => query.delete('state') }],
    'another state': ['idp.state_invalid', { query: (query) => query.set('state', 'x'.repeat(43)) }],
    'two states': ['idp.state_invalid', { query: (query) => query.append('state', 'x') }],
    'another browser (login CSRF)': ['idp.state_invalid', { otherBrowser: true }],
    'the address of another provider (mix-up)': ['idp.state_invalid', { at: world.secondId }],
    'another issuer in the answer (mix-up)': [
      'idp.issuer_mismatch',
      { query: (query) => query.set('iss', 'https://evil.example') },
    ],
    'no code': ['idp.answer_invalid', { query: (query) => query.delete('code') }],
    'two codes': ['idp.answer_invalid', { query: (query) => query.append('code', 'd') }],
    'a token in the address': ['idp.answer_invalid', { query: (query) => query.set('id_token', 'x') }],
    'the provider says no': ['idp.refused', { query: (query) => query.set('error', 'access_denied') }],
  };
  const [found, expected]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const [name, [reason, change]] of Object.entries(cases)) {
    const timed = change.claims?.exp !== undefined || change.claims?.nbf !== undefined;
    const fresh =
      name === 'an old one'
        ? { exp: later(world, -60) }
        : name === 'one of tomorrow'
          ? { nbf: later(world, 86_400) }
          : {};
    found[name] = await attempt(world, timed ? { ...change, claims: { ...change.claims, ...fresh } } : change);
    expected[name] = reason;
  }
  assert.deepEqual(found, expected);
  assert.equal(await attempt(world, {}), 'signed in', 'the unchanged one is good');

  // What the provider says of itself.
  const self: Record<string, [string, Record<string, unknown>]> = {
    'a discovery document of somebody else': ['idp.issuer_mismatch', { issuer: 'https://evil.example' }],
    'no PKCE with S256 (downgrade)': ['idp.answer_invalid', { code_challenge_methods_supported: ['plain'] }],
    'a token address that is no URL': ['idp.answer_invalid', { token_endpoint: 'file:///etc/passwd' }],
    'keys at an address inside': ['outbound.address_denied', { jwks_uri: 'http://169.254.169.254/jwks' }],
    'the token address inside': ['outbound.address_denied', { token_endpoint: 'http://10.0.0.1/token' }],
    'an answer without the issuer that it promises': [
      'idp.issuer_mismatch',
      { authorization_response_iss_parameter_supported: true },
    ],
  };
  for (const [name, [reason, discovery]] of Object.entries(self)) {
    rogue.discovery = discovery;
    await world.organization.call('POST', `/api/v1/identity-providers/${world.providerId}/test`);
    // What is not good is not kept: the next sign-in asks again.
    await world.fixture.context.store.db
      .updateTable('identity_providers')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .execute();
    assert.equal(await attempt(world, {}), reason, name);
  }
});

test('forged and misused logout tokens end nothing, each for its own reason', async (t) => {
  const world = await rogueWorld(t);
  const { rogue, fixture } = world;
  assert.equal(await attempt(world, {}), 'signed in');
  const open = async () =>
    (await fixture.context.store.db.selectFrom('sessions').select('id').where('revoked_at', 'is', null).execute())
      .length;
  assert.equal(await open(), 1);
  let jti = 0;
  const logOut = async (parts: TokenParts & { readonly without?: readonly string[] }, at = world.providerId) => {
    fixture.clock.nowMs += 4_000;
    const now = Math.floor(fixture.clock.nowMs / 1000);
    const claims: Record<string, unknown> = {
      iss: rogue.issuer,
      aud: CLIENT_ID,
      sub: 'mallory',
      iat: now,
      exp: now + 120,
      jti: `j${++jti}`,
      events: { [LOGOUT]: {} },
      ...parts.claims,
    };
    for (const name of parts.without ?? []) delete claims[name];
    const token = rogue.mint({ ...parts, header: { typ: 'logout+jwt', ...parts.header }, claims });
    const answer = await fetch(`${world.console}/sign-in/logout/${at}`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: token }),
    });
    return answer.status === 200 ? 'logged out' : ((await answer.json()) as { reason: string }).reason;
  };
  const cases: Record<string, [string, Parameters<typeof logOut>[0]]> = {
    'alg none': ['idp.algorithm_refused', { header: { alg: 'none' } }],
    'HS256 with the published key': ['idp.algorithm_refused', { header: { alg: 'HS256' }, secret: rogue.publicPem }],
    'another key': ['idp.signature_invalid', { key: rogue.otherKey }],
    'a key id that nobody has': ['idp.key_unknown', { header: { kid: 'two' } }],
    'another kind of token': ['idp.malformed', { header: { typ: 'at+jwt' } }],
    'another issuer': ['idp.issuer_mismatch', { claims: { iss: 'https://evil.example' } }],
    'another audience': ['idp.audience_mismatch', { claims: { aud: 'other' } }],
    'an old one': ['idp.time_invalid', { claims: { iat: 1, exp: 2 } }],
    'one that is good for a year, of an hour ago': [
      'idp.time_invalid',
      { claims: { iat: Math.floor(fixture.clock.nowMs / 1000) - 3_600, exp: 9_999_999_999 } },
    ],
    'no time': ['idp.time_invalid', { without: ['iat'] }],
    'no id': ['idp.malformed', { without: ['jti'] }],
    'no event: an ID token': ['idp.malformed', { without: ['events'] }],
    'another event': ['idp.malformed', { claims: { events: { 'urn:other': {} } } }],
    'a nonce: an ID token': ['idp.malformed', { claims: { nonce: 'n' } }],
    nobody: ['idp.malformed', { without: ['sub'] }],
    'not a token': ['idp.malformed', { after: () => 'AAAA' }],
    'a token of 20,000 characters': ['idp.malformed', { after: (token) => token + 'A'.repeat(20_000) }],
  };
  for (const [name, [reason, parts]] of Object.entries(cases)) assert.equal(await logOut(parts), reason, name);
  assert.equal(await open(), 1, 'none of them ended anything');
  assert.equal(await logOut({ claims: { jti: 'twice' } }), 'logged out');
  assert.equal(await open(), 0);
  assert.equal(await logOut({ claims: { jti: 'twice' } }), 'idp.replayed');
  assert.equal(await logOut({}, 'idp_00000000000000000000000000'), 'idp.not_found');
});
