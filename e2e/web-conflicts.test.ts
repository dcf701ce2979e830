/** Two tabs that change the same thing in the web console: nobody's values are lost without a word. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import type { Page } from 'playwright-core';
import { ensureWeb } from '../scripts/build-web.mjs';
import { openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();

let world: World;
let web: WebConsole;
/** Of the same person, in the same browser. */
let other: Page;
let wiki: string;

before(async () => {
  ensureWeb();
  world = await startWorld(owner);
  const body = { name: 'wiki', targets: [{ address: '127.0.0.1:9' }] };
  wiki = (await world.api.call('resources.create', { body })).id;
  const { context } = await openBrowser(owner);
  web = await openWebConsole(context, world, world.owner);
  other = await context.newPage();
  for (const page of tabs()) page.setDefaultTimeout(10_000);
});
afterEach((t) => world.showLogsOnFailure(t));
after(() => assert.deepEqual(web.complaints, [], 'violations of the policy, errors and warnings of the whole run'));

const tabs = () => [web.page, other] as const;
async function openBoth(path: string): Promise<void> {
  await web.open(path);
  await other.goto(web.page.url());
  await other.waitForSelector('main h1');
}
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const MERGED = 'text=Somebody else changed this';

describe('branding in two tabs', () => {
  it('keeps what both wrote, and says so first', async () => {
    const [mine, theirs] = tabs();
    await openBoth('/settings/branding');
    await mine.fill('input[name=name]', 'Acme');
    await theirs.fill('textarea[name=text]', 'Ask Ada.');
    await save(theirs);
    await theirs.waitForSelector('text=Saved');
    await save(mine);
    await mine.waitForSelector(MERGED);
    assert.equal(await mine.inputValue('textarea[name=text]'), 'Ask Ada.', 'what the other wrote is taken over');
    assert.equal(await mine.inputValue('input[name=name]'), 'Acme', 'what was written here stays');
    await save(mine);
    await mine.waitForSelector('text=Saved');
    const { version: _, ...now } = await world.api.call('branding.get', {});
    assert.deepEqual(now, { name: 'Acme', colour: null, text: 'Ask Ada.' });
  });

  it('follows what somebody else writes while nothing is changed here', async () => {
    const [mine, theirs] = tabs();
    await openBoth('/settings/branding');
    await theirs.fill('input[name=name]', 'Apex');
    await save(theirs);
    const follows = async () => (await mine.inputValue('input[name=name]')) === 'Apex';
    await waitFor(follows, { what: 'the other tab shows it' });
    await mine.fill('textarea[name=text]', 'Ask Bob.');
    await save(mine);
    await mine.waitForSelector('text=Saved');
    assert.equal(await mine.locator(MERGED).count(), 0, 'it knew of the name already');
    assert.equal((await world.api.call('branding.get', {})).name, 'Apex');
  });

  it('is not taken back over what somebody else wrote since', async () => {
    const [mine] = tabs();
    await web.open('/settings/branding');
    await mine.fill('input[name=name]', 'Mine');
    await save(mine);
    await mine.waitForSelector('text=Saved');
    await world.api.call('branding.set', { body: { name: 'Theirs', colour: null, text: '' } });
    await mine.click('role=button[name="Undo"]');
    await mine.waitForSelector('role=status >> text=api.precondition_failed');
    assert.equal((await world.api.call('branding.get', {})).name, 'Theirs');
  });
});

describe('the organization in two tabs', () => {
  it('follows, and is merged where both changed it', async () => {
    const [mine, theirs] = tabs();
    await openBoth('/settings');
    await theirs.fill('input[name=name]', 'Theirs');
    await save(theirs);
    const follows = async () => (await mine.inputValue('input[name=name]')) === 'Theirs';
    await waitFor(follows, { what: 'the other tab shows it' });
    await mine.fill('input[name=name]', 'Mine');
    await world.api.call('organizations.update', { body: { timeZone: 'Europe/Zurich' } });
    await save(mine);
    await mine.waitForSelector(MERGED);
    await save(mine);
    await mine.waitForSelector('text=Saved');
    const { name, timeZone } = await world.api.call('organizations.getCurrent', {});
    assert.deepEqual([name, timeZone], ['Mine', 'Europe/Zurich']);
  });
});

describe('an approval rule', () => {
  const list = async () => (await world.api.call('approvalRules.list', {})).items;

  it('is made, found, changed, removed and had again', async () => {
    const { page } = web;
    const dialog = page.locator('role=dialog');
    await web.open('/access-requests/approval-rules');
    await page.waitForSelector('text=No rule yet');
    await page.click('role=button[name="Add a rule"]');
    await save(page);
    await dialog.getByText('This is needed.').first().waitFor();
    await dialog.getByLabel('What').click();
    await page.click('role=option[name="wiki"]');
    await dialog.getByLabel('Approvers').fill('role:owner,ada@example.com,');
    await dialog.getByLabel('Approvals', { exact: true }).fill('2');
    await save(page);
    await dialog.waitFor({ state: 'detached' });
    const [made] = await list();
    assert.deepEqual(
      [made?.objectId, made?.approvers, made?.needed, made?.maxMinutes],
      [wiki, ['role:owner', 'ada@example.com'], 2, 480],
    );
    await page.waitForSelector('role=row >> text=wiki');

    await page.click('role=row >> role=button[name="Edit"]');
    await dialog.getByLabel('At most').click();
    await page.click('role=option[name="1 day"]');
    await save(page);
    await page.waitForSelector('text=The rule of wiki is saved');
    assert.equal((await list())[0]?.maxMinutes, 1_440);
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('text=It is as it was.');
    assert.equal((await list())[0]?.maxMinutes, 480);

    await page.click('role=row >> role=button[name="Remove"]');
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.waitForSelector('text=No rule yet');
    assert.deepEqual(await list(), []);
    await page.click('role=button[name="Undo"]');
    await page.waitForSelector('role=row >> text=wiki');
    assert.equal((await list())[0]?.needed, 2);
  });

  it('in two tabs keeps what both wrote', async () => {
    const [mine, theirs] = tabs();
    await openBoth('/access-requests/approval-rules');
    for (const page of tabs()) await page.click('role=row >> role=button[name="Edit"]');
    await theirs.getByLabel('Approvals', { exact: true }).fill('1');
    await save(theirs);
    await theirs.locator('role=dialog').waitFor({ state: 'detached' });
    // Nothing is changed here, and what the other wrote stays all the same.
    await save(mine);
    await mine.waitForSelector(MERGED);
    assert.equal(await mine.getByLabel('Approvals', { exact: true }).inputValue(), '1');
    assert.equal((await list())[0]?.needed, 1);
    await mine.locator('role=dialog').getByLabel('At most').click();
    await mine.click('role=option[name="1 day"]');
    await save(mine);
    await mine.locator('role=dialog').waitFor({ state: 'detached' });
    const [now] = await list();
    assert.deepEqual([now?.needed, now?.maxMinutes], [1, 1_440]);
  });

  it('that somebody made meanwhile is not written over by a new one', async () => {
    const { page } = web;
    await web.open('/access-requests/approval-rules');
    await page.click('role=button[name="Add a rule"]');
    const dialog = page.locator('role=dialog');
    await dialog.getByLabel('What').click();
    await page.click('role=option[name="wiki"]');
    await dialog.getByLabel('Approvers').fill('role:admin,');
    await save(page);
    await dialog.getByText('api.precondition_failed').waitFor();
    assert.deepEqual((await list())[0]?.approvers, ['role:owner', 'ada@example.com']);
  });
});

describe('segments, places and risks', () => {
  it('are merged, too', async () => {
    const { page } = web;
    const dialog = page.locator('role=dialog');
    await web.open(`/resources/${wiki}`);
    await page.click('role=button[name="Change"]');
    await dialog.getByLabel('Segments').fill('office');
    await page.keyboard.press('Enter');
    await dialog.locator('.MuiChip-root >> text=office').waitFor();
    await world.api.call('segments.set', { params: { id: wiki }, body: { segments: ['plant'] } });
    await save(page);
    await page.waitForSelector(MERGED);
    await page.waitForSelector('text=/plant/');
    await save(page);
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual((await world.api.call('resources.get', { params: { id: wiki } })).segments, ['office']);

    const gateway = (await world.api.call('gateways.list', {})).items[0]!;
    await web.open(`/gateways/${gateway.id}`);
    await page.click('role=button[name="Set its place"]');
    await page.fill('input[name=name]', 'Bern');
    await page.fill('input[name=latitude]', '46.95');
    await page.fill('input[name=longitude]', '7.45');
    const place = { name: 'Basel', latitude: 47.56, longitude: 7.59 };
    await world.api.call('gateways.setPlace', { params: { id: gateway.id }, body: { place } });
    await save(page);
    await page.waitForSelector(MERGED);
    assert.equal((await world.api.call('gateways.get', { params: { id: gateway.id } })).place?.name, 'Basel');
    await save(page);
    await dialog.waitFor({ state: 'detached' });
    assert.equal((await world.api.call('gateways.get', { params: { id: gateway.id } })).place?.name, 'Bern');
  });
});
