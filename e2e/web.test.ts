/** The web console in a real browser, as an owner uses it: told in order, against the real console, gateway and agent. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { resourceInputOf } from '@zeronaut/model';
import { freePort, waitFor } from '@zeronaut/testkit';
import { ensureWeb, WEB_DIRECTORY } from '../scripts/build-web.mjs';
import { openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type World } from './harness/world.ts';

const KEPT_FILES =
  "caches.open('zeronaut-shell').then((cache) => cache.keys()).then((keys) => keys.filter(({ url }) => url.includes('/assets/')).length)";
/** Of no request there is: the page it leads to says so. */
const REQUEST_ID = `req_${'0123456789abc'.repeat(2)}`;
const SHELL_IS_KEPT = "caches.open('zeronaut-shell').then((cache) => cache.keys()).then((keys) => keys.length > 5)";
const owner = fileOwner();

let world: World;
let service: WebService;
let console_: WebConsole;

before(async () => {
  ensureWeb();
  world = await startWorld(owner);
  service = await startWebService(owner);
  const { context } = await openBrowser(owner);
  console_ = await openWebConsole(context, world, world.owner);
});
afterEach((t) => world.showLogsOnFailure(t));
after(() =>
  assert.deepEqual(console_.complaints, [], 'violations of the policy, errors and warnings of the whole run'),
);

describe('first steps', () => {
  let exposed: Exposed;

  it('say what is next, and tick it off while one looks on', async () => {
    const { page } = console_;
    await console_.open('/first-steps');
    await page.waitForSelector('li[aria-current="step"]:has-text("Publish a service")');
    await page.waitForSelector('text=/^cd \\S+ && ZERONAUT_HOME=\\S+ npx zeronaut expose localhost:3000 http$/');
    const published = await page.innerText('main');
    assert.match(
      published,
      /npx zeronaut login https:\/\/console\.example\.com/,
      'other machines do not reach localhost',
    );
    assert.match(published, /ZERONAUT_CONSOLE_PUBLIC_URL=https:\/\/console\.example\.com npm start/);
    const body = { name: 'intranet', targets: [{ address: '127.0.0.1:9' }] };
    const declared = await world.api.call('resources.create', { body });
    await page.waitForSelector('text=intranet is published.');
    await page.waitForSelector('role=link[name=/^https:..intranet\\./]');
    await world.api.call('resources.delete', { params: { id: declared.id } });
    await page.waitForSelector('li[aria-current="step"]:has-text("Publish a service")');
    exposed = await world.expose(owner, [service.address, 'http', '--name', 'shop', '--public']);
    await page.waitForSelector('li[aria-current="step"]:has-text("Open it")');
    assert.match(await page.innerText('main'), /shop is published/);
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.click('role=button[name="Save the certificate"]'),
    ]);
    assert.equal(readFileSync(await saved.path(), 'utf8'), readFileSync(world.certificateAuthorityFile, 'utf8'));
    assert.equal((await world.visitor().ask(`${exposed.url}/first`)).status, 200);
    await page.waitForSelector('text=All is running');
  });

  it('leave a service that the list shows, finds and sorts by the URL', async () => {
    const { page } = console_;
    await console_.open('/resources');
    await page.click('role=row >> text=shop');
    await page.waitForSelector('h1:has-text("shop")');
    assert.match(await page.innerText('main'), new RegExp(exposed.url));
    assert.match(
      await page.innerText('role=textbox[name="Command that says who may use it"]'),
      /^npx zeronaut expose \S+ http --name shop --allow ann@example\.com,group:dev$/,
    );

    await page.click('role=button[name="Stop"]');
    assert.match(await page.innerText('role=dialog'), /stays stopped when the agent comes back/);
    await page.click('role=dialog >> role=button[name="Stop"]');
    await page.waitForSelector('main header >> text=Stopped');
    await exposed.cli.event('service_stopped');
    // Of what is stopped no gateway has a certificate: there is not even an answer.
    const isOpen = () =>
      world
        .visitor()
        .ask(exposed.url)
        .then(
          ({ status }) => status === 200,
          () => false,
        );
    await waitFor(async () => !(await isOpen()), { what: 'nobody gets in' });
    await exposed.kill();
    const back = world.start(owner, ['expose', service.address, 'http', '--name', 'shop', '--public']);
    await back.event('service_stopped');
    await page.click('role=button[name="Undo"]');
    exposed = { ...exposed, cli: back };
    await back.event('ready');
    await waitFor(isOpen, { what: 'as before' });

    await console_.open('/resources?q=nothing-like-this');
    await page.click('text=Clear search and filters');
    await page.waitForSelector('role=row >> text=shop');
    assert.doesNotMatch(page.url(), /q=/);

    const hour = page.locator('[role=row]:has-text("shop") [role=img][aria-label*=" request"]');
    const before = await hour.getAttribute('aria-label');
    for (let index = 0; index < 3; index++) await world.visitor().ask(`${exposed.url}/counted`);
    await waitFor(async () => (await hour.getAttribute('aria-label')) !== before, {
      // Counted anew after five seconds.
      timeoutMs: 20_000,
      what: `another number than "${before}", while one looks on`,
    });
  });
});

describe('a resource', () => {
  it('is declared by a form that says what is wrong, changed, and stopped', async () => {
    const { page } = console_;
    await console_.open('/resources/new');
    await page.fill('input[name="name"]', 'Wiki!');
    await page.fill('input[name="targets.0.address"]', service.address);
    await page.click('role=button[name="Create"]');
    await page.waitForSelector('text=Not valid: Lower-case letters');
    await page.fill('input[name="name"]', 'wiki');
    await page.click('role=button[name="Add a health check"]');
    await page.fill('input[name="targets.0.healthCheck.path"]', '/well');
    await page.click('role=button[name="Create"]');
    await page.waitForSelector('h1:has-text("wiki")');
    assert.match(await page.innerText('main'), /checked every 5 s/);
    await page.click('role=button[name="Change"]');
    await page.fill('role=dialog >> input[name="segments"]', 'prod');
    await page.keyboard.press('Enter');
    await page.click('role=dialog >> role=button[name="Save"]');
    await page.locator('role=dialog').waitFor({ state: 'detached' });
    await page.waitForSelector('main >> text=prod');
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('main >> text=in none');

    await page.click('role=button[name="Make a link"]');
    await page.click('role=dialog >> role=button[name="Make a link"]');
    const link = await page.innerText('role=dialog >> role=textbox[name="Link to wiki"]');
    await page.click('role=button[name="I have it"]');
    const guest = world.visitor();
    assert.equal((await guest.open(link.trim())).status, 200, 'without an account');
    await page.click('section[aria-label="Links for guests"] >> role=button[name="Take back"]');
    await page.click('role=dialog >> role=button[name="Take back"]');
    await page.waitForSelector('text=No link lets guests in.');
    await waitFor(async () => (await guest.ask(link.trim())).status !== 200, { what: 'the link opens nothing' });

    await page.click('role=link[name="Edit"]');
    await page.waitForSelector('h1:has-text("Edit wiki")');
    const [wiki] = (await world.api.call('resources.list', {})).items.filter(({ name }) => name === 'wiki');
    assert.equal(wiki!.targets[0]!.healthCheck!.path, '/well');
    await page.fill('input[name="targets.0.healthCheck.path"]', '/up');
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('h1:text-is("wiki")');
    await page.click('role=button[name="Stop"]');
    await page.click('role=dialog >> role=button[name="Stop"]');
    await page.waitForSelector('main header >> text=Stopped');
    await page.click('role=button[name="Start"]');
    await page.waitForSelector('main header >> text=Up');
    const now = await world.api.call('resources.get', { params: { id: wiki!.id } });
    assert.deepEqual([now.enabled, now.targets[0]!.healthCheck!.path], [true, '/up']);
    await page.click('role=button[name="Delete"]');
    await page.fill('role=dialog >> role=textbox', 'wiki');
    await page.click('role=dialog >> role=button[name="Delete"]');
    await page.waitForURL(/\/resources$/);
  });
});

describe('headers and limits of a resource', () => {
  it('are folded into a line, filled in by hand or at one click, and merged with what somebody else wrote', async () => {
    const { page } = console_;
    const made = await world.api.call('resources.create', {
      body: {
        name: 'ruled',
        targets: [{ address: service.address }],
        headers: { request: [{ action: 'set', name: 'X-Api-Key', value: 'kept' }] },
      },
    });
    const id = made.id;
    await console_.open(`/resources/${id}/edit`);
    await page.waitForSelector('section[aria-label="Headers"] >> text=1 to the service');
    await page.waitForSelector('text=No limits of its own.');
    await page.click('role=button[name="Show Headers"]');
    await page.click('role=button[name="Add the usual security headers"]');
    assert.equal(await page.inputValue('input[name="headers.response.0.name"]'), 'Strict-Transport-Security');
    assert.equal(await page.inputValue('input[name="headers.request.0.value"]'), '', 'nobody reads a secret again');
    await page.fill('input[name="headers.host"]', 'Not A Host');
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('text=Not valid: Empty: the name that the visitor asked for.');
    await page.fill('input[name="headers.host"]', 'ruled.internal');
    const others = { ...resourceInputOf(made), limits: { ...made.limits, concurrent: 7 } };
    await world.api.call('resources.update', { params: { id }, body: others }, made.version);
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('section[aria-label="Limits"] >> text=7 at the same time');
    await page.click('role=button[name="Save"]');
    const again = 'it would go to another target or host: give it again';
    await page.waitForSelector(`:has(> * > input[name="headers.request.0.value"]) >> text="${again}"`);
    await page.fill('input[name="headers.request.0.value"]', 'given again');
    await page.click('role=button[name="Save"]');
    await page.waitForSelector('h1:text-is("ruled")');
    await page.waitForSelector('section[aria-label="Headers"] >> text=X-Content-Type-Options: nosniff');
    const now = await world.api.call('resources.get', { params: { id } });
    assert.deepEqual([now.headers.host, now.limits.concurrent], ['ruled.internal', 7]);
    assert.deepEqual(
      now.headers.request.map(({ name, value, secret }) => [name, value, secret]),
      [['X-Api-Key', null, true]],
    );
    await console_.checkAccessibility('a resource with header rules');
    await world.api.call('resources.delete', { params: { id } });
  });
});

describe('health', () => {
  it('is in the list and by each target, and changes while one looks on', async () => {
    const { page } = console_;
    const row = (state: string) =>
      page.waitForSelector(`role=row >> :scope:has-text("flaky"):has([data-meaning]:text-is("${state}"))`);
    const dead = {
      address: `127.0.0.1:${await freePort()}`,
      healthCheck: { intervalMs: 100, unhealthyAfter: 1, healthyAfter: 1 },
    };
    const good = { ...dead, address: service.address };
    const body = { name: 'flaky', access: { mode: 'public' as const }, targets: [{ address: service.address }] };
    const { id, version } = await world.api.call('resources.create', { body });
    await console_.open('/resources?q=flaky');
    await row('On');
    const targets = (...all: (typeof dead)[]) => ({ params: { id }, body: { ...body, targets: all } });
    const watched = await world.api.call('resources.update', targets(good), version);
    await row('Up');
    const after = await world.api.call('resources.update', targets(good, dead), watched.version);
    await row('Partly up');
    await console_.open(`/resources/${id}`);
    await page.waitForSelector('main header >> text=Partly up');
    await page.waitForSelector('li:has-text("Up") >> text=dialled by the gateway');
    await page.waitForSelector('li:has-text("Down") >> text=/It does not answer as it should, says \\S+/');
    await world.api.call('resources.update', targets(dead), after.version);
    await page.waitForSelector('main header >> text=Down');
    await world.api.call('resources.delete', { params: { id } });
  });
});

describe('a route', () => {
  it('is tested for somebody, and says what its DNS lacks', async () => {
    const { page } = console_;
    const wiki = await world.api.call('resources.create', {
      body: { name: 'wiki', domains: ['wiki.example.test'], targets: [{ address: service.address }] },
    });
    await console_.open('/resources');
    await page.click('role=link[name="Test a route"]');
    await page.fill('role=textbox[name="Address"]', 'https://wiki.example.test/secret');
    await page.click('role=button[name="Test"]');
    await page.waitForSelector('main >> text=Has to sign in');
    await page.fill('role=combobox[name="Who asks"]', world.owner.email);
    await page.click('role=button[name="Test"]');
    await page.waitForSelector('main >> text=Passes');
    await page.fill('role=textbox[name="Address"]', 'tcp://wiki.example.test:1');
    await page.click('role=button[name="Test"]');
    await page.waitForSelector('text=leads nowhere');
    await console_.checkAccessibility('a tested route');
    await console_.open(`/resources/${wiki.id}`);
    await page.waitForSelector('role=textbox[name="Record of wiki.example.test"]');
    assert.match(await page.innerText('section[aria-label="DNS records"]'), /Missing|DNS does not say/);
    assert.match(await page.innerText('section[aria-label="DNS records"]'), /wiki\.example\.test\. IN (A|CNAME) /);
    await world.api.call('resources.delete', { params: { id: wiki.id } });
  });
});

describe('a gateway', () => {
  it('is on the map once somebody says where it is', async () => {
    const { page } = console_;
    const [gateway] = (await world.api.call('gateways.list', {})).items;
    await console_.open(`/gateways/${gateway!.id}`);
    await page.click('role=button[name="Set its place"]');
    await page.fill('input[name=name]', 'Zürich');
    await page.fill('input[name=latitude]', '47,37');
    await page.fill('input[name=longitude]', 'east');
    await page.click('role=dialog >> role=button[name="Save"]');
    await page.waitForSelector('role=dialog >> input[name=longitude][aria-invalid=true]');
    await page.fill('input[name=longitude]', '8.54');
    await page.click('role=dialog >> role=button[name="Save"]');
    await page.waitForSelector('main >> dd:has-text("Zürich")');
    for (const path of ['/gateways', '/']) {
      await console_.open(path);
      await page.waitForSelector('section[aria-label="Where gateways, sites and agents are"] >> text=Zürich');
      await page.waitForSelector('section[aria-label="Where gateways, sites and agents are"] >> circle >> nth=1', {
        state: 'attached',
      });
    }
  });
});

describe('a long list', () => {
  it('is searched by the API, and only what is in the window exists', async () => {
    const { page } = console_;
    const resources = Array.from({ length: 450 }, (_, index) => ({
      name: `bulk-${index}`,
      targets: [{ address: '127.0.0.1:9' }],
      enabled: false,
    }));
    await world.api.call('resources.apply', { body: { resources } });
    await console_.open('/resources?q=bulk-449');
    await page.waitForSelector('role=row >> text=bulk-449');
    assert.equal(await page.locator('role=row').count(), 2, 'its head, and what was found');
    await console_.open('/resources?sort=name');
    await page.waitForSelector('role=row >> text=bulk-0');
    assert.ok((await page.locator('role=row').count()) < 60);
    await page.keyboard.press('Control+k');
    await page.waitForSelector('role=dialog >> role=combobox');
    await page.fill('role=dialog >> role=combobox', 'bulk-448');
    await page.waitForSelector('role=option >> text=bulk-448');
    await page.keyboard.press('Escape');
    await page.locator('role=dialog').waitFor({ state: 'detached' });
    const [service_] = (await world.api.call('services.list', {})).items;
    await world.api.call('resources.apply', { body: { resources: [], prune: true } });
    assert.equal((await world.api.call('resources.list', {})).items[0]?.id, service_?.id);
  });
});

describe('the frame', () => {
  it('goes anywhere by keyboard', async () => {
    const { page } = console_;
    await console_.open('/');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('role=dialog >> role=combobox');
    await page.fill('role=dialog >> role=combobox', 'gateways');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/gateways$/);
    await page.waitForSelector('role=row >> text=Connected');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('role=dialog >> role=combobox');
    await page.fill('role=dialog >> role=combobox', 'shop');
    await page.waitForSelector('role=option >> text=shop');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("shop")');
    await page.keyboard.press('Tab');
    assert.notEqual(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'none');
  });

  it('is found by other words, and begins what is typed with what is found', async () => {
    const { page } = console_;
    await world.api.call('apiKeys.create', { body: { name: 'palette-key', role: 'member' } });
    await world.api.call('invitations.create', { body: { email: 'palette@example.com' } });
    await console_.open('/');
    const type = async (text: string): Promise<void> => {
      if ((await page.locator('role=dialog >> role=combobox').count()) === 0) await page.keyboard.press('Control+k');
      await page.fill('role=dialog >> role=combobox', text);
    };
    for (const [text, option] of [
      ['policy', 'Policies'],
      ['approve', 'Access requests'],
      ['logout', 'Sign out'],
      ['dark', 'Appearance: Dark'],
      ['sicherung', 'Backup'],
      ['zertifikat', 'Gateways'],
      ['auditor', 'auditor'],
      ['palette-key', 'palette-key'],
      ['palette@example', 'palette@example.com'],
      [`Request ${REQUEST_ID}`, `Accesses of request ${REQUEST_ID}`],
    ] as const) {
      await type(text);
      await page.getByRole('option', { name: option }).first().waitFor();
    }
    // As it is copied from a page that refuses.
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/security\\?q=${REQUEST_ID}$`));
    await type('stop shop');
    await page.getByRole('option', { name: 'Stop shop' }).click();
    await page.getByRole('dialog', { name: 'Stop shop?' }).waitFor();
    await page.waitForURL(/\/resources\/[^/?]+$/);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await page.waitForURL(/\/sites$/);
  });

  it('says of what is gone that it is, and leads to the others', async () => {
    const { page } = console_;
    for (const [path, title, list] of [
      ['/resources/res_00000000000000000000000000', 'There is no such resource', /\/resources$/],
      ['/users/usr_00000000000000000000000000', 'There is no such user', /\/users$/],
      ['/policies/pol_00000000000000000000000000', 'There is no such policy', /\/policies$/],
    ] as const) {
      await console_.open(path);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await page.click('text=Back to the list');
      await page.waitForURL(list);
    }
  });

  it('asks the simulator what an access asked', async () => {
    const { page } = console_;
    await console_.open('/security');
    await page.getByRole('row').getByRole('button').first().click();
    await page.click('role=dialog >> text=Ask the simulator');
    await page.waitForURL(/\/policies\/simulator\?.*object=.*address=/);
    await page.getByRole('region', { name: 'Answer' }).or(page.getByRole('alert')).first().waitFor();
    assert.notEqual(await page.inputValue('role=textbox[name="Source address"]'), '');
  });

  it('shows members what they may do, and nothing else', async () => {
    const member = await world.createUser({ email: 'mia@example.com' });
    const { context } = await openBrowser(owner);
    const other = await openWebConsole(context, world, member);
    assert.equal(await other.page.locator('nav >> text=First steps').count(), 0);
    await other.open('/gateways');
    await other.page.waitForSelector('role=row >> text=Connected');
    assert.equal(await other.page.locator('text=Enrol a gateway').count(), 0);
    await other.open('/gateways?enrol=1');
    assert.equal(await other.page.locator('role=dialog').count(), 0);
    assert.deepEqual(other.complaints, []);
    await context.close();
  });

  it('shows that a row of tabs goes on, and leads there', async () => {
    const { page } = console_;
    await page.setViewportSize({ width: 1000, height: 800 });
    await console_.open('/settings');
    const last = page.locator('main nav a').last();
    const isSeen = async () => {
      const [row, tab] = await Promise.all([page.locator('main nav').boundingBox(), last.boundingBox()]);
      return tab!.x + tab!.width <= row!.x + row!.width + 1;
    };
    assert.equal(await isSeen(), false);
    await page.click('role=button[name="Show more tabs"]');
    await waitFor(isSeen, { what: 'the last tab' });
    await page.waitForSelector('role=button[name="Show more tabs"]', { state: 'detached' });
    await page.click('role=button[name="Show the tabs before"]');
    await page.waitForSelector('role=button[name="Show more tabs"]');
    await page.setViewportSize({ width: 390, height: 800 });
    await console_.open('/settings/backup');
    await waitFor(isSeen, { what: 'the tab that is open' });
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('speaks German as a whole', async () => {
    const { page } = console_;
    await console_.open('/gateways');
    await page.click('role=button[name=/Account, appearance/]');
    await page.click('text=Deutsch');
    await page.waitForSelector('nav >> text=Übersicht');
    await page.waitForSelector('role=row >> text=Verbunden');
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
    await console_.open('/resources/test?url=ftp://nowhere');
    await page.click('role=button[name="Testen"]');
    await page.waitForSelector('role=alert >> text=Die Anfrage ist nicht gültig');
    await console_.open('/policies/templates');
    await page.waitForSelector('text=Alle brauchen überall einen zweiten Faktor.');
    await console_.open('/policies/templates?template=office-hours');
    await page.waitForSelector('text=die Stunde, zu der es schliesst: eine Stunde von 0 bis 24');
    await page.waitForSelector('text=Samstag Mittag anderswo');
    await console_.open('/gateways');
    await page.click('role=button[name=/Konto, Erscheinungsbild/]');
    await page.click('text=English');
    await page.waitForSelector('nav >> text=Overview');
  });

  it('leads from one organization to another, and home', async () => {
    const { page } = console_;
    await world.api.call('organizations.create', { body: { name: 'Second one' } });
    await console_.open('/gateways');
    await page.click('aside >> role=button[name=/Change the organization/]');
    await page.click('role=menuitemradio[name=/Second one/]');
    await page.waitForSelector('aside >> text=Second one');
    await console_.open('/gateways');
    await page.waitForSelector('text=No gateway yet');
    await page.click('aside >> role=button[name=/Change the organization/]');
    await console_.checkAccessibility('the menu of organizations');
    await page.click('role=menuitemradio[name=/Back home/]');
    await page.waitForSelector('aside >> text=Second one', { state: 'detached' });
    await console_.open('/gateways');
    await page.waitForSelector('role=row >> text=Connected');
  });

  it('says when the console is away, and goes on by itself', async () => {
    const { page } = console_;
    await console_.open('/gateways');
    await page.waitForSelector('role=row >> text=Connected');
    await world.console.kill('SIGKILL');
    await page.waitForSelector('text=The console does not answer');
    await world.console.start();
    await page.waitForSelector('text=The console does not answer', { state: 'detached', timeout: 40_000 });
    await waitFor(async () => (await world.api.call('gateways.list', {})).items[0]?.connected === true, {
      what: 'back',
    });
    await page.waitForSelector('role=row >> text=Connected');
  });

  it('starts while the console is away, with what was shown last', async () => {
    const { page } = console_;
    await console_.open('/gateways');
    await page.waitForSelector('role=row >> text=Connected');
    await waitFor(() => page.evaluate<boolean>(SHELL_IS_KEPT), { what: 'the files are kept' });
    await waitFor(async () => /gateways\.list/.test(await console_.kept()), { what: 'the state is kept' });
    await page.click('aside >> role=link[name="Overview"]');
    await page.waitForSelector('h3:has-text("Time to answer")');
    await waitFor(async () => /overview\.get/.test(await console_.kept()), { what: 'the overview is kept' });
    await world.console.kill('SIGKILL');
    // As a browser is whose machine has no network: it must ask the console beside it all the same.
    await page.context().setOffline(true);
    await page.reload();
    await page.waitForSelector('text=This is how things were at');
    await page.waitForFunction('document.querySelector("aside img").naturalWidth > 0');
    const traffic = page.getByRole('region', { name: 'Traffic' });
    await traffic.getByRole('button', { name: 'Try again' }).waitFor();
    assert.equal(await traffic.getByRole('status').count(), 0, 'nothing pretends that it comes');
    await page.context().setOffline(false);
    await page.click('aside >> role=link[name="Gateways"]');
    await page.waitForSelector('role=row >> text=Connected');
    await world.console.start();
    await page.waitForSelector('text=This is how things were at', { state: 'detached', timeout: 40_000 });
  });

  it('has every page while the console is away, also one that nobody opened', async () => {
    const { context } = await openBrowser(owner);
    const other = await openWebConsole(context, world, world.owner);
    const { page } = other;
    const assets = readdirSync(join(WEB_DIRECTORY, 'assets')).filter((name) => !/\.(?:br|gz)$/.test(name));
    await waitFor(async () => (await page.evaluate<number>(KEPT_FILES)) >= assets.length, {
      what: 'all files are kept',
      timeoutMs: 60_000,
    });
    await other.open('/gateways');
    await context.setOffline(true);
    await page.click('aside >> role=link[name="Policies"]');
    await page.getByRole('heading', { level: 1, name: 'Policies' }).waitFor();
    await context.setOffline(false);
    assert.deepEqual(other.complaints, []);
    await context.close();
  });

  it('says of a page that it has not, and opens it when the console is back', async () => {
    // Without a service worker, as over plain http of another machine.
    const { context } = await openBrowser(owner, { serviceWorkers: 'block' });
    const other = await openWebConsole(context, world, world.owner);
    const { page } = other;
    await other.open('/gateways');
    // The router loads a page once more by itself when a file is gone; that is not what this is about.
    await context.route(/\/assets\/policies-page-/, (route) => route.abort());
    await page.click('aside >> role=link[name="Policies"]');
    await page.getByRole('heading', { level: 1, name: 'This page is not in this browser yet' }).waitFor();
    assert.doesNotMatch(await page.innerText('main'), /\.js|module/);
    await context.unroute(/\/assets\/policies-page-/);
    const opened = async () => {
      // The router may load the page once more just then.
      await page.evaluate("dispatchEvent(new Event('online'))").catch(() => undefined);
      return await page.getByRole('heading', { level: 1, name: 'Policies' }).isVisible();
    };
    await waitFor(opened, { what: 'the page opens by itself', timeoutMs: 30_000 });
    await context.close();
  });

  it('keeps nothing of somebody who signed out', async () => {
    const member = await world.createUser({ email: 'max@example.com' });
    const { context } = await openBrowser(owner);
    const other = await openWebConsole(context, world, member);
    await waitFor(async () => /max@example\.com/.test(await other.kept()), { what: 'the state is kept' });
    await other.page.click('role=button[name=/Account, appearance/]');
    await other.page.click('text=Sign out');
    await other.page.waitForURL(/\/sign-in/);
    assert.equal(await other.kept(), '');
    assert.deepEqual(other.complaints, []);
    await context.close();
  });
});
