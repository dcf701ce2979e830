/** The web console's pages about what is decided and recorded, in a real browser: policies, accesses, audit log, sites, devices. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, afterEach, before, describe, it } from 'node:test';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { ensureWeb } from '../scripts/build-web.mjs';
import { openBrowser } from './harness/browser.ts';
import { fileOwner } from './harness/file-owner.ts';
import { openWebConsole, type WebConsole } from './harness/web-console.ts';
import { startWebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type World } from './harness/world.ts';

const MARKUP = '<img src=x onerror=alert(1)>';
const owner = fileOwner();

let world: World;
let exposed: Exposed;
let console_: WebConsole;

before(async () => {
  ensureWeb();
  world = await startWorld(owner);
  const service = await startWebService(owner);
  exposed = await world.expose(owner, [service.address, 'http', '--name', 'shop', '--public']);
  const targets = [{ address: '127.0.0.1:9' }];
  await world.api.call('resources.create', { body: { name: 'wiki', targets } });
  await world.createUser({ email: 'carl@example.com', groups: ['contractors'] });
  const { context } = await openBrowser(owner);
  console_ = await openWebConsole(context, world, world.owner);
  console_.page.setDefaultTimeout(8_000);
  console_.page.on('dialog', (dialog) => {
    console_.complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
});
afterEach((t) => world.showLogsOnFailure(t));
after(() =>
  assert.deepEqual(console_.complaints, [], 'violations of the policy, errors and warnings of the whole run'),
);

const button = (name: string) => console_.page.getByRole('button', { name, exact: true });

describe('a policy', () => {
  it('begins with a template, and is saved with a description that stays text', async () => {
    const { page } = console_;
    await console_.open('/policies/templates');
    await page.getByRole('link', { name: 'office-hours' }).click();
    await page.getByLabel('from').fill('7');
    await page.waitForSelector('code:has-text("context.time.hour >= 7")');
    await button('Go on with this text').click();
    await page.getByLabel('Name').fill('night');
    await page.getByLabel('Description').fill(MARKUP);
    await page.waitForSelector('text=The text is right.');
    await button('Create').click();
    await page.waitForSelector('h1:has-text("night")');
    await console_.open('/policies');
    await page.waitForSelector(`role=row >> text=${MARKUP}`);
    const made = await world.api.call('policies.get', { params: { id: 'night' } });
    assert.equal(made.description, MARKUP);
    assert.match(made.text, /hour >= 7/);
    assert.equal(made.mode, 'report');
  });

  it('is completed and checked while it is written, and its form says the same', async () => {
    const { page } = console_;
    await console_.open('/policies/new');
    const editor = page.locator('.cm-content');
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('forbid (principal, action, resource) when { context.ris');
    await page.waitForSelector('.cm-tooltip-autocomplete >> text=risk');
    // CodeMirror takes nothing in the first 75 ms (interactionDelay): Enter would be a new line.
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await page.keyboard.type(' > 5000 && context.nothing ');
    await page.waitForSelector('text=/Line 1, column \\d+/');
    await page.waitForSelector('.cm-lintRange-error, .cm-lint-marker-error');
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(
      'forbid (principal in Group::"contractors", action, resource) when { context.risk > 20 };',
    );
    await page.waitForSelector('text=The text is right.');
    await page.getByRole('tab', { name: 'Form' }).click();
    await page.waitForSelector('input[value="contractors"]');
    await page.locator('input[type=number][value="20"]').fill('30');
    await page.waitForSelector('code:has-text("context.risk > 30")');
    await page.getByLabel('Name').fill('risky');
    await button('Create').click();
    await page.waitForSelector('h1:has-text("risky")');
    assert.match((await world.api.call('policies.get', { params: { id: 'risky' } })).text, /context\.risk > 30/);
  });

  it('that two people change shows both texts, and goes back to a version', async () => {
    const { page } = console_;
    const before = await world.api.call('policies.get', { params: { id: 'risky' } });
    await console_.open('/policies/risky');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(before.text.replace('30', '40').trim());
    await page.waitForSelector('text=The text is right.');
    const theirs = { text: before.text.replace('30', '50') };
    await world.api.call('policies.update', { params: { id: before.id }, body: theirs }, before.version);
    await button('Save').click();
    await page.waitForSelector('text=Somebody else changed it meanwhile');
    await page.waitForSelector('ins:has-text("context.risk > 40")');
    await button('Save mine over it').click();
    await page.waitForSelector('text=Saved.');
    assert.match((await world.api.call('policies.get', { params: { id: 'risky' } })).text, /risk > 40/);
    await page.getByRole('tab', { name: 'Versions' }).click();
    await page.waitForSelector('text=Version 3 by');
    await button('Roll back to it').last().click();
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back to it' }).click();
    await page.waitForSelector('text=Version 4 by');
    assert.match((await world.api.call('policies.get', { params: { id: 'risky' } })).text, /risk > 30/);
  });

  it('that only reports says who would lose, once it is saved as well', async () => {
    const { page } = console_;
    await world.visitor().ask(`${exposed.url}/reported`);
    await waitFor(async () => (await world.accessEvents({ resourceId: exposed.id })).length > 0, { what: 'an access' });
    const text = `forbid (principal, action, resource == Resource::"${exposed.id}");`;
    await world.api.call('policies.create', { body: { name: 'perhaps', text, mode: 'report' } });
    await console_.open('/policies/perhaps?view=replay');
    await button('Replay').click();
    await page.waitForSelector('text=judged as if it were enforced');
    const loses = page.getByRole('region', { name: 'Would be refused and was let in' });
    await loses.locator('li >> text=shop').waitFor();
    await console_.checkAccessibility('who would lose by what only reports');
    const { id } = await world.api.call('policies.get', { params: { id: 'perhaps' } });
    await world.api.call('policies.delete', { params: { id } });
  });

  it('says who gains before it is switched off or deleted', async () => {
    const { page } = console_;
    await world.visitor().ask(`${exposed.url}/before`);
    await waitFor(async () => (await world.accessEvents({ resourceId: exposed.id })).length > 0, { what: 'an access' });
    const text = `forbid (principal, action, resource == Resource::"${exposed.id}");`;
    await world.api.call('policies.create', { body: { name: 'shut', text, mode: 'enforce' } });
    await console_.open('/policies/shut');
    const gains = page.getByRole('dialog').getByRole('region', { name: 'Would be let in and was not' });
    await page.getByLabel('Mode', { exact: true }).click();
    await page.getByRole('option', { name: 'Off' }).click();
    await button('Save').click();
    await gains.locator('li >> text=shop').waitFor();
    await button('Cancel').click();
    assert.equal((await world.api.call('policies.get', { params: { id: 'shut' } })).mode, 'enforce', 'only asked');
    await button('Discard changes').click();
    await button('Delete').click();
    await gains.locator('li >> text=shop').waitFor();
    await console_.checkAccessibility('who gains by a deletion');
    await page.getByRole('dialog').getByRole('textbox').fill('shut');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(/\/policies$/);
    await button('Undo').click();
    await waitFor(async () => (await world.api.call('policies.get', { params: { id: 'shut' } })).mode === 'enforce', {
      what: 'it is back',
    });
    const { id } = await world.api.call('policies.get', { params: { id: 'shut' } });
    await world.api.call('policies.delete', { params: { id } });
  });

  it('answers what would happen, and why', async () => {
    const { page } = console_;
    await console_.open('/policies/simulator');
    await page.getByLabel('User', { exact: true }).fill('carl@example.com');
    await page.getByLabel('Resource or site').fill('wiki');
    await page.getByLabel('Risk', { exact: true }).fill('80');
    await page.getByText('Empty: 192.0.2.1, which is nobody').waitFor();
    await button('Ask').click();
    const answer = page.getByRole('region', { name: 'Answer' });
    await answer.waitFor();
    assert.match((await answer.textContent())!, /risky.*Report only.*holds.*risk80/);
    assert.match((await answer.textContent())!, /From 192\.0\.2\.1, as no source address was given\./);
    assert.match((await answer.textContent())!, /No country by the console's own file of \w+ 20\d\d/);
  });
});

describe('what nobody used', () => {
  it('of a rule is shown as a difference, taken over, and given back', async () => {
    const { page } = console_;
    const service = await startWebService(owner);
    const access = { allow: ['group:contractors', 'group:nobody'], addresses: ['198.51.100.0/24'] };
    const body = { name: 'handbook', access, targets: [{ address: service.address }] };
    const { id } = await world.api.call('resources.create', { body });
    const erna = await world.createUser({ email: 'erna@example.com', groups: ['contractors'] });
    const visitor = world.visitor();
    const url = `https://handbook.${world.baseDomain}:${world.httpsPort}/hello`;
    await waitFor(async () => (await visitor.ask(url)).status === 401, { what: 'the resource is there' });
    assert.equal((await visitor.signIn(url, erna)).status, 200);
    await waitFor(
      async () => (await world.accessEvents({ resourceId: id })).some(({ reason }) => reason === 'access.session'),
      { what: 'the event of the access' },
    );
    await console_.open('/policies/unused');
    await button('Look').click();
    await page.getByText(/^\d+ access(es)? since [^.]*\d{4}[^.]* w(as|ere) looked at\./).waitFor();
    const rule = page.getByRole('region', { name: 'handbook' });
    await rule.locator('pre >> text=allow: group:nobody').waitFor();
    await rule.locator('pre >> text=address: 198.51.100.0/24').waitFor();
    await console_.checkAccessibility('unused permissions');
    const doors = async () => {
      const { allow, addresses } = (await world.api.call('resources.get', { params: { id } })).access;
      return [...allow, ...addresses];
    };
    await rule.getByRole('button', { name: 'Take it over' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it over' }).click();
    await page.waitForSelector('text=handbook has the narrower rule.');
    assert.deepEqual(await doors(), ['group:contractors']);
    await rule.waitFor({ state: 'hidden' });
    await button('Undo').click();
    await waitFor(async () => (await doors()).length === 3, { what: 'the rule is as it was' });

    // On the command line the same, and not over what somebody changed meanwhile.
    const told = await world.zeronaut(['policy', 'unused']);
    assert.match(told.stdout, /handbook\n- allow group:nobody\n- address 198\.51\.100\.0\/24\n/, told.stderr);
    const taken = await world.zeronaut(['policy', 'unused', '--apply', 'handbook']);
    assert.equal(taken.stdout, 'handbook has the narrower rule (allow, addresses).\n', taken.stderr);
    assert.deepEqual(await doors(), ['group:contractors']);
    const none = await world.zeronaut(['policy', 'unused', '--apply', 'handbook']);
    assert.match(none.stderr, /there is no narrower rule for handbook/);
  });
});

describe('accesses', () => {
  it('come live, with what visitors wrote as text, and say why', async () => {
    const { page } = console_;
    await console_.open('/security');
    await page.waitForSelector('text=Live >> visible=true');
    await world.visitor().ask(`${exposed.url}/%3Cscript%3Ealert(2)%3C/script%3E`);
    const row = page.getByRole('row').filter({ hasText: 'alert(2)' });
    await row.getByRole('button').click();
    await page.waitForSelector('role=dialog >> text=The resource is public');
    await page.waitForSelector('role=dialog >> text=access.public');
    await button('Close').click();
    await button('Pause').click();
    await world.visitor().ask(`${exposed.url}/while-paused`);
    await button('Show 1 new access').click();
    await page.getByRole('row').filter({ hasText: '/while-paused' }).waitFor();
  });

  it('are narrowed by time, gateway, policy and person in the URL, and one of them is sent on as a link', async () => {
    const { page } = console_;
    const [event] = await world.accessEvents({ resourceId: exposed.id });
    const row = page.getByRole('row').filter({ hasText: '/while-paused' });
    await console_.open('/security?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z');
    await page.waitForSelector('text=No access matches');
    await button('More filters').click();
    await page.getByLabel('Until', { exact: true }).fill('');
    await row.waitFor();
    await page.getByRole('group').getByLabel('Gateway', { exact: true }).click();
    await page.getByRole('option').last().click();
    await page.waitForURL(new RegExp(`gateway=${event!.gatewayId}`));
    await row.waitFor();
    await page.getByLabel('Who', { exact: true }).fill('nobody-such');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=No access matches');
    await button('Clear search and filters').click();
    await row.waitFor();
    await row.getByRole('button').click();
    await page.waitForURL(/event=req_/);
    const link = page.url();
    // Beyond what the list shows of itself.
    await console_.open(`/security?effect=deny&event=${new URL(link).searchParams.get('event')}`);
    await page.waitForSelector('role=dialog >> text=/while-paused/');
    await button('Close').click();
    assert.doesNotMatch(page.url(), /event=/);
    await console_.open('/security?event=req_01m8mn3j9nasb9hgdt9fv0s8zz');
    await page.waitForSelector('text=The access that this link leads to is no longer kept');
  });

  it('are what the numbers of the overview, its charts and a resource lead to', async () => {
    const { page } = console_;
    await console_.open('/');
    await page.click('role=link[name="1 from agents"]');
    await page.waitForURL(/\/resources\?origin=service/);
    await page.getByRole('row').getByRole('link', { name: 'shop' }).click();
    const chart = page.getByRole('region', { name: 'Traffic' });
    const all = chart.getByRole('link', { name: /^All: \d+$/ });
    const counted = Number((await all.getAttribute('aria-label'))!.slice('All: '.length));
    await all.click();
    await page.waitForURL(/\/security\?.*from=.*to=/);
    await waitFor(async () => (await page.locator('main [role=row] button').count()) === counted, {
      what: `${counted} accesses`,
    });
    await console_.open(`/resources/${exposed.id}`);
    const leads = page.getByRole('region', { name: 'Where to look on' });
    await leads.getByRole('link', { name: 'Test a route to it' }).click();
    await page.waitForSelector('h1:has-text("Test a route")');
    assert.match(await page.getByLabel('Address').inputValue(), /^https:\/\/shop\./);
    await console_.open(`/resources/${exposed.id}`);
    await leads.getByRole('link', { name: 'What was done to it, in the audit log' }).click();
    await page.waitForSelector('role=row >> text=service.create');
  });
});

describe('the audit log', () => {
  it('shows what an entry changed, as text, and proves it', async () => {
    const { page } = console_;
    await console_.open('/audit?action=policy.create');
    await page.getByRole('row').getByRole('button').last().click();
    await page.waitForSelector(`role=dialog >> text=${MARKUP}`);
    await button('Check it now').click();
    await page.waitForSelector('text=/Proved: it is one of the \\d+ entries/');
    await page.waitForSelector('text=/Signatures checked: ed25519/');
  });

  it('knows a sign-in whose program calls itself markup', async () => {
    const { email, password } = world.owner;
    const headers = { 'content-type': 'application/json', 'user-agent': MARKUP };
    const body = JSON.stringify({ email, password });
    const answer = await fetch(`${world.consoleUrl}/api/v1/sessions`, { method: 'POST', headers, body });
    assert.equal(answer.status, 201);
    const { user } = (await answer.json()) as { user: { id: string } };
    await console_.open(`/users/${user.id}`);
    await console_.page.waitForSelector('section[aria-label="Sessions"] li');
    assert.equal(await console_.page.locator('img[src="x"]').count(), 0);
  });

  it('is verified in the browser, and a file in which a byte was changed is not taken for it', async () => {
    const { page } = console_;
    await console_.open('/audit/verify');
    await button('Verify the log now').click();
    await page.waitForSelector('text=The log is whole.');
    const download = page.waitForEvent('download');
    await button('Export').click();
    const file = join(world.home, 'audit.jsonl');
    await (await download).saveAs(file);
    const verified = await world.zeronaut(['audit', 'verify', file, '--json']);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    await page.locator('input[type=file]').setInputFiles(file);
    await page.waitForSelector('text=/It continues the log that this browser saw/');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"policy.create"', '"policy.delete"'));
    await page.locator('input[type=file]').setInputFiles(file);
    await page.waitForSelector('text=The log is not whole.');
    await page.waitForSelector('text=edited');
  });
});

describe('who reaches what', () => {
  it('is asked of a group, and saved whole', async () => {
    const { page } = console_;
    await console_.open('/policies/reach');
    await page.getByRole('row').getByRole('link', { name: 'carl@example.com' }).first().waitFor();
    await page.getByLabel('Group').fill('contractors');
    await button('Show').click();
    await page.waitForURL(/[?&]group=contractors/);
    await waitFor(
      async () => (await page.getByRole('row').getByRole('link', { name: world.owner.email }).count()) === 0,
      {
        what: 'only who is in the group',
      },
    );
    await page.getByRole('row').getByRole('link', { name: 'carl@example.com' }).first().waitFor();
    await page.getByLabel('Segment').fill('nowhere');
    await button('Show').click();
    await page.waitForSelector('text=Nobody reaches anything so');

    // Pages are small here, so that what is saved is more than what was fetched for the table.
    await page.route(/\/policies\/reach\?.*limit=/, (route) => {
      const url = new URL(route.request().url());
      url.searchParams.set('limit', '1');
      return route.continue({ url: url.href });
    });
    await console_.open('/policies/reach');
    const file = join(world.home, 'reach.csv');
    const download = page.waitForEvent('download');
    await button('Save as CSV').click();
    await (await download).saveAs(file);
    await page.unroute(/\/policies\/reach\?.*limit=/);
    const lines = readFileSync(file, 'utf8').trim().split('\r\n');
    const all = await world.zeronaut(['policy', 'reach', '--json']);
    const answers = (
      JSON.parse(all.stdout) as { email: string; object: string; actions: { effect: string }[] }[]
    ).flatMap(({ email, object, actions }) =>
      actions.filter(({ effect }) => effect !== 'deny').map(() => `${email},${object}`),
    );
    assert.deepEqual(
      lines
        .slice(1)
        .map((line) => line.split(',').slice(0, 2).join(','))
        .sort(),
      answers.sort(),
    );
  });
});

describe('a permit that is too wide', () => {
  it('is found by what nobody used, and the tighter one is put in its place', async (t) => {
    const { page } = console_;
    const { api } = world;
    const { address } = await startWebService(t);
    await api.call('resources.apply', {
      body: {
        resources: ['rota', 'books'].map((name) => ({
          name,
          targets: [{ address }],
          access: { mode: 'policy' as const },
        })),
      },
    });
    const dora = await world.createUser({ email: 'dora@example.com', groups: ['night-shift'] });
    const wide = await api.call('policies.create', {
      body: {
        ...{ name: 'night-shift', description: '', mode: 'enforce' },
        text: 'permit (principal in Group::"night-shift", action, resource);',
      },
    });
    const rota = `https://rota.${world.baseDomain}:${world.httpsPort}/`;
    const visitor = world.visitor();
    await waitFor(async () => (await visitor.open(rota)).body.includes('name="email"'), { what: 'it asks who comes' });
    await visitor.signIn(rota, dora);
    await waitFor(async () => (await visitor.ask(rota)).status === 200, {
      what: 'the permit lets in',
      timeoutMs: 20_000,
    });
    await waitFor(
      async () => {
        const { items } = await api.call('accessEvents.list', { query: { policyId: wide.id } });
        return items.some(({ effect }) => effect === 'pass');
      },
      { what: 'its access is told', timeoutMs: 20_000 },
    );
    await console_.open('/policies/unused');
    await button('Look').click();
    const section = page.getByRole('region', { name: 'night-shift' });
    await section.getByText('A tighter permit in its place').waitFor();
    await section.getByRole('button', { name: 'Open it as a change' }).click();
    await page.waitForURL(new RegExp(`/policies/${wide.id}`));
    await button('Save').click();
    await page.getByText('Version 2', { exact: false }).first().waitFor();
    const after = await api.call('policies.get', { params: { id: wide.id } });
    assert.notEqual(after.text, wide.text);
    assert.match(after.text, /rota|res_/, 'it names what was used');
    assert.equal(after.mode, 'enforce');
    await api.call('policies.delete', { params: { id: wide.id } });
  });
});

describe('what was refused', () => {
  it('is counted by reason, resource and policy, each of which leads to its accesses', async () => {
    const { page } = console_;
    const { api } = world;
    const forbid = await api.call('policies.create', {
      body: {
        ...{ name: 'no-shopping', description: '', mode: 'enforce' },
        text: `forbid (principal, action, resource == Resource::"${exposed.id}");`,
      },
    });
    await waitFor(async () => (await world.visitor().ask(`${exposed.url}/refused`)).status === 403, {
      what: 'the policy refuses',
    });
    await waitFor(
      async () =>
        (await api.call('policies.hits', { query: { range: '24h' } })).items.some(({ forbade }) => forbade > 0),
      { what: 'its refusals are counted', timeoutMs: 20_000 },
    );
    await console_.open('/security/refusals');
    const byPolicy = page.getByRole('region', { name: /^By policy/ });
    await byPolicy
      .getByRole('listitem')
      .filter({ hasText: 'no-shopping' })
      .getByRole('link', { name: /request/ })
      .click();
    await page.waitForURL(new RegExp(`/security\\?.*${forbid.id}`));
    await page.getByRole('row').getByRole('button').first().waitFor();
    await page.waitForSelector('role=row >> text=/refused');
    await console_.open('/security/refusals');
    const byResource = page.getByRole('region', { name: /^By resource/ });
    await byResource.getByRole('link', { name: 'shop' }).click();
    await page.waitForURL(/\/security\?.*effect=deny/);
    await page.waitForSelector('role=row >> text=/refused');
    await console_.open('/security/refusals?range=1h');
    await page.getByRole('region', { name: 'By reason' }).getByRole('link').first().click();
    await page.waitForURL(/\/security\?.*reason=/);
    await page.getByRole('row').getByRole('button').first().waitFor();
    await api.call('policies.delete', { params: { id: forbid.id } });
  });
});

describe('a discovered service', () => {
  it('is published at one click, and answers', async (t) => {
    const { page } = console_;
    // What listens is guessed by its port; whichever of those is free here.
    const found = await startWebService(t, await freeGuessed());
    const port = Number(found.address.split(':').at(-1));
    const file = join(temporaryDirectory(t), 'agent.yaml');
    writeFileSync(file, 'version: 1\ndiscover: publish\n');
    await world.agent(t, file);
    const [device] = (await world.api.call('devices.list', {})).items;
    await console_.open(`/devices/${device!.id}`);
    const row = page
      .getByRole('region', { name: 'Discovered services' })
      .getByRole('listitem')
      .filter({ hasText: `: ${port}` });
    await row.getByRole('link', { name: 'Publish' }).click({ timeout: 20_000 });
    await page.waitForURL(/\/resources\/new\?/);
    const name = await page.inputValue('input[name="name"]');
    assert.match(name, new RegExp(`-${port}$`));
    await button('Create').click();
    await page.waitForSelector(`h1:has-text("${name}")`);
    const made = await world.api.call('resources.get', { params: { id: name } });
    assert.deepEqual([made.protocol, made.access.mode], ['http', 'login'], 'not public by itself');
    const url = `https://${name}.${world.baseDomain}:${world.httpsPort}/`;
    const visitor = world.visitor();
    await waitFor(async () => (await visitor.open(url)).body.includes('name="email"'), {
      what: 'it asks who comes',
      timeoutMs: 25_000,
    });
    await visitor.signIn(url, world.owner);
    await waitFor(async () => (await visitor.ask(url)).status === 200, { what: 'it is served', timeoutMs: 25_000 });
    assert.ok(found.requests.length > 0);
    await world.api.call('resources.delete', { params: { id: made.id } });
  });
});

describe('a gateway', () => {
  it('is drained once it was said what would happen, and takes visitors again', async () => {
    const { page } = console_;
    const [gateway] = (await world.api.call('gateways.list', {})).items;
    await console_.open(`/gateways/${gateway!.id}`);
    await button('Drain').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('No other gateway is connected', { exact: false }).waitFor();
    await dialog.getByText('Gateways that take over').waitFor();
    await dialog.getByRole('button', { name: 'Drain' }).click();
    await page.waitForSelector('main header >> text=Draining');
    const state = async () => (await world.api.call('gateways.get', { params: { id: gateway!.id } })).draining;
    assert.notEqual(await state(), null);
    await button('Resume').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await waitFor(async () => (await state()) === null, { what: 'it is drained no more' });
    await page.locator('main header >> text=Draining').waitFor({ state: 'detached' });
    await waitFor(async () => (await world.visitor().ask(`${exposed.url}/again`)).status === 200, {
      what: 'visitors are let in again',
      timeoutMs: 20_000,
    });
  });
});

describe('sites and devices', () => {
  it('are added, found and revoked', async () => {
    const { page } = console_;
    await console_.open('/sites?add=1');
    await page.getByLabel('Name').fill('office');
    await page.getByLabel('Destinations, one to a line').fill('db.corp:5432\n10.1.0.0/16:*');
    await button('Add').click();
    await page.getByRole('row').getByRole('link', { name: 'office' }).click();
    await page.waitForSelector('text=npx zeronaut forward db.corp:5432 localhost:5432');
    const [device] = (await world.api.call('devices.list', {})).items;
    await console_.open('/devices?kind=agent');
    await page.getByRole('row').getByRole('link', { name: device!.name }).click();
    await page.waitForSelector('section >> text=shop');
    await button('Revoke').click();
    await page.getByLabel(`Type ${device!.name} to confirm`).fill(device!.name);
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.waitForSelector('text=Revoked');
    assert.notEqual((await world.api.call('devices.list', {})).items[0]!.revokedAt, null);
  });
});

describe('a policy of administer in report mode', () => {
  it('shows what it would have refused, counted, and leads to the entries', async () => {
    const { page } = console_;
    const text = `@id("nobody-administers")
forbid (principal, action == Action::"administer", resource) when { context.risk >= 0 };`;
    const made = await world.api.call('policies.create', {
      body: { name: 'nobody-administers', text, mode: 'report' },
    });
    await world.api.call('users.list', {});
    await console_.open('/policies/reported');
    const section = page.getByRole('region', { name: 'Calls of administration' });
    await section.getByRole('link', { name: 'nobody-administers' }).waitFor();
    assert.match(await section.innerText(), /users:read/);
    await console_.checkAccessibility('calls of administration');
    await section.getByRole('link', { name: /^\d+ would be refused$/ }).click();
    await page.waitForURL(new RegExp(`/audit\\?.*object=${made.id}`));
    await page.waitForSelector('role=row >> text=policy.would_refuse');
    await world.api.call('policies.delete', { params: { id: made.id } });
  });
});

describe('what must stay true', () => {
  it('is written down where it holds, told when it is broken, changed and taken out', async () => {
    const { page } = console_;
    const { api } = world;
    await world.createUser({ email: 'gina@example.com', groups: ['finance'] });
    const ledger = await api.call('resources.create', {
      body: { name: 'ledger', targets: [{ address: '127.0.0.1:9' }] },
    });
    const dialog = page.getByRole('dialog');
    async function expect(answer: string): Promise<void> {
      await dialog.getByLabel('Expected answer').click();
      await page.getByRole('option', { name: answer, exact: true }).click();
      await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    }
    await console_.open('/policies/assertions');
    await page.getByText('No assertion yet').waitFor();
    await button('Add an assertion').click();
    await dialog.getByLabel('What it makes sure of').fill('finance keeps its books');
    await dialog.getByLabel('User', { exact: true }).fill('gina@example.com');
    await dialog.getByLabel('Resource or site').fill('ledger');
    await expect('Refused');
    // It does not hold now: it would warn of nothing.
    await dialog.getByText('policy.assertion_failed').waitFor();
    await expect('Let in');
    await dialog.waitFor({ state: 'detached' });
    const row = page.getByRole('listitem').filter({ hasText: 'finance keeps its books' });
    await row.getByText('Holds').waitFor();
    assert.match(await row.innerText(), /gina@example\.com · Read · ledger/);
    await console_.checkAccessibility('an assertion that holds');

    const { id, version, name, targets } = ledger;
    const body = { name, targets: [{ address: targets[0]!.address }], access: { allow: ['group:board'] } };
    await api.call('resources.update', { params: { id }, body }, version);
    await console_.open('/policies/assertions');
    await row.getByText('Broken').waitFor();
    await page.getByText('It is: Refused.').waitFor();

    await button('Edit: finance keeps its books').click();
    await dialog.getByLabel('What it makes sure of').fill('the board alone');
    await expect('Refused');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('listitem').filter({ hasText: 'the board alone' }).getByText('Holds').waitFor();

    await button('Remove: the board alone').click();
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByText('No assertion yet').waitFor();
    assert.deepEqual((await api.call('policyAssertions.get', {})).assertions, []);
  });

  it('is changed in its place of the list as it is now, never in that of another, and nothing typed is lost', async () => {
    const { page } = console_;
    const { api } = world;
    const question = { user: 'gina@example.com', action: 'read' as const, object: 'ledger', expect: 'deny' as const };
    const put = async (...names: string[]) => {
      const { version } = await api.call('policyAssertions.get', {});
      const assertions = names.map((name) => ({ ...question, name }));
      await api.call('policyAssertions.update', { body: { assertions } }, version);
    };
    const names = async () => (await api.call('policyAssertions.get', {})).assertions.map(({ name }) => name);
    const dialog = page.getByRole('dialog');
    const shown = (name: string) => page.getByRole('listitem', { includeHidden: true }).filter({ hasText: name });
    await put('one', 'two');
    await console_.open('/policies/assertions');
    await button('Edit: one').click();
    await dialog.getByLabel('What it makes sure of').fill('changed');
    await put('zero', 'one', 'two');
    await shown('zero').waitFor();
    await button('Save').click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await names(), ['zero', 'changed', 'two'], 'what somebody else put before it stays');
    await button('Edit: changed').click();
    await dialog.getByLabel('What it makes sure of').fill('second');
    await put('two');
    await shown('changed').waitFor({ state: 'detached' });
    await button('Save').click();
    await dialog.getByText('Somebody else changed or removed this assertion meanwhile.').waitFor();
    assert.deepEqual(await names(), ['two']);
    await button('Save').click();
    await dialog.waitFor({ state: 'detached' });
    assert.deepEqual(await names(), ['two', 'second']);
    await put();
  });
});

describe('who reaches what', () => {
  it('is asked for one person and one thing, says by what, and is taken along', async () => {
    const { page } = console_;
    const ask = async (user: string, object: string) => {
      await page.getByLabel('E-mail of a user').fill(user);
      await page.getByLabel('Resource or site').fill(object);
      await button('Show').click();
    };
    await world.api.call('resources.create', {
      body: { name: 'plans', targets: [{ address: '127.0.0.1:9' }], access: { allow: ['group:finance'] } },
    });
    await console_.open('/policies/reach');
    await ask('gina@example.com', 'plans');
    await page.waitForURL(/user=gina/);
    const rows = page.getByRole('row').filter({ hasText: 'gina@example.com' });
    await rows.filter({ hasText: 'Let in' }).first().waitFor();
    assert.equal(await page.getByRole('row').filter({ hasText: 'carl@example.com' }).count(), 0);
    const download = page.waitForEvent('download');
    await button('Save as CSV').click();
    const file = readFileSync(await (await download).path(), 'utf8');
    assert.match(file, /gina@example\.com,.*plans/);

    await ask('carl@example.com', 'plans');
    const refused = page.getByRole('row').filter({ hasText: 'carl@example.com' }).filter({ hasText: 'Refused' });
    await refused.first().waitFor();
    await refused.first().getByRole('link', { name: 'plans' }).click();
    await page.waitForSelector('h1:has-text("plans")');
  });
});

describe('behaviour', () => {
  it('shows who does much more today than usual, and leads to them', async () => {
    const { page } = console_;
    const erin = await world.createUser({ email: 'erin@example.com' });
    const frank = await world.createUser({ email: 'frank@example.com' });
    const { id: organizationId } = await world.api.call('organizations.getCurrent', {});
    // A fortnight, as the console would have counted it.
    await world.console.kill('SIGTERM');
    const db = new DatabaseSync(join(world.home, 'console/zeronaut.db'), { timeout: 10_000 });
    try {
      const dayMs = 86_400_000;
      const todayMs = Date.now() - (Date.now() % dayMs);
      const insert = db.prepare('insert into activity values (?, ?, 1440, ?, ?, 0, 0, 0)');
      for (let day = 0; day < 10; day++) {
        insert.run(organizationId, erin.id, todayMs - day * dayMs, day === 0 ? 400 : 20);
        insert.run(organizationId, frank.id, todayMs - day * dayMs, 50);
      }
    } finally {
      db.close();
    }
    await world.console.start();
    await console_.open('/security/behaviour');
    const row = page.getByRole('row').filter({ hasText: 'erin@example.com' });
    await row.waitFor();
    assert.match((await row.innerText()).replace(/\s+/g, ' '), /400 20 20/);
    assert.equal(await page.getByRole('row').filter({ hasText: 'frank@example.com' }).count(), 0, 'as ever');
    await page.getByRole('searchbox').fill('erin');
    await page.waitForURL(/q=erin/);
    await row.waitFor();
    await console_.checkAccessibility('who differs from their usual');
    await row.getByRole('link', { name: 'erin@example.com' }).click();
    await page.waitForURL(new RegExp(`/users/${erin.id}`));
    await page.waitForSelector('h1:has-text("erin@example.com")');
  });
});

/** A port at which a web server is expected, and none is. */
async function freeGuessed(): Promise<number> {
  for (const port of [4_200, 5_173, 8_008, 8_081, 8_888, 4_000, 3_001, 9_000]) {
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
  assert.fail('all ports of web servers are taken here');
}
