/** Passkeys in a real browser: made on the console's pages, and used to sign in. One story, told in order. */
import assert from 'node:assert/strict';
import { afterEach, before, describe, it } from 'node:test';
import { type BrowserPage, openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();

describe('with a passkey', () => {
  let world: World;
  let ann: User;
  let chromium: BrowserPage;
  let consoleUrl: string;

  before(async () => {
    world = await startWorld(owner);
    ann = await world.createUser({ email: 'ann@example.com' });
    chromium = await openBrowser(owner);
    // A passkey belongs to a name.
    consoleUrl = world.consoleUrl.replace('127.0.0.1', 'localhost');
  });
  afterEach((t) => world.showLogsOnFailure(t));

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
    await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  });
});
