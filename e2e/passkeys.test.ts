/** Passkeys in a real browser: on the console's pages, and on the portal with the console gone. Two stories, told in order. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { createAuthenticatorMaker, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { type BrowserPage, openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();

let world: World;
let chromium: BrowserPage;

before(async () => {
  world = await startWorld(owner);
  chromium = await openBrowser(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

describe('with a passkey of the console', () => {
  let ann: User;
  let consoleUrl: string;

  before(async () => {
    ann = await world.createUser({ email: 'ann@example.com' });
    // A passkey belongs to a name.
    consoleUrl = world.consoleUrl.replace('127.0.0.1', 'localhost');
  });

  it('is made on the account page, which shows recovery codes once', async () => {
    const { page } = chromium;
    await page.goto(`${consoleUrl}/sign-in?next=%2Faccount`);
    await page.fill('#email', ann.email);
    await page.fill('#password', ann.password);
    await page.click('form[action="/sign-in"] button');
    await page.fill('#passkey_name', 'My telephone');
    await page.click('text=Add a passkey');
    await page.waitForSelector('#recovery_codes');
    await page.goto(`${consoleUrl}/account`);
    assert.match(await page.innerText('main'), /My telephone\s+passkey for localhost/);
  });

  it('cannot be made at an address: a browser is led to the name, and who is signed in at the address reads where', async () => {
    const { page, context } = chromium;
    await context.clearCookies();
    await page.goto(`${world.consoleUrl}/account`);
    await page.waitForURL(`${consoleUrl}/sign-in?next=%2Faccount`);
    await context.addCookies([{ name: 'zn_console', value: ann.token, url: world.consoleUrl }]);
    await page.goto(`${world.consoleUrl}/account?x=1`);
    await page.fill('#passkey_name', 'Nowhere');
    await page.click('text=Add a passkey');
    await page.click('text=Open this page at localhost');
    await page.waitForURL(`${consoleUrl}/sign-in?next=%2Faccount`);
  });

  it('signs in without a password', async () => {
    const { page, context } = chromium;
    await context.clearCookies();
    await page.goto(`${consoleUrl}/sign-in?next=%2Faccount`);
    await page.click('text=Sign in with a passkey');
    await page.waitForURL(`${consoleUrl}/account`);
    assert.match(await page.innerText('main'), /ann@example\.com/);
  });

  it('is asked for after the password, and says so when it was removed', async () => {
    const { page, context, cdp, authenticatorId } = chromium;
    await context.clearCookies();
    await page.goto(`${consoleUrl}/sign-in?next=%2Faccount`);
    await page.fill('#email', ann.email);
    await page.fill('#password', ann.password);
    await page.click('form[action="/sign-in"] button');
    await page.click('text=Sign in with a passkey');
    await page.waitForURL(`${consoleUrl}/account`);
    const listed = await world.zeronaut(['users', 'factors', ann.email, '--json']);
    const [factor] = JSON.parse(listed.stdout).items;
    assert.deepEqual([factor.kind, factor.name, factor.site], ['passkey', 'My telephone', 'localhost']);
    const removed = await world.zeronaut(['users', 'remove-factor', ann.email, factor.id]);
    assert.equal(removed.code, 0, removed.stderr);
    assert.equal((await world.zeronaut(['users', 'remove-factor', ann.email, factor.id])).code, 5, 'gone');
    await context.clearCookies();
    await page.goto(`${consoleUrl}/sign-in`);
    await page.click('text=Sign in with a passkey');
    await page.waitForSelector('text=Nobody here has this passkey');

    // An organization that knows another maker alone: the browser hands the maker's word over, and it is not enough.
    const root = join(temporaryDirectory('maker'), 'maker.pem');
    writeFileSync(root, (await createAuthenticatorMaker(Date.now())).root);
    const set = await world.zeronaut(['users', 'sign-in-policy', '--passkeys', 'verified', '--root', root]);
    assert.match(set.stdout, /vouched for under 1 certificate: any model/, set.stderr);
    await page.goto(`${consoleUrl}/sign-in?next=%2Faccount`);
    await page.fill('#email', ann.email);
    await page.fill('#password', ann.password);
    await page.click('form[action="/sign-in"] button');
    await page.fill('#passkey_name', 'Unknown');
    await page.click('text=Add a passkey');
    await page.waitForSelector('text=does not know the maker of this passkey');
    const back = ['users', 'sign-in-policy', '--passkeys', 'none', '--provider-age', 'any'];
    assert.equal((await world.zeronaut(back)).code, 0);
    await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  });
});

describe('with a passkey of the portal', () => {
  let bob: User;
  let service: WebService;
  let login: Exposed;
  let portal: string;

  before(async () => {
    service = await startWebService(owner);
    login = await world.expose(owner, [service.address, 'http', '--name', 'login']);
    bob = await world.createUser({ email: 'bob@example.com' });
    portal = world.portalUrl.slice(0, -1);
  });

  it('is made on the portal', async () => {
    const { page, context } = chromium;
    await context.clearCookies();
    await page.goto(`${portal}/sign-in`);
    await page.fill('#email', bob.email);
    await page.fill('#password', bob.password);
    await page.click('form[action="/sign-in"] button');
    await page.click('text=Passkeys');
    await page.fill('#passkey_name', 'My telephone');
    await page.click('text=Add a passkey');
    await page.waitForSelector('#recovery_codes');
  });

  it('opens a service while the console is away, also after the gateway started cold', async () => {
    const { page, context } = chromium;
    await context.clearCookies();
    await page.goto(`${portal}/sign-in`);
    // It is there as soon as the snapshot is.
    await waitFor(async () => (await page.reload(), (await page.locator('[data-passkey]').count()) > 0), {
      what: 'the passkey in the snapshot',
    });
    await world.console.kill('SIGKILL');
    await world.gateway.kill('SIGKILL');
    await world.gateway.start();
    await login.kill();
    login = await world.expose(owner, [service.address, 'http', '--name', 'login']);
    await page.goto(`${login.url}/away`);
    await page.click('text=Sign in with a passkey');
    await page.waitForURL(`${login.url}/away`);
    assert.match(await page.innerText('body'), /GET \/away/);
  });

  it('is in the audit log as soon as the console is there again', async () => {
    await world.console.start();
    const entry = await waitFor(
      async () => {
        const { items } = await world.api.call('audit.list', { query: { limit: 500 } });
        return items.find((one) => one.action === 'session.create' && (one.after as { gatewayId?: string })?.gatewayId);
      },
      { what: 'the sign-in in the audit log' },
    );
    assert.equal(entry.actor.name, bob.email);
    const sessions = await world.api.call('sessions.list', { query: { limit: 500 } });
    const session = sessions.items.find(({ id }) => id === entry.objectId);
    assert.deepEqual([session?.kind, session?.factors], ['portal', ['passkey']]);
  });
});
