/**
 * People, keys, requests and settings in the web console: each page's main job in a real browser, against the real console. What people
 * can write is an attempt at a script wherever it can be.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { Secret, TOTP } from 'otpauth';
import { createOidcPeer } from '../packages/console/src/testing/oidc-peer.suite.ts';
import { createSamlPeer } from '../packages/console/src/testing/saml-peer.suite.ts';
import { ensureWeb } from '../scripts/build-web.mjs';
import { addAuthenticator, openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
const SCRIPT = '<img src=x onerror=alert(1)>';

let world: World;
let web: WebConsole;
let bob: User;
let alerts = 0;

before(async () => {
  ensureWeb();
  // The OpenID provider of another make below is on loopback, whose tokens the console fetches.
  process.env.ZERONAUT_CONSOLE_OUTBOUND_ALLOW = '127.0.0.0/8';
  world = await startWorld(owner);
  bob = await world.createUser({ email: 'bob@example.com', groups: ['dev'] });
  for (const [name, allow] of [
    ['wiki', ['group:dev']],
    ['payroll', ['group:sales']],
  ] as const) {
    await world.api.call('resources.create', {
      body: { name, targets: [{ address: '127.0.0.1:9' }], access: { mode: 'login', allow: [...allow] } },
    });
  }
  await world.api.call('resources.create', {
    body: {
      name: 'raw-port',
      protocol: 'tcp',
      targets: [{ address: '127.0.0.1:9' }],
      access: { allow: ['group:dev'] },
    },
  });
  const { context } = await openBrowser(owner);
  web = await openWebConsole(context, world, world.owner);
  web.page.on('dialog', (dialog) => {
    alerts++;
    void dialog.dismiss();
  });
});
afterEach((t) => world.showLogsOnFailure(t));
after(() => {
  assert.deepEqual(web.complaints, [], 'violations of the policy, errors and warnings of the whole run');
  assert.equal(alerts, 0, 'no text became a script');
});

const dialog = () => web.page.locator('role=dialog');
async function submit(name: string): Promise<void> {
  await dialog().getByRole('button', { name, exact: true }).click();
}
async function gone(): Promise<void> {
  await dialog().waitFor({ state: 'detached' });
}

describe('people', () => {
  it('are created, with whatever name, found, changed and disabled', async () => {
    const { page } = web;
    await web.open('/users');
    await page.click('role=button[name="Create a user"]');
    await submit('Create a user');
    await page.waitForSelector('text=This is needed.');
    await page.fill('input[name=name]', SCRIPT);
    await page.fill('input[name=email]', 'eve@example.com');
    await page.fill('input[name=password]', 'plum violin harbour seven');
    await page.fill('input[name=groups]', 'dev,on-call,');
    await submit('Create a user');
    await page.waitForSelector(`h1:has-text("${SCRIPT}")`);
    await page.waitForSelector('text=Signed in nowhere.');
    assert.match(await page.innerText('main'), /dev\s+on-call/);

    await page.click('role=button[name="Edit"]');
    await page.fill('input[name=name]', 'Eve');
    const eve = (await world.api.call('users.list', { query: { q: 'eve@' } })).items[0]!;
    await world.api.call('users.update', { params: { id: eve.id }, body: { groups: ['sales'] } }, eve.version);
    await submit('Save');
    await page.waitForSelector('text=Somebody else changed this');
    assert.match(await dialog().innerText(), /sales/, 'what the other wrote is taken over');
    assert.equal(await page.inputValue('input[name=name]'), 'Eve', 'what was written here stays');
    await submit('Save');
    await gone();
    const merged = await world.api.call('users.get', { params: { id: eve.id } });
    assert.deepEqual([merged.name, merged.groups], ['Eve', ['sales']]);

    await page.click('role=button[name="Disable"]');
    await page.waitForSelector('role=dialog >> text=Nothing is open.');
    await submit('Disable');
    await gone();
    await page.waitForSelector('main >> text=Disabled');
    await web.open('/users?status=disabled');
    await page.waitForSelector('role=row >> text=eve@example.com');
    assert.equal(await page.locator('role=row >> text=bob@example.com').count(), 0);
  });

  it('are as before when a change is taken back, unless somebody else wrote meanwhile', async () => {
    const { page } = web;
    const now = () => world.api.call('users.get', { params: { id: bob.id } });
    const { name: before } = await now();
    await web.open(`/users/${bob.id}`);
    async function rename(name: string): Promise<void> {
      await page.click('role=button[name="Edit"]');
      await page.fill('input[name=name]', name);
      await submit('Save');
      await gone();
      await page.waitForSelector(`text=${before} is saved`);
    }
    await rename('Robert');
    assert.equal((await now()).name, 'Robert');
    await page.keyboard.press('z');
    await page.waitForSelector('text=It is as it was.');
    assert.equal((await now()).name, before);
    await rename('Robert');
    const { version } = await now();
    await world.api.call('users.update', { params: { id: bob.id }, body: { name: 'Rob' } }, version);
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('role=status >> text=api.precondition_failed');
    assert.equal((await now()).name, 'Rob', 'theirs stays');
    const { version: last } = await now();
    await world.api.call('users.update', { params: { id: bob.id }, body: { name: before } }, last);
  });

  it('see a resource start at once, and stopped again when the console refuses', async () => {
    const { page } = web;
    const targets = [{ address: '127.0.0.1:9' }];
    const { id } = await world.api.call('resources.create', { body: { name: 'switch', targets, enabled: false } });
    await web.open(`/resources/${id}`);
    await page.waitForSelector('main >> text=Stopped');
    const answer = Promise.withResolvers<void>();
    await page.route(`**/api/v1/resources/${id}`, async (route) => {
      if (route.request().method() === 'GET') return await route.continue();
      await answer.promise;
      const problem = { title: 'Refused by the test', status: 409, reason: 'api.conflict', requestId: 'req_test' };
      await route.fulfill({ status: 409, json: problem });
    });
    await page.click('role=button[name="Start"]');
    await page.waitForSelector('role=button[name="Stop"]');
    answer.resolve();
    await page.waitForSelector('text=Request req_test');
    await page.waitForSelector('role=button[name="Start"]');
    await page.unroute(`**/api/v1/resources/${id}`);
    await page.click('role=button[name="Start"]');
    await page.waitForSelector('text=switch is started');
    const isOn = async () => (await world.api.call('resources.get', { params: { id } })).enabled;
    assert.equal(await isOn(), true);
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('role=button[name="Start"]');
    await waitFor(async () => !(await isOn()), { what: 'it is stopped again' });
  });

  it('are signed out by the page of a user', async () => {
    const { page } = web;
    await world.api.as(bob.token).call('me.get', {});
    await web.open(`/users/${bob.id}`);
    await page.click('section[aria-label="Sessions"] >> role=button[name="End"]');
    await submit('End');
    await page.waitForSelector('text=Signed in nowhere.');
    await assert.rejects(world.api.as(bob.token).call('me.get', {}), /session_revoked/);
  });

  it('are mistrusted, and trusted again', async () => {
    const mallory = await world.createUser({ email: 'mallory@example.com' });
    await web.open(`/users/${mallory.id}`);
    await web.page.click('role=button[name="Set"]');
    await web.page.fill('role=dialog >> input[name=score]', '80');
    await web.page.fill('role=dialog >> input[name=reason]', SCRIPT);
    await web.checkAccessibility('a risk');
    await submit('Save');
    await gone();
    await web.page.waitForSelector('main >> text=80 of 100');
    await web.page.waitForSelector(`main >> text=${SCRIPT}`);
    const { items } = await world.api.call('risks.list', {});
    assert.deepEqual([items[0]?.id, items[0]?.score], [mallory.id, 80]);
    await web.page.click('role=button[name="Undo"]');
    await waitFor(async () => (await world.api.call('risks.list', {})).items.length === 0, {
      what: 'it is none again',
    });
  });

  it('are all seen where they are signed in, and signed out there', async () => {
    const olga = await world.createUser({ email: 'olga@example.com' });
    await web.open('/users/sessions?kind=console');
    const row = web.page.getByRole('row').filter({ hasText: 'olga@example.com' });
    await row.getByRole('button', { name: 'End' }).click();
    await submit('End');
    await gone();
    await row.waitFor({ state: 'detached' });
    await assert.rejects(world.api.as(olga.token).call('me.get', {}), /session_revoked/);
    assert.equal(await web.page.getByRole('row').filter({ hasText: 'This one' }).count(), 1);
  });

  it('are invited by a link that is shown once, and invited no more', async () => {
    const { page } = web;
    await web.open('/users/invitations');
    await page.click('main >> role=button[name="Invite"] >> nth=0');
    await page.fill('input[name=email]', 'new@example.com');
    await submit('Invite');
    await page.waitForSelector('text=It is shown this once');
    const link = await page.innerText('role=textbox[name="Invitation link"]');
    assert.equal((await fetch(link)).status, 200);
    await submit('I have it');
    await page.click('role=row >> role=button[name="Withdraw"]');
    await submit('Withdraw');
    await page.waitForSelector('role=row >> text=Withdrawn');
    await web.open('/users/groups');
    await page.waitForSelector('role=row >> text=sales');
    await page.click('main >> role=button[name="Make a group"] >> nth=0');
    await page.fill('input[name=name]', 'builders');
    await submit('Make a group');
    await gone();
    const row = page.getByRole('row').filter({ hasText: 'builders' });
    await row.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.fill('input[name=description]', 'Who builds it');
    await submit('Save');
    await gone();
    await row.getByText('Who builds it').waitFor();
    await row.getByRole('button', { name: 'Remove', exact: true }).click();
    await submit('Remove');
    await gone();
    await row.waitFor({ state: 'detached' });
  });

  it('are removed, after it was said what ends, and by their address', async () => {
    const { page } = web;
    const eve = (await world.api.call('users.list', { query: { q: 'eve@' } })).items[0]!;
    await web.open(`/users/${eve.id}`);
    await page.click('role=button[name="Remove"]');
    await dialog().getByText('Nothing is open.').waitFor();
    assert.ok(await dialog().getByRole('button', { name: 'Remove', exact: true }).isDisabled());
    await page.fill('role=textbox[name="Type eve@example.com to confirm"]', 'eve@example.com');
    await submit('Remove');
    await page.waitForURL(/\/users$/);
    assert.equal((await world.api.call('users.list', { query: { q: 'eve@' } })).items.length, 0);
  });
});

describe('roles', () => {
  it('of the organization are made of permissions, and given', async () => {
    const { page } = web;
    await web.open('/users/roles');
    await page.click('role=button[name="Make a role"]');
    await page.fill('input[name=name]', 'log-reader');
    await page.fill('input[name=permissions]', 'audit:read');
    await page.click('role=option[name=/audit:read/]');
    await submit('Make a role');
    await gone();
    await page.waitForSelector('role=columnheader[name="log-reader"]');
    await web.open(`/users/${bob.id}`);
    await page.click('role=button[name="Edit"]');
    await page.click('role=combobox[name="Role"]');
    await page.click('role=option[name="log-reader"]');
    await submit('Save');
    await gone();
    assert.equal((await world.api.call('users.get', { params: { id: bob.id } })).role, 'log-reader');
    await web.open('/users/roles');
    await page.click('role=listitem >> role=button[name="Remove"]');
    await page.waitForSelector('role=dialog >> text=Held by bob@example.com.');
    await submit('Remove');
    await page.waitForSelector('role=dialog >> text=/Request req_/');
    await submit('Cancel');
    await gone();
  });
});

describe('identity providers', () => {
  it('are added, checked, given a domain, and removed', async () => {
    const { page } = web;
    await web.open('/settings/identity-providers');
    await page.click('main >> role=button[name="Add a provider"] >> nth=0');
    await page.fill('input[name=displayName]', SCRIPT);
    await page.fill('input[name=name]', 'corp');
    await page.fill('input[name="settings.issuer"]', 'http://127.0.0.1:1/');
    await page.fill('input[name="settings.clientId"]', 'zeronaut');
    await page.fill('input[name=secret]', 'a client secret');
    await submit('Add a provider');
    await page.waitForSelector(`h1:has-text("${SCRIPT}")`);
    await page.click('role=button[name="Check now"]');
    await page.waitForSelector('section[aria-label="Check"] >> code');
    await page.fill('section[aria-label="Mail domains"] >> input', 'corp.example');
    await page.click('role=button[name="Prove by DNS"]');
    await page.waitForSelector('role=textbox[name="TXT record that proves it"]');
    await web.checkAccessibility('an identity provider');
    await page.click('role=button[name="Edit"]');
    await page.fill('input[name=displayName]', 'Corp');
    await submit('Save');
    await gone();
    await page.waitForSelector('h1:has-text("Corp")');
    const [provider] = (await world.api.call('identityProviders.list', {})).items;
    assert.equal(provider!.hasSecret, true, 'an empty secret leaves what is kept');
    await page.click('section[aria-label="Groups over there"] >> role=button[name="Change"]');
    await page.click('role=button[name="Add a group"]');
    await page.fill('input[name="groupMappings.0.from"]', SCRIPT);
    await submit('Save');
    await page.waitForSelector('role=dialog >> text=A group or a role is needed');
    await page.fill('input[name="groupMappings.0.group"]', 'engineering');
    await submit('Save');
    await gone();
    await page.waitForSelector(`section[aria-label="Groups over there"] >> text=${SCRIPT}`);
    await page.click('role=button[name="Make a token"]');
    await submit('Make a token');
    const token = await page.innerText('role=textbox[name="Secret token"]');
    const scim = (path: string) =>
      fetch(`${provider!.addresses.scim}${path}`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal((await scim('/Users')).status, 200);
    await submit('I have it');
    await page.click('section[aria-label="Directory (SCIM)"] >> role=button[name="Revoke"]');
    await submit('Revoke');
    await page.waitForSelector('section[aria-label="Directory (SCIM)"] >> text=No token yet');
    assert.equal((await scim('/Users')).status, 401);
    await page.click('main >> header >> role=button[name="Remove"]');
    await page.fill('role=dialog >> input', 'corp');
    await submit('Remove');
    await page.waitForSelector('text=No identity provider yet');
  });
});

describe('people of a company', () => {
  /** In a profile of their own: to the provider, back, and who that is here. */
  async function signInWith(name: string): Promise<{ email: string; groups: string[] }> {
    const context = await web.page.context().browser()!.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(`${world.consoleUrl}/sign-in?next=%2Faccount`);
    await page.click(`text=Continue with ${name}`);
    await page.waitForURL(`${world.consoleUrl.replace('127.0.0.1', 'localhost')}/account`);
    const email = /\S+@\S+\.example/.exec(await page.innerText('main'))?.[0] ?? '';
    await context.close();
    const [user] = (await world.api.call('users.list', { query: { q: email } })).items;
    return { email, groups: user?.groups ?? [] };
  }

  async function addProvider(name: string, settings: object, secret: object) {
    const groupMappings = [{ from: 'Engineering', group: 'dev' }];
    const body = { name, displayName: name.toUpperCase(), settings, ...secret, createUsers: true, groupMappings };
    const provider = await world.api.call('identityProviders.create', { body: body as never });
    const params = { id: provider.id };
    await world.api.call('identityProviders.addDomain', {
      params,
      body: { domain: `${name}.example`, proof: 'owner' },
    });
    return provider;
  }

  it('come from a SAML provider on another site, and anew when it was too long ago', async () => {
    const peer = await createSamlPeer(owner, Date.now, { host: 'localhost' });
    const provider = await addProvider('saml', { kind: 'saml', metadata: peer.metadata }, {});
    peer.start(await (await fetch(provider.addresses.samlMetadata!)).text());
    peer.signedIn = { nameId: 'ann-1', attributes: { email: ['ann@saml.example'], groups: ['engineering'] } };
    const hourAgo = Date.now() - 3_600_000;
    peer.signedInAtMs = hourAgo;
    const ann = await signInWith('SAML');
    assert.deepEqual([ann.email, ann.groups, peer.signedInAtMs], ['ann@saml.example', ['dev'], hourAgo]);
    const { version, ...policy } = await world.api.call('signInPolicy.get', {});
    const strict = { ...policy, providerMaxAgeSeconds: 300 };
    const changed = await world.api.call('signInPolicy.update', { body: strict }, version);
    assert.equal((await signInWith('SAML')).email, 'ann@saml.example');
    assert.ok(peer.signedInAtMs > hourAgo, 'the provider was told to ask the person');
    await world.api.call('signInPolicy.update', { body: policy }, changed.version);
  });

  it('come from an OpenID provider', async () => {
    const peer = await createOidcPeer(owner);
    const settings = { kind: 'oidc', issuer: peer.issuer, clientId: peer.clientId };
    const provider = await addProvider('oidc', settings, { secret: peer.clientSecret });
    await peer.start({ redirectUri: provider.addresses.callback! });
    peer.accounts.set('bea-1', { email: 'bea@oidc.example', email_verified: true, groups: ['Engineering'] });
    peer.signedIn = 'bea-1';
    const bea = await signInWith('OIDC');
    assert.deepEqual([bea.email, bea.groups], ['bea@oidc.example', ['dev']]);
  });
});

describe('programs', () => {
  it('get an account, a key that works, and lose it', async () => {
    const { page } = web;
    await web.open('/service-accounts');
    await page.click('main >> role=button[name="Create"] >> nth=0');
    await page.fill('input[name=name]', 'deploy-bot');
    await submit('Create');
    await page.waitForSelector('role=heading[name="Create an API key"]');
    await page.fill('input[name=name]', SCRIPT);
    await submit('Create a key');
    const key = await page.innerText('role=textbox[name="API key"]');
    const me = await world.api.as(key).call('me.get', {});
    assert.deepEqual([me.user?.name, me.role], ['deploy-bot', 'member']);
    await submit('I have it');
    await page.waitForSelector(`role=row >> text=${SCRIPT}`);
    await web.open('/service-accounts');
    await page.click('role=row[name=/deploy-bot/] >> role=button[name="Disable"]');
    await page.waitForSelector('role=dialog >> text=Opens nothing meanwhile: 1 API key.');
    await submit('Cancel');
    await gone();
    await web.open('/service-accounts/api-keys');
    await page.click(`role=row[name=/deploy-bot/] >> role=button[name="Revoke"]`);
    await page.waitForSelector('role=dialog >> text=It changed nothing within the last day.');
    await submit('Revoke');
    await page.waitForSelector('role=row >> text=Revoked');
    await assert.rejects(world.api.as(key).call('me.get', {}), /unauthenticated/);
  });
});

describe('services that sign people in, and workloads', () => {
  it('are set up, changed and ended', async () => {
    const { page } = web;
    await web.open('/settings/relying-parties?create=1');
    await page.fill('input[name=name]', SCRIPT);
    await page.fill('input[name=redirectUris]', 'https://wiki.example/callback,');
    await submit('Add a relying party');
    assert.match(await page.innerText('role=textbox[name="Client secret"]'), /^\S{30,}$/);
    await submit('I have it');
    await page.click('role=row >> role=button[name="Edit"]');
    await page.fill('input[name=redirectUris]', 'https://wiki.example/moved,');
    await submit('Save');
    await gone();
    const [party] = (await world.api.call('relyingParties.list', {})).items;
    assert.deepEqual(party!.redirectUris, ['https://wiki.example/callback', 'https://wiki.example/moved']);
    await page.click('role=row >> role=button[name="New secret"]');
    await page.waitForSelector('role=dialog >> text=It holds no tokens of anybody');
    await submit('New secret');
    await page.waitForSelector('role=textbox[name="Client secret"]');
    await submit('I have it');
    await web.checkAccessibility('relying parties');
    await page.click('role=row >> role=button[name="Remove"]');
    await submit('Remove');
    await page.waitForSelector('role=row >> text=Revoked');

    await web.open('/service-accounts/workload-trusts?create=1');
    await page.fill('input[name=name]', SCRIPT);
    await page.fill('input[name=issuer]', 'https://ci.example');
    await page.fill('input[name=subject]', '*');
    await submit('Trust an issuer');
    await page.waitForSelector('role=dialog');
    await page.fill('input[name=subject]', 'repo:acme/app:*');
    await page.fill('textarea[name=claims]', 'ref_protected=true');
    await submit('Trust an issuer');
    assert.match(await page.innerText('code[aria-label="Audience"]'), /\/workload\/wlt_/);
    await web.checkAccessibility('how a trust is used');
    await submit('Close');
    await page.click('role=row >> role=button[name="End"]');
    await page.waitForSelector('role=dialog >> text=No access token that came of it is valid now.');
    await submit('End');
    await page.waitForSelector('role=row >> text=Revoked');
    const [trust] = (await world.api.call('workloadTrusts.list', {})).items;
    assert.deepEqual([trust!.claims, trust!.revokedAt === null], [{ ref_protected: 'true' }, false]);
  });
});

describe('a member', () => {
  it('was refused: their access says whom the rule wants, where they are, and what would let them in', async () => {
    const { page } = web;
    const [gateway] = (await world.api.call('gateways.list', {})).items;
    const url = `https://payroll.${gateway!.baseDomain}:${gateway!.httpsPort}/wages`;
    const visitor = world.visitor();
    await visitor.signIn(url, bob);
    assert.equal((await visitor.ask(url)).status, 403);
    await web.open('/security?effect=deny');
    await page.getByRole('row').getByRole('button', { name: '/wages' }).first().click();
    const access = page.getByRole('dialog', { name: 'One access' });
    await access.getByText('The rule wants group:sales.').waitFor();
    await access.getByText(/^bob@example\.com has the role [\w-]+ and is in dev\.$/).waitFor();
    await access.getByText(/^It would let in: .*in the group sales/).waitFor();
    await access.getByText(/^What the visitor was told: /).waitFor();
    await web.checkAccessibility('a refused access and whom its rule wants');
    await access.getByRole('link', { name: 'Ask the simulator' }).click();
    await page.waitForURL(/\/policies\/simulator\?/);
  });

  it('lands on what lets them in, asks for more, gets it, and makes a token for it', async () => {
    bob = { ...bob, token: (await signIn(bob)).token };
    const { context } = await openBrowser(owner);
    const member = await openWebConsole(context, world, bob);
    const { page } = member;
    await page.waitForURL(/\/my-access$/);
    await page.waitForSelector('main li >> text=wiki');
    assert.equal(await page.locator('main li >> text=payroll').count(), 0);
    const port = page.locator('main li').filter({ hasText: 'raw-port' });
    await port.getByText('The port is closed to addresses that nobody authorised.').waitFor();
    assert.equal(await port.getByRole('link').getAttribute('href'), `${new URL(world.portalUrl).origin}`);
    await page.click('text=Ask for access >> nth=0');
    await page.click('role=combobox[name="What"]');
    await page.click('role=option[name="payroll"]');
    await page.fill('textarea[name=reason]', SCRIPT);
    await page.click('role=dialog >> role=button[name="Ask"]');
    await page.waitForSelector('role=row >> text=Waiting');

    await web.open('/access-requests?whose=decidable');
    await web.page.click('role=row >> role=button[name="Decide"]');
    assert.match(await dialog().innerText(), /<img src=x onerror=alert\(1\)>/);
    await web.page.fill('role=dialog >> textarea >> nth=0', 'until Friday');
    await submit('Approve');
    await gone();
    await member.open('/my-access');
    await page.waitForSelector('main li >> text=payroll');

    await member.open('/my-access/personal-access-tokens');
    await page.click('main >> role=button[name="Create a token"] >> nth=0');
    await page.fill('input[name=name]', 'backup');
    await page.fill('input[name=resources]', 'wiki,');
    await page.click('role=dialog >> role=button[name="Create a token"]');
    assert.match(await page.innerText('role=textbox[name="Personal access token"]'), /^znp_/);
    await page.click('role=dialog >> role=button[name="I have it"]');

    await member.open('/my-access/sign-in');
    await page.waitForSelector('text=This one');
    await page.click('section[aria-label="Sessions"] >> role=button[name="End"] >> nth=0');
    await page.click('role=dialog >> role=button[name="End"]');
    await page.locator('role=dialog').waitFor({ state: 'detached' });
    for (const path of [
      '/my-access',
      '/my-access/sign-in',
      '/my-access/personal-access-tokens',
      '/access-requests?ask=1',
    ]) {
      await member.open(path);
      await inBothThemes(member, `${path} of a member`);
    }
    assert.deepEqual(member.complaints, []);
    await context.close();
  });
});

describe('authorised addresses', () => {
  it('appear as soon as they are authorised, to their person and to administrators, and are ended by either', async () => {
    const user = await world.createUser({ email: 'petra@example.com' });
    const port = world.portRange.to - 1;
    const { id: resource } = await world.api.call('resources.create', {
      body: { name: 'ledger', protocol: 'tcp', port, targets: [{ address: '127.0.0.1:9' }] } as never,
    });
    const visitor = world.visitor();
    await visitor.signIn(world.portalUrl, user);
    const authorise = async () =>
      visitor.submit(await visitor.open(world.portalUrl), { resource, hours: '1' }, '/grants');
    const { context } = await openBrowser(owner);
    const own = await openWebConsole(context, world, user);
    await own.open('/my-access/sign-in');
    const section = own.page.locator('section[aria-label="Authorised addresses"]');
    await section.getByText('None is authorised now').waitFor();
    assert.equal(await section.getByRole('link').first().getAttribute('href'), world.portalUrl);

    await authorise();
    await section.getByText('127.0.0.1 for ledger').waitFor();
    await inBothThemes(own, 'an authorised address of mine');
    await section.getByRole('button', { name: 'End 127.0.0.1 for ledger' }).click();
    await own.page.click('role=dialog >> role=button[name="End"]');
    await section.getByText('None is authorised now').waitFor();

    await web.open(`/users/${user.id}`);
    const theirs = web.page.locator('section[aria-label="Authorised addresses"]');
    await theirs.getByText('No port is open').waitFor();
    await authorise();
    await theirs.getByText('127.0.0.1 for ledger').waitFor();
    await theirs.getByRole('button', { name: 'End 127.0.0.1 for ledger' }).click();
    await submit('End');
    await gone();
    await theirs.getByText('No port is open').waitFor();
    await section.getByText('None is authorised now').waitFor();
    assert.deepEqual(own.complaints, []);
    await context.close();
  });
});

describe('my password', () => {
  it('is changed by whoever knows it, and the old one signs nobody in any more', async () => {
    const user = await world.createUser({ email: 'vera@example.com' });
    const { context } = await openBrowser(owner);
    const own = await openWebConsole(context, world, user);
    const { page } = own;
    const other = 'seven harbours of violin plums';
    async function change(from: string): Promise<void> {
      await page.fill('input[name=currentPassword]', from);
      await page.click('role=dialog >> role=button[name="Change the password"]');
    }
    await own.open('/my-access/sign-in');
    await page.click('role=button[name="Change the password"]');
    await page.fill('input[name=newPassword]', 'JustinBieber');
    await change('not this one at all');
    await page.waitForSelector('role=dialog >> text=The current password is not right');
    await change(user.password);
    await page.waitForSelector('role=dialog >> text=not one that is known from a breach');
    await own.checkAccessibility('another password is refused');
    await page.fill('input[name=newPassword]', other);
    await change(user.password);
    await page.waitForSelector('text=The password is changed');
    const signIn = (password: string) => world.api.call('sessions.create', { body: { email: user.email, password } });
    await assert.rejects(signIn(user.password), /credentials_invalid/);
    await signIn(other);
    await assert.rejects(
      world.api.as(user.token).call('me.get', {}),
      /session_revoked/,
      'what was open elsewhere ended',
    );
    await own.open('/my-access');
    assert.deepEqual(own.complaints, []);
    await context.close();
  });
});

describe('my factors', () => {
  it('are set up with recovery codes, and removed', async () => {
    const { page } = web;
    await addAuthenticator(page);
    await web.open('/my-access/sign-in');
    const factors = page.locator('section[aria-label="Factors"]');
    const codes = async () => (await page.innerText('role=textbox[name="Recovery codes"]')).split('\n');
    async function makePasskey(): Promise<void> {
      await factors.getByRole('button', { name: 'Add a passkey' }).click();
      await page.fill('input[name=name]', SCRIPT);
      await submit('Add a passkey');
    }
    await makePasskey();
    await page.waitForSelector('text=It is shown this once');
    const first = await codes();
    assert.ok(first.length >= 8 && new Set(first).size === first.length, `codes: ${first.length}`);
    await submit('I have it');
    await factors.getByText(SCRIPT).waitFor();
    await makePasskey();
    await page.waitForSelector('role=dialog >> text=This device has a passkey for this account already');
    await submit('Cancel');
    await gone();

    await factors.getByRole('button', { name: 'Set up an authenticator app' }).click();
    const secret = await page.innerText('role=textbox[name="Secret of the app"]');
    await page.waitForSelector('role=img[name="The secret as a QR code"]');
    await web.checkAccessibility('an app is set up');
    await page.fill('input[name=code]', new TOTP({ secret: Secret.fromBase32(secret) }).generate());
    await submit('Turn on');
    await page.waitForSelector('text=It is shown this once');
    await submit('I have it');
    await gone();
    await factors.getByText('Authenticator app', { exact: true }).waitFor();
    const { email, password } = world.owner;
    await assert.rejects(
      world.api.call('sessions.create', { body: { email, password } }),
      /factor/,
      'the password alone signs nobody in any more',
    );

    await factors.getByRole('button', { name: 'New recovery codes' }).click();
    await submit('New recovery codes');
    await page.waitForSelector('text=It is shown this once');
    assert.equal((await codes()).filter((code) => first.includes(code)).length, 0, 'all of them are new');
    await submit('I have it');
    for (const left of [1, 0]) {
      await factors.getByRole('button', { name: 'Remove' }).first().click();
      await submit('Remove');
      await gone();
      await waitFor(async () => (await factors.getByRole('button', { name: 'Remove' }).count()) === left, {
        what: `${left} factors are left`,
      });
    }
    await page.waitForSelector('text=No passkey and no authenticator app yet');
  });
});

describe('settings', () => {
  it('are saved, twice in a row, and count', async () => {
    const { page } = web;
    await web.open('/settings');
    const { name } = await world.api.call('organizations.getCurrent', {});
    await page.fill('input[name=name]', SCRIPT);
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('text=Saved');
    await page.waitForSelector(`aside >> text=${SCRIPT}`);
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('text=It is as it was.');
    assert.equal(await page.inputValue('input[name=name]'), name);
    assert.equal(await page.locator(`aside >> text=${SCRIPT}`).count(), 0);
    await web.open('/settings/sign-in');
    for (const minutes of ['20', '30']) {
      await page.fill('input[name=factorMaxAgeSeconds]', minutes);
      await page.click('role=button[name="Save"]');
      const isSaved = async () =>
        (await world.api.call('signInPolicy.get', {})).factorMaxAgeSeconds === Number(minutes) * 60;
      await waitFor(isSaved, { what: `${minutes} minutes are saved` });
    }
    await web.open('/settings/branding');
    await page.fill('input[name=name]', 'Acme');
    await page.fill('input[name=colour]', 'red');
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('text=Not valid: Six digits');
    await page.fill('input[name=colour]', '#ffd400');
    await page.fill('textarea[name=text]', SCRIPT);
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('text=Saved');
    const { version: _, ...branding } = await world.api.call('branding.get', {});
    assert.deepEqual(branding, { name: 'Acme', colour: '#ffd400', text: SCRIPT });
    await web.open('/settings/notifications?create=1');
    await page.fill('input[name=name]', 'pager');
    await page.fill('input[name="settings.url"]', 'https://127.0.0.1:1/hook');
    await submit('Add a notification');
    await gone();
    await page.click('role=row >> role=button[name="Test"]');
    await page.waitForSelector('text=pager did not take it');
    await page.click('role=row >> role=button[name="Edit"]');
    await page.fill('input[name=name]', 'on-call');
    await submit('Save');
    await gone();
    await page.waitForSelector('role=row >> text=on-call');
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('role=row >> text=pager');
    const [told] = (await world.api.call('notifications.list', {})).items;
    assert.deepEqual([told?.settings, told?.version], [{ kind: 'webhook', url: 'https://127.0.0.1:1/hook' }, 3]);
    await page.click('role=row >> role=button[name="Remove"]');
    await submit('Remove');
    await page.waitForSelector('text=Nobody is told yet');
    await page.click('main >> role=button[name="Add a notification"] >> nth=0');
    await page.fill('input[name=name]', 'inside');
    await page.fill('input[name="settings.url"]', 'https://10.0.0.1/hook');
    await submit('Add a notification');
    await page.waitForSelector('role=dialog >> text=The address is in a network that must not be dialled');
    await page.click('role=dialog >> role=button[name="Cancel"]');
    await gone();
    await web.open('/settings/audit-exports?create=1');
    await page.fill('input[name=name]', 'siem');
    await page.fill('input[name="settings.host"]', '127.0.0.1');
    await submit('Add an export');
    await gone();
    await page.click('role=row >> role=button[name="Edit"]');
    await page.fill('input[name=name]', 'siem-two');
    await page.fill('input[name="settings.port"]', '6515');
    await submit('Save');
    await gone();
    const [target] = (await world.api.call('auditExports.list', {})).items;
    assert.deepEqual(
      [target!.name, target!.settings.kind === 'syslog' && target!.settings.port],
      ['siem-two', 6515],
      'changed in its place',
    );
    await world.api.call('auditExports.create', {
      body: { name: 'by-another', settings: target!.settings },
    });
    await page.waitForSelector('role=row >> text=by-another');
    await web.open('/settings/backup');
    await page.fill('input[name=passphrase]', 'a long passphrase');
    await page.fill('input[name=again]', 'another passphrase');
    await page.click('role=button[name="Make a backup"]');
    await page.waitForSelector('text=Not valid: The same');
    await page.fill('input[name=again]', 'a long passphrase');
    const [saved] = await Promise.all([page.waitForEvent('download'), page.click('role=button[name="Make a backup"]')]);
    assert.match(readFileSync(await saved.path(), 'latin1'), /^zeronaut-backup\/1\n/);
    await page.waitForSelector('main >> text=Saved as');
    await web.open('/settings/retention');
    await page.fill('input[name=eventDays]', '7');
    await page.click('role=button[name="Save"]');
    await submit('Cancel');
    await gone();
    assert.equal((await world.api.call('audit.getRetention', {})).eventDays, 30, 'asked, and not confirmed');
    await page.click('role=button[name="Save"]');
    await submit('Keep less');
    await page.waitForSelector('text=Saved');
    assert.deepEqual(await world.api.call('audit.getRetention', {}), { entryDays: null, eventDays: 7, version: 2 });
  });
});

async function inBothThemes(of: WebConsole, what: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    // Nothing fades, and the page has heard of the change: else colours between the two are measured.
    await of.page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await of.page.waitForSelector(`html[data-theme="${theme}"]`);
    await of.checkAccessibility(`${what} in ${theme}`);
  }
}

async function signIn({ email, password }: User): Promise<{ token: string }> {
  return (await world.api.call('sessions.create', { body: { email, password } })).session;
}
