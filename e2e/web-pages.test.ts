/**
 * Every page of the web console, whatever is in the data: what anybody wrote is shown as text, axe finds nothing serious in both themes, the
 * policy of the page is never violated; and what people do most is done with the keyboard alone.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, describe, it } from 'node:test';
import { createId, type RouteId, routes } from '@zeronaut/model';
import { waitFor } from '@zeronaut/testkit';
import { ensureWeb } from '../scripts/build-web.mjs';
import { ROOT } from '../scripts/npm-packages.mjs';
import { openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { isCallOf, ROW_COUNT, shortListPages, withManyRows } from './harness/short-lists.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWebService } from './harness/web-service.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
/** Each field has a markup of its own, so that it is known which of them were shown. */
const markup = (field: string) => `<img src=x onerror=alert('${field}')>`;
/** Some fifty pages, each in both themes. */
const LONG = { timeout: 900_000 };
const FIELDS = /<img src=x onerror=alert\('([a-z-]+)'\)>/g;
const MADE_ELEMENTS = `document.querySelectorAll('img[src="x"], [onerror], [onload], main script, iframe, object, embed').length`;

let world: World;
let web: WebConsole;
let ids: Record<string, string>;
const seen = new Set<string>();
const planted: string[] = [];

before(async () => {
  ensureWeb();
  world = await startWorld(owner);
  ids = await furnish();
  const { context } = await openBrowser(owner);
  web = await openWebConsole(context, world, world.owner);
  web.page.on('dialog', (dialog) => {
    web.complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await web.page.emulateMedia({ reducedMotion: 'reduce' });
});
afterEach((t) => world.showLogsOnFailure(t));
after(() => assert.deepEqual(web.complaints, [], 'violations of the policy, errors and warnings of the whole run'));

describe('every page', () => {
  it('shows what anybody wrote as text, and nothing that axe calls serious, in both themes', LONG, async () => {
    const dialogs = [
      ...['/gateways?enrol=1', '/users?create=1', '/users/invitations?invite=1', '/users/roles?create=1'],
      ...['/settings/identity-providers?create=ldap', '/settings/audit-exports?create=1', '/access-requests?ask=1'],
    ];
    const views = [`/policies/${ids.policy}?view=form`, `/policies/${ids.policy}?view=versions`];
    for (const path of [...allPaths(), ...views, ...dialogs]) {
      await web.open(path);
      if (dialogs.includes(path)) await web.page.waitForSelector('role=dialog');
      await look(path);
    }
    // What is shown when somebody asks for more.
    await web.open('/security');
    await web.page.getByRole('row').getByRole('button').first().click();
    await web.page.waitForSelector('role=dialog');
    await look('an access');
    await web.open('/audit?action=role.create');
    await web.page.getByRole('row').getByRole('button').last().click();
    await web.page.waitForSelector('role=dialog');
    await look('an audit entry');
    await web.open('/');
    await web.page.keyboard.press('Control+k');
    await web.page.waitForSelector('role=dialog >> role=combobox');
    await look('the palette');
    await web.page.keyboard.press('Escape');
    await web.page.keyboard.press('?');
    await web.page.waitForSelector('role=dialog');
    await look('the keys');
    await web.page.keyboard.press('Escape');
    assert.deepEqual(
      planted.filter((field) => !seen.has(field)),
      [],
      'each of them was shown somewhere, as text',
    );
  });

  it('cannot have markup where only a label goes: the API refuses it', async () => {
    const { api } = world;
    const name = markup('label');
    const targets = [{ address: '127.0.0.1:9' }];
    // Each asked when the one before is answered: a refusal that nobody waits for yet would fail the test.
    for (const write of [
      () => api.call('resources.create', { body: { name, targets } }),
      () => api.call('users.update', { params: { id: ids.user! }, body: { groups: [name] } }, 1),
      () => api.call('invitations.create', { body: { email: `${name}@example.com`, role: 'member' } }),
      () => api.call('sites.publish', { body: { name, connection: 'local', destinations: ['db.corp:1'] } }),
      () => api.call('segments.set', { params: { id: ids.resource! }, body: { segments: [name] } }),
      () => api.call('roles.create', { body: { name, description: '', permissions: ['users:read'] } }),
    ]) {
      await assert.rejects(write, /api\.invalid/);
    }
  });
});

/** Every list page, the route that it shows, and where it is written. */
const LISTS: readonly (readonly [path: string, route: RouteId, file: string])[] = [
  ['/resources', 'resources.list', 'resources/resources-page'],
  ['/gateways', 'gateways.list', 'gateways/gateways-page'],
  ['/sites', 'sites.list', 'sites/sites-page'],
  ['/devices', 'devices.list', 'devices/devices-page'],
  ['/policies/reach', 'policies.reach', 'policies/reach-page'],
  ['/policies', 'policies.list', 'policies/policies-page'],
  ['/security/incidents', 'incidents.list', 'security/incidents-page'],
  ['/security/behaviour', 'activity.differing', 'security/behaviour-page'],
  ['/users', 'users.list', 'users/users-page'],
  ['/users/invitations', 'invitations.list', 'invitations/invitations-page'],
  ['/users/groups', 'groups.list', 'groups/groups-page'],
  ['/users/sessions', 'sessions.list', 'sessions/sessions-page'],
  ['/service-accounts', 'serviceAccounts.list', 'service-accounts/service-accounts-page'],
  ['/service-accounts/api-keys', 'apiKeys.list', 'api-keys/api-keys-page'],
  ['/service-accounts/personal-access-tokens', 'personalAccessTokens.listAll', 'personal-access-tokens/tokens-list'],
  ['/my-access/personal-access-tokens', 'personalAccessTokens.list', 'personal-access-tokens/tokens-list'],
  ['/service-accounts/workload-trusts', 'workloadTrusts.list', 'workload-trusts/workload-trusts-page'],
  ['/access-requests', 'accessRequests.list', 'access-requests/access-requests-page'],
  ['/access-requests/approval-rules', 'approvalRules.list', 'access-requests/approval-rules-page'],
  ['/settings/identity-providers', 'identityProviders.list', 'identity-providers/identity-providers-page'],
  ['/settings/relying-parties', 'relyingParties.list', 'relying-parties/relying-parties-page'],
  ['/settings/notifications', 'notifications.list', 'settings/notifications-page'],
  ['/settings/audit-exports', 'auditExports.list', 'settings/audit-exports-page'],
];

/** What lists are made of; and who gains, who loses and what nobody used, which are there once they were asked for (`web-policies.test.ts`). */
const OF_ALL_LISTS = new Set([
  ...['ui/list-page', 'ui/rows', 'ui/short-list', 'ui/list-bar'],
  ...['features/policies/replay-panel', 'features/policies/unused-page'],
]);

describe('every list', () => {
  it('is named in this test', () => {
    const filesWith = (pattern: RegExp) =>
      globSync('packages/web/src/{features/*,ui}/*.tsx', { cwd: ROOT })
        .filter((file) => pattern.test(readFileSync(join(ROOT, file), 'utf8')))
        .map((file) => file.replace('packages/web/src/', '').replace('.tsx', ''));
    assert.deepEqual([...new Set(LISTS.map(([, , file]) => `features/${file}`))].sort(), filesWith(/<ListPage/).sort());
    assert.deepEqual(
      shortListPages(ids)
        .flatMap(({ files }) => files)
        .sort(),
      filesWith(/<ShortList|<ListBar|find=\{\{/)
        .filter((file) => !OF_ALL_LISTS.has(file))
        .sort(),
    );
  });

  it(
    'is searched, ordered and filtered in the URL, and says what to do when it is refused or empty',
    LONG,
    async () => {
      const { page } = web;
      for (const [path, id] of LISTS) {
        const asked = (url: URL) => url.pathname === routes[id].path;
        // Refused, once a skeleton was there.
        let skeleton: Promise<unknown> | undefined;
        const problem = { title: 'Refused by the test', status: 400, reason: 'api.invalid', requestId: 'req_test' };
        await page.route(asked, async (route) => {
          skeleton ??= page.waitForSelector('main [role="status"][aria-label]');
          await skeleton;
          await route.fulfill({ status: 400, json: problem });
        });
        await web.open(path);
        await page.waitForSelector('main >> text=Request req_test');
        await page.unroute(asked);
        // Nobody behaves unusually in so short a time.
        if (id === 'activity.differing') {
          const items = [{ id: ids.user, kind: 'user', name: 'bob', today: 90, median: 9, times: 10 }];
          await page.route(asked, (route) => route.fulfill({ json: { at: new Date().toISOString(), items } }));
        }
        await page.click('main >> role=button[name="Try again"] >> nth=0');
        await page.waitForSelector('main >> role=table');
        const rows = await page.locator('main >> role=row').count();
        assert.ok(rows > 1, `${path} has something to show`);

        await page.fill('main input[type=search]', 'nothing is called like this');
        await page.waitForURL(/[?&]q=nothing/);
        await page.waitForSelector('main >> text=Nothing matches');
        await page.click('role=button[name="Clear search and filters"]');
        await page.waitForURL((url) => !url.searchParams.has('q'));

        const heads = page.locator('main >> role=columnheader >> role=button');
        await heads.first().click();
        await page.waitForURL(/[?&]sort=/);
        await page.waitForSelector('main [aria-sort="ascending"]');
        await heads.first().click();
        await page.waitForSelector('main [aria-sort="descending"]');

        const filters = page.locator('main section >> role=combobox');
        for (let index = 0; index < (await filters.count()); index++) {
          const before = new URL(page.url()).searchParams.size;
          await filters.nth(index).click();
          await page.locator('role=option').last().click();
          await page.waitForURL((url) => url.searchParams.size === before + 1);
        }
        const { search } = new URL(page.url());
        if (id !== 'activity.differing') {
          await page.reload();
          await page.waitForSelector('main input[type=search]');
          assert.equal(new URL(page.url()).search, search, `${path} keeps what was chosen`);
          assert.match(await page.innerText('main'), /Nothing matches|\d+ entr/);
        }

        await page.unroute(asked);
        await page.route(asked, (route) => route.fulfill({ json: { items: [], nextCursor: null, at: null } }));
        await web.open(path);
        const empty = page.locator('main section[aria-busy="false"]:has(h2)');
        await empty.waitFor();
        assert.equal(await page.locator('main input[type=search]').count(), 0, `${path}: nothing to search`);
        const next = await empty.locator('button, a, code').count();
        assert.ok(next > 0, `${path}: an empty list leads on, ${await empty.innerText()}`);
        await page.unroute(asked);
      }
    },
  );

  it('that stands in a card does the same once it is too long for a glance', LONG, async () => {
    const { page } = web;
    for (const { path, lists } of shortListPages(ids)) {
      let isRefused = true;
      const problem = { title: 'Refused by the test', status: 400, reason: 'api.invalid', requestId: 'req_test' };
      const asked = (url: URL) => lists.some(({ route }) => isCallOf(route, url));
      await page.route(asked, async (route) => {
        const url = new URL(route.request().url());
        if (isRefused) return await route.fulfill({ status: 400, json: problem });
        const answer = (await (await route.fetch()).json()) as Record<string, unknown>;
        const own = lists.filter((one) => isCallOf(one.route, url));
        await route.fulfill({ json: withManyRows(own, answer, url) });
      });
      const begin = new URLSearchParams(lists.map(({ name, words }) => [name, words?.[0] ?? 'nr7']));
      await web.open(`${path}${path.includes('?') ? '&' : '?'}${begin}`);
      await page.waitForSelector('main >> text=Request req_test');
      isRefused = false;
      const again = page.locator('main >> role=button[name="Try again"]');
      const searches = page.locator('main input[type=search]');
      await waitFor(
        async () => {
          if ((await searches.count()) === lists.length) return true;
          // A button that goes while it is pressed was not needed: what is live asks again by itself.
          if ((await again.count()) > 0)
            await again
              .first()
              .click({ timeout: 1_000 })
              .catch(() => undefined);
          return false;
        },
        { what: `${path} shows ${lists.length} lists, each with its search`, timeoutMs: 20_000 },
      );
      for (const { name, words: [one, other] = ['nr7', 'nr3'] } of lists) {
        const search = page.locator(`main input[type=search][name="${name}"]`);
        const bar = search.locator('xpath=ancestor::div[p[@aria-live]]');
        assert.equal(await search.inputValue(), one, `${path}: ${name} is what the URL said`);
        await bar.locator('text="1 entry"').waitFor();
        await search.fill('');
        await page.waitForURL((url) => !url.searchParams.has(name));
        await waitFor(async () => /^\d\d/.test(await bar.locator('p[aria-live]').innerText()), {
          what: `${path}: all of ${name}, ${ROW_COUNT} or more`,
        });
        await search.fill(other);
        await page.waitForURL((url) => url.searchParams.get(name) === other);
        await bar.locator('text="1 entry"').waitFor();
        const choices = bar.locator('role=combobox');
        for (let index = 0; index < (await choices.count()); index++) {
          const before = new URL(page.url()).searchParams.size;
          await choices.nth(index).click();
          await page.locator('role=option').last().click();
          await page.waitForURL((url) => url.searchParams.size === before + 1);
        }
      }
      await page.unroute(asked);
    }
  });
});

describe('the keyboard alone', () => {
  it('leads through first steps, to a resource, and back by single keys', async () => {
    const { page } = web;
    await web.open('/');
    await go('first steps');
    await page.waitForURL(/\/first-steps$/);
    await tabTo(/^Go to the overview$/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("Overview")');

    await go('create a resource');
    await page.waitForURL(/\/resources\/new$/);
    await page.waitForSelector('input[name="name"]');
    await tabTo(/^Name/);
    await page.keyboard.type('by-keys');
    await tabTo(/^Address/);
    await page.keyboard.type('127.0.0.1:9');
    await tabTo(/^Create$/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("by-keys")');

    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL(/\/resources$/);
    await page.waitForSelector('main input[type="search"]');
    await page.keyboard.press('/');
    await page.keyboard.type('by-keys');
    await page.waitForURL(/q=by-keys/);
    await tabTo(/^by-keys$/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("by-keys")');

    await go('workload trusts');
    await page.waitForURL(/\/service-accounts\/workload-trusts$/);
  });

  it('writes a policy', async () => {
    const { page } = web;
    await web.open('/');
    await go('write a policy');
    await page.waitForSelector('.cm-content');
    await tabTo(/^Name/);
    await page.keyboard.type('keys-only');
    await tabTo(/cm-content/);
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText('forbid (principal, action, resource) when { context.risk > 90 };');
    await page.waitForSelector('text=The text is right.');
    await tabTo(/^Create$/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("keys-only")');
  });

  it('looks after an incident, and turns single keys off', async () => {
    const { page } = web;
    await web.open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.waitForURL(/\/security\/incidents$/);
    await page.waitForSelector('role=row >> text=Policy used');
    // The console finds more that is wrong the longer the test takes, such as a gateway that refuses what was planted.
    await page.keyboard.press('/');
    await page.keyboard.type('policy used');
    await page.waitForURL(/q=policy/);
    await waitFor(async () => (await page.locator('role=row').count()) === 2, { what: 'its head, and what was found' });
    await tabTo(/^Look after it$/);
    await page.keyboard.press('Enter');
    await page.waitForSelector('role=dialog >> textarea[name="note"]');
    // The dialog takes the focus a moment after it is there; whoever tabs before is brought back.
    const isInside = `document.activeElement?.closest('[role="dialog"]') !== null`;
    await waitFor(() => page.evaluate<boolean>(isInside), { what: 'the dialog has the focus' });
    await tabTo(/^Note/);
    await page.keyboard.type(' Seen.');
    assert.match(await page.inputValue('role=dialog >> textarea[name="note"]'), /Seen\./);
    await tabTo(/^Look after it$/);
    await page.keyboard.press('Enter');
    await page.locator('role=dialog').waitFor({ state: 'detached' });
    await page.waitForSelector('role=row >> text=Looked after');
    const incident = await world.api.call('incidents.get', { params: { id: ids.incident! } });
    assert.match(incident.note, /Seen\./);
    assert.notEqual(incident.acknowledgedAt, null);
    await web.open(`/security/incidents/${ids.incident}`);
    await page.waitForSelector('section[aria-label="What to do"] >> text=ask them');
    const accesses = page.getByRole('region', { name: 'The accesses that made it' });
    await accesses.getByRole('listitem').first().waitFor();
    await page.waitForSelector('section[aria-label="What was done to it"] >> text=policy.create');
    await accesses.getByRole('link', { name: 'All of them' }).click();
    await page.waitForURL(new RegExp(`/security\\?.*policy=${ids.policy}`));
    await page.waitForSelector('main [role=row] button');

    await page.keyboard.press('?');
    await page.waitForSelector('role=dialog >> text=Single keys do something');
    await tabTo(/^Single keys/);
    await page.keyboard.press('Space');
    await page.keyboard.press('Escape');
    await page.locator('role=dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('?');
    await page.keyboard.press('Control+k');
    await page.waitForSelector('role=dialog >> role=combobox');
    assert.equal(await page.locator('text=Single keys do something').count(), 0);
    await page.keyboard.press('Escape');
  });
});

/** By the palette, which is where whoever has no mouse begins. */
async function go(where: string): Promise<void> {
  const { page } = web;
  await page.keyboard.press('Control+k');
  await page.waitForSelector('role=dialog >> role=combobox');
  await page.keyboard.type(where);
  await page.waitForSelector('role=option');
  await page.keyboard.press('Enter');
  await page.locator('role=dialog').waitFor({ state: 'detached' });
}

/** What has the focus, also in a shadow root: what it is called, and whether one sees that it has it. */
const FOCUSED = `(() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  if (!at || at === document.body) return null;
  const name = at.getAttribute('aria-label') || at.labels?.[0]?.innerText || at.innerText || at.className || at.tagName;
  let isSeen = false;
  for (let one = at, up = 0; one && up < 5; one = one.parentElement ?? one.getRootNode().host, up++) {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    isSeen ||= (outlineStyle !== 'none' && outlineWidth !== '0px') || /Mui-focus|cm-focused/.test(String(one.className));
  }
  return { name: at.className?.includes?.('cm-content') ? 'cm-content' : name.trim(), isSeen };
})()`;

async function tabTo(wanted: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let steps = 0; steps < 120; steps++) {
    await web.page.keyboard.press('Tab');
    const focused = await web.page.evaluate<{ name: string; isSeen: boolean } | null>(FOCUSED);
    if (focused === null) continue;
    passed.push(focused.name);
    // The editor draws it a moment later.
    const isSeen = async () => (await web.page.evaluate<{ isSeen: boolean } | null>(FOCUSED))?.isSeen === true;
    if (!focused.isSeen) await waitFor(isSeen, { what: `one sees that ${focused.name} has the focus` });
    if (wanted.test(focused.name)) return;
  }
  assert.fail(`${wanted} is not reached; there were ${JSON.stringify(passed)}`);
}

async function look(what: string): Promise<void> {
  const { page } = web;
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.waitForSelector(`html[data-theme="${theme}"]`);
    await web.checkAccessibility(`${what} in ${theme}`, theme === 'light' ? 'all' : 'contrast');
  }
  const text = `${await page.textContent('body')} ${await page.title()}`;
  for (const [, field] of text.matchAll(FIELDS)) seen.add(field!);
  assert.equal(await page.evaluate<number>(MADE_ELEMENTS), 0, `${what}: no element was made of data`);
}

/** Every route of the web console; whatever is new is looked at without being named here, but for what `$id` stands for. */
function allPaths(): string[] {
  const files = globSync('packages/web/src/features/*/routes.ts', { cwd: ROOT });
  const paths = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/path: '([^']+)'/g)].map(([, path]) => path!),
  );
  assert.ok(paths.length > 40, 'they were found');
  const standsFor: Record<string, string | undefined> = {
    resources: ids.resource,
    gateways: ids.gateway,
    sites: ids.site,
    devices: ids.device,
    users: ids.user,
    policies: ids.policy,
    'security/incidents': ids.incident,
    'settings/identity-providers': ids.provider,
  };
  return paths.map((path) => {
    const [noun, rest] = path.split('/$id');
    if (rest === undefined) return path.startsWith('/') ? path : `/${path}`;
    assert.ok(standsFor[noun!], `say in this test which of ${noun} is opened`);
    return `/${noun}/${standsFor[noun!]}${rest}`;
  });
}

/** Something of everything, with markup in all that can have some: by the API where it takes it, else behind its back. */
async function furnish(): Promise<Record<string, string>> {
  const { api } = world;
  const field = (name: string) => {
    planted.push(name);
    return markup(name);
  };
  const service = await startWebService(owner);
  const shop = await world.expose(owner, [service.address, 'http', '--name', 'shop', '--public']);
  await world.visitor().ask(`${shop.url}/first`);
  const targets = [{ address: '127.0.0.1:9' }];
  const resource = await api.call('resources.create', {
    body: { name: 'wiki', targets, access: { mode: 'login', allow: ['group:dev'] } },
  });
  const bob = await world.createUser({ email: 'bob@example.com', groups: ['dev'] });
  await api.call('users.update', { params: { id: bob.id }, body: { name: field('user-name') } }, 1);
  const policy = await api.call('policies.create', {
    body: {
      name: 'break-glass',
      description: field('policy-description'),
      text: `@advice("${markup('advice')}") @alarm("x") permit (principal in Group::"dev", action, resource);`,
    },
  });
  await api.call('roles.create', {
    body: { name: 'helpdesk', description: field('role-description'), permissions: ['users:read'] },
  });
  await api.call('serviceAccounts.create', { body: { name: 'deployer' } });
  await api.call('apiKeys.create', { body: { name: field('api-key'), role: 'member' } });
  await api.call('personalAccessTokens.create', { body: { name: field('token'), resources: [resource.id] } });
  await api.call('approvalRules.set', { params: { id: resource.id }, body: { approvers: ['role:owner'] } });
  await api
    .as(bob.token)
    .call('accessRequests.create', { body: { object: resource.id, reason: field('request-reason') } });
  await api.call('invitations.create', { body: { email: 'new@example.com', role: 'member' } });
  const provider = await api.call('identityProviders.create', {
    body: {
      ...{ name: 'corp', displayName: field('provider'), secret: 'not a secret' },
      settings: { kind: 'oidc', issuer: 'https://login.example.com', clientId: 'zeronaut' },
    },
  });
  const [deployer] = (await api.call('serviceAccounts.list', {})).items;
  await api.call('workloadTrusts.create', {
    body: {
      name: 'builds',
      serviceAccountId: deployer!.id,
      issuer: 'https://ci.example.com',
      subject: 'repo:acme/app',
    },
  });
  await api.call('relyingParties.create', {
    body: { name: field('relying-party'), redirectUris: ['https://wiki.example.com/callback'] },
  });
  await api.call('notifications.create', {
    body: { name: 'pager', settings: { kind: 'webhook', url: 'https://pager.example.com/hook' } },
  });
  await api.call('auditExports.create', { body: { name: 'siem', settings: { kind: 'syslog', host: '127.0.0.1' } } });
  const gateway = (await api.call('gateways.list', {})).items[0]!;
  const device = (await api.call('devices.list', {})).items[0]!;
  const site = await api.call('sites.publish', {
    body: { name: 'rack-1', connection: 'tunnel', deviceId: device.id, destinations: ['db.corp:22'] },
  });
  await waitFor(async () => (await world.accessEvents({})).length > 0, { what: 'an access' });

  // What the schemas of the API would not take: a page must not rest on them.
  await world.console.kill('SIGTERM');
  const db = new DatabaseSync(join(world.home, 'console/zeronaut.db'), { timeout: 10_000 });
  const incident = createId('incident');
  try {
    db.exec('begin immediate');
    const set = (sql: string, ...values: string[]) => void db.prepare(sql).run(...values);
    set('update organizations set name = ?', field('organization'));
    set('update gateways set region = ?', field('gateway-region'));
    set('update devices set name = ?', field('device'));
    set('update sites set name = ? where id = ?', field('site'), site.id);
    set('update resources set segments = ? where id = ?', JSON.stringify([field('segment')]), resource.id);
    set('update users set groups = ? where id = ?', JSON.stringify([field('group')]), bob.id);
    set('update invitations set email = ?', field('invitation'));
    set("update users set name = ? where kind = 'service_account'", field('service-account'));
    set('update sessions set user_agent = ?, address = ?', markup('user-agent'), field('session-address'));
    const { organization_id: organization, body } = db
      .prepare('select organization_id, body from access_events limit 1')
      .get() as { organization_id: string; body: string };
    const event = {
      ...(JSON.parse(body) as object),
      ...{ epoch: 'planted-epoch', seq: 1, at: new Date().toISOString(), effect: 'deny', reason: field('reason') },
      ...{ host: field('host'), path: `/${field('path')}`, method: field('method'), subject: field('subject') },
      explanation: {
        ...{ policies: [policy.id], facts: { country: field('fact') }, advice: field('event-advice') },
        reported: null,
      },
    };
    db.prepare(
      `insert into access_events (organization_id, gateway_id, epoch, seq, at, resource_id, effect, body, reason, subject)
       values (?, ?, 'planted-epoch', 1, ?, null, 'deny', ?, 'x', 'y')`,
    ).run(organization, gateway.id, Date.now() + 1_000, JSON.stringify(event));
    db.prepare(
      `insert into incidents values (?, ?, ?, 'policy_used', 'bad', 'policy', ?, ?, ?, ?, ?, null, null, 1, null, null, ?, null)`,
    ).run(
      ...[incident, organization, `policy_used ${policy.id}`, policy.id, field('incident-object')],
      ...[field('incident-detail'), Date.now(), Date.now(), field('incident-note')],
    );
    const day = Math.floor(Date.now() / 86_400_000);
    db.prepare("insert into activity_parts values (?, ?, ?, 'country', ?, 7, 1, ?)").run(
      ...[organization, bob.id, day, field('country'), Date.now()],
    );
    db.prepare('insert into activity values (?, ?, 60, ?, 7, 1, 10, 10)').run(
      ...[organization, bob.id, Date.now() - (Date.now() % 3_600_000)],
    );
    db.exec('commit');
  } finally {
    db.close();
  }
  await world.console.start();
  return {
    ...{ resource: resource.id, user: bob.id, policy: policy.id, provider: provider.id, incident },
    ...{ gateway: gateway.id, device: device.id, site: site.id },
  };
}
