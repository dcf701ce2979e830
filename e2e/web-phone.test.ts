/** The web console on a phone of 360 pixels: no dialog runs off its side, whatever long words are in it. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { ensureWeb } from '../scripts/build-web.mjs';
import { openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
const WIDTH = 360;
/** As long as the API takes them. */
const LONG_LABEL = 'l'.repeat(50);
const LONG_URL = `https://wiki.example.com/${'path/'.repeat(30)}callback`;
const LONG_EMAIL = `${'somebody-of-a-long-name'.repeat(2)}@mail.example.com`;

let world: World;
let web: WebConsole;
let ids: Record<'wiki' | 'bob' | 'gateway' | 'site' | 'provider', string>;

before(async () => {
  ensureWeb();
  world = await startWorld(owner);
  ids = await furnish();
  const { context } = await openBrowser(owner);
  web = await openWebConsole(context, world, world.owner);
  web.page.setDefaultTimeout(5_000);
  await web.page.setViewportSize({ width: WIDTH, height: 740 });
  await web.page.emulateMedia({ reducedMotion: 'reduce' });
});
afterEach((t) => world.showLogsOnFailure(t));
after(() => assert.deepEqual(web.complaints, [], 'violations of the policy, errors and warnings of the whole run'));

async function furnish(): Promise<typeof ids> {
  const { api } = world;
  const targets = [{ address: '127.0.0.1:9' }];
  const wiki = await api.call('resources.create', { body: { name: 'wiki', targets } });
  await api.call('segments.set', { params: { id: wiki.id }, body: { segments: [LONG_LABEL, 'prod'] } });
  const bob = await world.createUser({ email: 'bob@example.com', groups: [LONG_LABEL] });
  await api.call('roles.create', {
    body: {
      name: LONG_LABEL,
      description: '',
      permissions: ['identity_providers:read', 'service_accounts:read', 'users:read'],
    },
  });
  await api.call('serviceAccounts.create', { body: { name: LONG_LABEL } });
  await api.call('approvalRules.set', { params: { id: wiki.id }, body: { approvers: [LONG_EMAIL, 'role:owner'] } });
  await api.as(bob.token).call('accessRequests.create', { body: { object: wiki.id, reason: LONG_URL } });
  const provider = await api.call('identityProviders.create', {
    body: {
      ...{ name: 'corp', displayName: 'Corp', secret: 'not a secret' },
      settings: { kind: 'oidc', issuer: 'https://login.example.com', clientId: 'zeronaut' },
    },
  });
  await api.call('relyingParties.create', { body: { name: 'docs', redirectUris: [LONG_URL], groups: [LONG_LABEL] } });
  await api.call('notifications.create', {
    body: { name: 'pager', settings: { kind: 'webhook', url: LONG_URL } },
  });
  await api.call('auditExports.create', { body: { name: 'siem', settings: { kind: 'syslog', host: '127.0.0.1' } } });
  const { version } = await api.call('policyAssertions.get', {});
  const question = { user: null, action: 'read' as const, object: 'wiki' };
  const assertion = { ...question, name: 'wiki stays shut', expect: 'challenge' as const };
  await api.call('policyAssertions.update', { body: { assertions: [assertion] } }, version);
  const site = await api.call('sites.publish', {
    body: { name: 'rack', connection: 'local', destinations: ['db.corp:22'] },
  });
  const gateway = (await api.call('gateways.list', {})).items[0]!;
  return { wiki: wiki.id, bob: bob.id, gateway: gateway.id, site: site.id, provider: provider.id };
}

/** What of the dialog is beyond the window, in words. */
const BEYOND = `(() => {
  const paper = [...document.querySelectorAll('[role=dialog]')].at(-1);
  return [paper, ...paper.querySelectorAll('button, input, textarea, [role=combobox], .MuiChip-root, h2')]
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([, { left, right, width }]) => width > 1 && (right > innerWidth || left < 0))
    .map(([element, { left, right }]) =>
      element.tagName + ' ' + (element.name || element.textContent).slice(0, 40) + ': ' + left + ' to ' + right);
})()`;

/** Labels that end in dots. */
const CUT = `[...document.querySelectorAll('.MuiInputLabel-root')]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
  .map(({ textContent }) => textContent)`;

async function looksWhole(what: string): Promise<void> {
  const dialog = web.page.locator('role=dialog').last();
  await dialog.locator('button').last().waitFor();
  assert.deepEqual(await web.page.evaluate<string[]>(BEYOND), [], what);
  assert.deepEqual(await web.page.evaluate<string[]>(CUT), [], `${what}: labels`);
}

/** Closes it as somebody who changed their mind. */
async function close(): Promise<void> {
  const { page } = web;
  await page.keyboard.press('Escape');
  await page.locator('role=dialog').waitFor({ state: 'detached' });
}

/** The button that makes one more. */
const CREATE = 'c';
/** One load of a page each: the button that makes one more, and those of its first row or its heading. */
const PAGES: readonly (readonly [path: string, ...buttons: string[]])[] = [
  ['/gateways', CREATE],
  ['/sites', CREATE],
  ['/policies/assertions', CREATE, 'Edit: wiki stays shut'],
  ['/users', 'Create a user'],
  ['/users/invitations', CREATE],
  ['/users/groups', CREATE, 'Edit'],
  ['/users/roles', 'Make a role', 'Edit'],
  ['/users/$bob', 'Edit', 'Set'],
  ['/resources/$wiki', 'Change'],
  ['/gateways/$gateway', 'Set its place', 'Change'],
  ['/sites/$site', 'Set its place', 'Change'],
  ['/service-accounts', CREATE],
  ['/service-accounts/api-keys', CREATE],
  ['/service-accounts/workload-trusts', CREATE],
  ['/my-access/personal-access-tokens', CREATE],
  ['/access-requests', CREATE, 'Decide'],
  ['/access-requests/approval-rules', CREATE, 'Edit'],
  ['/devices', CREATE],
  ['/settings/identity-providers', CREATE],
  ['/settings/identity-providers/$provider', 'Edit'],
  ['/settings/relying-parties', CREATE, 'Edit'],
  ['/settings/notifications', CREATE, 'Edit'],
  ['/settings/audit-exports', CREATE, 'Edit'],
];

describe('on a phone', () => {
  it('the simulator has labels that are whole, and the table of roles shows that it goes on', async () => {
    const { page } = web;
    await web.open('/policies/simulator');
    await page.getByLabel('Country').waitFor();
    assert.deepEqual(await page.evaluate<string[]>(CUT), []);
    await page.getByLabel('About administering').check();
    await page.getByLabel('Permission of the call').waitFor();
    assert.deepEqual(await page.evaluate<string[]>(CUT), []);

    await web.open('/users/roles');
    const table = page.getByRole('region', { name: 'Permissions by role' });
    await table.waitFor();
    const fades = () =>
      page.evaluate<boolean>(
        `getComputedStyle(document.querySelector('[aria-label="Permissions by role"]')).maskImage !== 'none'`,
      );
    await waitFor(fades, { what: 'roles are out of sight' });
    await page.evaluate(`document.querySelector('[aria-label="Permissions by role"]').scrollLeft = 10_000`);
    await waitFor(async () => !(await fades()), { what: 'the last role is there' });
  });

  it('a dot stays round, an access shows all of its path, and the views of a policy show that they go on', async () => {
    const { page } = web;
    await web.open('/policies/new?view=text');
    const last = page.getByRole('tab').last();
    await last.waitFor();
    const isSeen = async () => {
      const box = (await last.boundingBox())!;
      const row = (await page.locator('.MuiTabs-scroller').boundingBox())!;
      return box.x >= row.x - 1 && box.x + box.width <= row.x + row.width + 1;
    };
    assert.equal(await isSeen(), false, 'there are more than fit');
    const more = page.locator('.MuiTabScrollButton-root').last();
    await waitFor(
      async () => {
        await more.click({ timeout: 1_000 }).catch(() => undefined);
        return await isSeen();
      },
      { what: 'the last view' },
    );

    const path = `/a/path/${'of-many-words/'.repeat(8)}end`;
    const [gateway] = (await world.api.call('gateways.list', {})).items;
    await world.visitor().ask(`https://wiki.${gateway!.baseDomain}:${gateway!.httpsPort}${path}`);
    await web.open('/security');
    const what = page.getByRole('row').getByRole('button', { name: path });
    await what.waitFor();
    const cut = `[...document.querySelectorAll('[role=cell] button')].filter((one) => one.scrollWidth > one.clientWidth + 1).length`;
    assert.equal(await page.evaluate(cut), 0);
    assert.ok((await what.boundingBox())!.width > WIDTH * 0.75, 'it has the line for itself');

    const dots = `(() => {
      const host = document.querySelector('main [data-meaning]');
      host.style.cssText += ';width:40px;white-space:normal';
      return getComputedStyle(host, '::before').width;
    })()`;
    assert.equal(await page.evaluate(dots), '8px');
  });

  for (const [path, ...buttons] of PAGES) {
    it(`every dialog of ${path} is within the window`, async () => {
      const { page } = web;
      await web.open(path.replace(/\$(\w+)/, (_, name: keyof typeof ids) => ids[name]));
      for (const name of buttons) {
        const button =
          name === CREATE
            ? page.locator('main [data-create]')
            : page.locator('main').getByRole('button', { name, exact: true });
        await button.first().click();
        await looksWhole(`${path}: ${name}`);
        await close();
      }
    });
  }
});
