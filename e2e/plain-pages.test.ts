/** Pages that console and gateway render by themselves, without the web console: read by everybody, in both themes, and on a phone. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { REASON_TEXTS } from '@zeronaut/model/reason-texts';
import { foreignTexts, recordingUpstream } from '@zeronaut/testkit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { texts as consoleDe } from '../packages/console/src/pages/texts.de.ts';
import { texts as consoleEn } from '../packages/console/src/pages/texts.en.ts';
import { texts as gatewayDe } from '../packages/gateway/src/access/texts.de.ts';
import { texts as gatewayEn } from '../packages/gateway/src/access/texts.en.ts';
import { findProgram } from '../scripts/needs.mjs';
import { checkAccessible } from './harness/accessibility.ts';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService } from './harness/web-service.ts';
import { startWorld, type User, type World } from './harness/world.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const DESK = { viewport: { width: 1280, height: 800 } };
const GERMAN_PHONE = { ...PHONE, locale: 'de-CH' };
// The name of the organization is what somebody called it.
const GERMAN = [gatewayDe, consoleDe, REASON_TEXTS.de, 'My organization'];
const ENGLISH = [gatewayEn, consoleEn, REASON_TEXTS.en];
const owner = fileOwner();
let world: World;
let browser: Browser;
let ann: User;
let consoleUrl: string;
const complaints: string[] = [];

before(async () => {
  world = await startWorld(owner);
  browser = await chromium.launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    args: ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu'],
  });
  owner.after(() => browser.close());
  consoleUrl = world.consoleUrl.replace('127.0.0.1', 'localhost');
  ann = await world.createUser({ email: 'ann@example.com', groups: ['dev'] });
  const web = await startWebService(owner);
  const echo = await recordingUpstream(owner, (socket, chunk) => void socket.write(chunk));
  for (const [name, access] of [
    ['wiki', { allow: ['group:dev'] }],
    ['payroll', { allow: ['group:hr'] }],
  ] as const) {
    await world.api.call('resources.create', {
      body: { name, access: { ...access, allow: [...access.allow] }, targets: [{ address: web.address }] },
    });
  }
  const access = { allow: ['group:dev'] };
  await world.api.call('resources.create', {
    body: { name: 'raw', protocol: 'tcp', access, targets: [{ address: echo.address }] },
  });
});
afterEach((t) => world.showLogsOnFailure(t));
after(() => assert.deepEqual(complaints, [], 'violations of the policy and errors of the whole run'));

async function openPage(device: typeof PHONE | typeof DESK | typeof GERMAN_PHONE): Promise<Page> {
  const context = await browser.newContext({ ...device, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + ' ' + e.blockedURI));`,
  });
  page.on('console', (message) => {
    if (message.text().startsWith('policy: ')) complaints.push(`${message.text()} ${page.url()}`);
  });
  return page;
}

async function look(page: Page, what: string): Promise<void> {
  const wanted = await page.evaluate<string>('navigator.language.slice(0, 2)');
  assert.equal(await page.evaluate<string>('document.documentElement.lang'), wanted, what);
  const [own, other] = wanted === 'de' ? [GERMAN, ENGLISH] : [ENGLISH, GERMAN];
  assert.deepEqual(foreignTexts(await page.content(), own, other), [], what);
  const known = complaints.length;
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await checkAccessible(page, `${what} in ${theme}`, theme === 'light' ? 'all' : 'contrast');
  }
  // What axe itself does is no violation of ours.
  complaints.length = known;
  const wide = await page.evaluate<number>('document.scrollingElement.scrollWidth - innerWidth');
  assert.ok(wide <= 0, `${what} is ${wide} px wider than its window`);
}

async function visit(page: Page, url: string, what: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('h1');
  await look(page, what);
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.fill('input[type=email]', ann.email);
  await page.fill('input[type=password]', ann.password);
  await page.click('form:has(input[type=password]) button');
  await page.waitForSelector('h1');
}

for (const [name, device] of [
  ['a phone', PHONE],
  ['a desk', DESK],
  ['a phone in German', GERMAN_PHONE],
] as const) {
  describe(`on ${name}`, () => {
    it('the pages of the console', { timeout: 120_000 }, async () => {
      const page = await openPage(device);
      const { url } = await world.api.call('invitations.create', {
        body: { email: `${name.replaceAll(' ', '-')}@example.com`, role: 'member' },
      });
      await visit(page, `${consoleUrl}/sign-in`, 'the sign-in');
      await visit(page, `${consoleUrl}/setup?token=none`, 'a set-up link that is over');
      await visit(page, url.replace('127.0.0.1', 'localhost'), 'an invitation');
      // English for everybody.
      if (device !== GERMAN_PHONE) await visit(page, `${consoleUrl}/api/docs`, 'the description of the API');
      await signIn(page, `${consoleUrl}/sign-in?next=%2Faccount`);
      for (const path of ['/account', '/device', '/requests?object=payroll', '/organizations']) {
        await visit(page, `${consoleUrl}${path}`, path);
      }
      await page.context().close();
    });

    it('the pages of a gateway', { timeout: 120_000 }, async () => {
      const page = await openPage(device);
      const service = (host: string) => `https://${host}.${world.baseDomain}:${world.httpsPort}/`;
      await visit(page, world.portalUrl, 'the sign-in of the portal');
      await signIn(page, world.portalUrl);
      await look(page, 'the portal');
      await visit(page, `${world.portalUrl}passkeys`, 'passkeys of the portal');
      await visit(page, `${world.portalUrl}sign-out`, 'signing out');
      await visit(page, service('payroll'), 'a refusal');
      await visit(page, `${world.portalUrl}nowhere`, 'nothing');
      await page.context().close();
    });
  });
}

it('a language is chosen without a script, here and in the web console alike', async () => {
  const context = await browser.newContext({ ...DESK, ignoreHTTPSErrors: true, javaScriptEnabled: false });
  const page = await context.newPage();
  const lang = (of: Page) => of.locator('html').getAttribute('lang');
  for (const url of [`${consoleUrl}/sign-in?next=%2Faccount`, `${world.portalUrl}sign-in`]) {
    await page.goto(url);
    assert.equal(await lang(page), 'en');
    await page.getByRole('button', { name: 'Deutsch' }).click();
    assert.equal(page.url(), url, 'it comes back to the page');
    assert.equal(await lang(page), 'de');
    await page.goto(new URL('/nowhere', url).href);
    assert.equal(await lang(page), 'de', 'and stays');
  }
  const cookies = (await context.cookies()).filter(({ name }) => name.endsWith('zn_language'));
  assert.deepEqual(
    cookies.map(({ value, sameSite }) => `${value} ${sameSite}`),
    ['de Lax', 'de Lax'],
  );

  const scripted = await openPage(DESK);
  await scripted.context().addCookies(await context.cookies());
  await context.close();
  await signIn(scripted, `${consoleUrl}/sign-in?next=%2Fresources`);
  await scripted.getByRole('heading', { name: 'Ressourcen' }).waitFor();
  await scripted.getByRole('button', { name: 'Konto' }).click();
  await scripted.getByRole('menuitemradio', { name: 'English' }).click();
  await scripted.getByRole('heading', { name: 'Resources' }).waitFor();
  await scripted.goto(`${consoleUrl}/account`);
  assert.equal(await lang(scripted), 'en', 'what the web console chose counts for its pages, too');
  await scripted.context().close();
});

it('the pages of the console have the appearance that was chosen in the web console', async () => {
  const page = await openPage(DESK);
  const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
  await page.emulateMedia({ colorScheme: 'light' });
  await signIn(page, `${consoleUrl}/sign-in?next=%2Fresources`);
  await page.getByRole('button', { name: 'Account, appearance' }).click();
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await page.goto(`${consoleUrl}/no-such-page`);
  assert.equal(await ground(), 'rgb(16, 18, 22)');
  await checkAccessible(page, 'a page that is not there, in dark', 'contrast');
  await page.evaluate(`localStorage.setItem('zeronaut.theme', 'light')`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${consoleUrl}/no-such-page`);
  assert.equal(await ground(), 'rgb(244, 245, 247)');
  await page.evaluate(`localStorage.setItem('zeronaut.theme', 'system')`);
  await page.goto(`${consoleUrl}/no-such-page`);
  assert.equal(await ground(), 'rgb(16, 18, 22)', 'as the system');
  await page.context().close();
});

it('a port is opened and shut on a phone, on one page', async () => {
  const page = await openPage(PHONE);
  await signIn(page, world.portalUrl);
  const rows = async (heading: string) =>
    await page.locator(`section:has(h2:text-is("${heading}")) li`).allInnerTexts();
  assert.match((await rows('Ports')).join(), /raw/);
  const authorise = page.getByRole('button', { name: 'Authorise my address for raw' });
  const box = (await authorise.boundingBox())!;
  assert.ok(box.height >= 24 && box.x >= 0 && box.x + box.width <= PHONE.viewport.width, JSON.stringify(box));
  await authorise.tap();
  await page.waitForSelector('h2:text-is("Authorised addresses")');
  assert.match((await rows('Authorised addresses')).join(), /raw[\s\S]*left/);
  await look(page, 'the portal with an address');
  await page.getByRole('button', { name: /^Revoke raw/ }).tap();
  await page.waitForSelector('h2:text-is("Authorised addresses")', { state: 'detached' });
  await page.context().close();
});
