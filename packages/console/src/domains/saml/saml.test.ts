import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { TestBrowser } from '../../testing/browser.suite.ts';
import { samlWorld } from '../../testing/saml-world.suite.ts';

function sqlite(t: TestContext) {
  const file = `${temporaryDirectory(t)}/z.db`;
  return { kind: 'sqlite' as const, file, url: `sqlite:${file}` };
}

eachDatabase('a person signs in through a SAML provider and is made, mapped and known again', async (t, database) => {
  const world = await samlWorld(t, database);
  const { peer, provider, organization } = world;
  peer.signedIn = {
    nameId: 'ann-1',
    attributes: { email: ['Ann@Corp.example'], name: ['Ann Example'], groups: ['engineering', 'platform-admins', 'x'] },
  };
  const browser = new TestBrowser();
  const page = await (await browser.get(`${world.console}/sign-in`)).text();
  assert.match(page, new RegExp(`/sign-in/with/${provider.id}[^"]*">Continue with Corp<`));
  const done = await world.signIn(browser, '/device');
  assert.match(done, /<a id="next" href="\/device">/);
  const first = await world.me(browser);
  assert.deepEqual(
    [first.user.email, first.user.name, first.user.role, first.user.groups],
    ['ann@corp.example', 'Ann Example', 'admin', ['dev', 'ops']],
  );

  // The name counts, not the address; what the provider no longer says is taken back.
  peer.signedIn = { nameId: 'ann-1', attributes: { email: ['ann.married@corp.example'], groups: ['Engineering'] } };
  const again = new TestBrowser();
  await world.signIn(again, '/');
  const second = await world.me(again);
  assert.deepEqual([second.user.id, second.user.role, second.user.groups], [first.user.id, 'member', ['dev']]);

  const audit = (await organization.call('GET', '/api/v1/audit?limit=100')).json();
  const actions = audit.items.map(({ action }: { action: string }) => action);
  for (const action of ['identity_provider.create', 'user.create', 'user.update', 'session.create']) {
    assert.ok(actions.includes(action), action);
  }
});

test('signed requests, encrypted assertions, and metadata that rotate and outlive their server', async (t) => {
  for (const encryption of [
    'http://www.w3.org/2009/xmlenc11#aes256-gcm',
    'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
  ]) {
    const world = await samlWorld(t, sqlite(t), { peer: { wantsSignedRequests: true, encryption } });
    const { peer, fixture } = world;
    peer.signedIn = { nameId: 'ann-1', attributes: { email: ['ann@corp.example'] } };
    const browser = new TestBrowser();
    await world.signIn(browser, '/');
    assert.equal((await world.me(browser)).user.email, 'ann@corp.example', encryption);
    const request = new URL(browser.hops.find((hop) => hop.includes('SAMLRequest'))!.slice(4));
    assert.equal(request.searchParams.get('tenant'), '1', 'what the address had stays');
    assert.ok(request.searchParams.get('Signature') !== null, 'signed because the metadata ask for it');

    // Another key: found by asking again, once the last question is not of just now.
    await peer.rotate();
    fixture.clock.nowMs += 40_000;
    const fetches = peer.fetches;
    const rotated = new TestBrowser();
    await world.signIn(rotated, '/');
    assert.equal((await world.me(rotated)).user.email, 'ann@corp.example', 'with the new key');
    assert.equal(peer.fetches, fetches + 1);

    // Its server is away for days, and then for too long.
    peer.metadataStatus = 503;
    fixture.clock.nowMs += 3 * 86_400_000;
    const stale = new TestBrowser();
    await world.signIn(stale, '/');
    assert.equal((await world.me(stale)).user.email, 'ann@corp.example');
    fixture.clock.nowMs += 8 * 86_400_000;
    const gone = await (await new TestBrowser().get(`${world.console}/sign-in/with/${world.provider.id}`)).text();
    assert.match(gone, /idp\.answer_invalid/);
  }
});

test('the answer counts only in the browser that asked for it, and once', async (t) => {
  const world = await samlWorld(t, sqlite(t));
  const { peer, provider } = world;
  peer.signedIn = { nameId: 'mallory', attributes: { email: ['mallory@corp.example'] } };
  const acs = `${world.console}/sign-in/saml/${provider.id}`;
  const mallory = new TestBrowser();
  const fields = await world.begin(mallory);
  const [victim, stranger] = [new TestBrowser(), new TestBrowser()];
  // Login CSRF: the victim's browser brings Mallory's good answer, first without any sign-in of its own, then with one.
  await world.begin(stranger);
  const page = await (await victim.post(acs, fields, { origin: peer.entityId })).text();
  const next = new URL(/<a id="next" href="([^"]+)"/.exec(page)![1]!.replaceAll('&amp;', '&'), world.console).href;
  for (const browser of [victim, stranger]) {
    assert.match(await (await browser.get(next)).text(), /idp\.state_invalid/);
    assert.equal(browser.cookie(world.console, 'zn_console'), null);
  }
  assert.match(await (await mallory.post(acs, fields)).text(), /idp\.state_invalid/, 'there is one try');
  await mallory.get(next);
  assert.equal((await world.me(mallory)).user.email, 'mallory@corp.example');
  mallory.forget();
  assert.match(await (await mallory.get(next)).text(), /idp\.state_invalid/, 'and one sign-in');

  // Nobody asked for it: there is no sign-in that begins at the provider.
  const other = await world.begin(new TestBrowser());
  for (const RelayState of ['', 'x'.repeat(300), '/device']) {
    assert.match(await (await victim.post(acs, { ...other, RelayState })).text(), /idp\.state_invalid/);
  }
  // The way back before there is an answer.
  const early = new TestBrowser();
  const { RelayState } = await world.begin(early);
  const callback = `${world.console}/sign-in/callback/${provider.id}?state=${RelayState}`;
  assert.match(await (await early.get(callback)).text(), /idp\.state_invalid/);
  // What waits in the database does not say who it is.
  const waiting = await world.begin(new TestBrowser());
  await victim.post(acs, waiting);
  const rows = await world.fixture.context.store.db.selectFrom('sign_in_flows').selectAll().execute();
  assert.ok(rows.some(({ answer }) => answer !== null));
  assert.ok(!JSON.stringify(rows).includes('mallory'));
});

test('metadata and settings of SAML providers are checked when they are given', async (t) => {
  const world = await samlWorld(t, sqlite(t));
  const { organization, peer, provider } = world;
  const metadata = await (await fetch(`${world.console}/sign-in/saml/${provider.id}/metadata`)).text();
  assert.match(metadata, new RegExp(`entityID="[^"]*/sign-in/saml/${provider.id}/metadata"`));
  assert.match(metadata, /WantAssertionsSigned="true"/);
  let number = 0;
  const add = async (settings: object) => {
    const body = { name: `p${++number}`, settings: { kind: 'saml', ...settings } };
    const answer = await organization.call('POST', '/api/v1/identity-providers', body);
    return answer.statusCode === 201 ? 'good' : `${answer.json().errors[0].path} ${answer.json().errors[0].message}`;
  };
  assert.equal(await add({ metadata: `<!-- theirs -->${peer.metadata}` }), 'good');
  assert.match(await add({}), /^\/settings\/metadata either/);
  assert.match(await add({ metadata: '<x/>' }), /no such SAML 2.0 identity provider/);
  assert.match(await add({ metadata: `<!DOCTYPE a [<!ENTITY b "c">]>${peer.metadata}` }), /document type/);
  assert.match(await add({ metadata: peer.metadata, entityId: 'https://other.example' }), /no such/);
  assert.match(await add({ metadataUrl: 'ftp://a.example/' }), /^\/settings\/metadataUrl /);
  assert.match(
    await add({ metadata: peer.metadata.replaceAll(/<ds:X509Certificate>[^<]+/g, '<ds:X509Certificate>AAAA') }),
    /RSA key/,
  );
  const two = `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">${[1, 2].map((n) => peer.metadata.replace(/<\?xml[^>]*>/, '').replace(peer.entityId, `https://${n}.example`)).join('')}</md:EntitiesDescriptor>`;
  assert.match(await add({ metadata: two }), /several identity providers/);
  assert.equal(await add({ metadata: two, entityId: 'https://2.example' }), 'good');

  // Metadata at addresses inside are not fetched: the same guard as for issuers.
  const inside = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'inside',
    settings: { kind: 'saml', metadataUrl: 'https://169.254.169.254/metadata' },
  });
  const checked = await organization.call('POST', `/api/v1/identity-providers/${inside.json().id}/test`);
  assert.equal(checked.json().checks[0].reason, 'outbound.address_denied');
  const own = await organization.call('POST', `/api/v1/identity-providers/${provider.id}/test`);
  assert.deepEqual([own.json().ok, own.json().checks[0].check], [true, 'metadata']);
});

test('a SAML sign-in that is too old is asked for again, anew, and once', async (t) => {
  const world = await samlWorld(t, sqlite(t));
  const { peer, fixture, organization, provider } = world;
  peer.signedIn = { nameId: 'ann-1', attributes: { email: ['ann@corp.example'] } };
  peer.signedInAtMs = fixture.clock.nowMs - 3_600_000;
  const any = new TestBrowser();
  await world.signIn(any, '/device');
  assert.equal((await world.me(any)).user.email, 'ann@corp.example', 'nobody asks how old it is');
  const path = '/api/v1/organizations/current/sign-in-policy';
  await organization.call('PUT', path, { providerMaxAgeSeconds: 300 }, { headers: { 'if-match': '"1"' } });

  const browser = new TestBrowser();
  const again = await world.signIn(browser, '/device');
  const onward = /name="RelayState"/.test(again);
  assert.ok(onward, 'the provider is asked once more, at its own page');
  assert.equal(peer.signedInAtMs, fixture.clock.nowMs, 'and is told to ask the person');
  assert.equal(browser.cookie(world.console, 'zn_console'), null, 'nothing is open yet');
  const second = new TestBrowser();
  await world.signIn(second, '/device');
  assert.equal((await world.me(second)).user.email, 'ann@corp.example', 'what is fresh counts');

  // A provider that asks nobody, though it was told to: no third time.
  const forced = await second.get(`${world.console}/sign-in/with/${provider.id}?again=1`);
  const fields = Object.fromEntries(
    [...(await forced.text()).matchAll(/name="(\w+)" value="([^"]*)"/g)].map((match) => [match[1], match[2]]),
  );
  fixture.clock.nowMs += 400_000;
  const callback = `${world.console}/sign-in/saml/${provider.id}`;
  const late = await second.post(callback, fields, { origin: peer.entityId });
  assert.match(await late.text(), /idp\.(sign_in_old|time_invalid)/);
});
