/** The commands by which operators look after things, as scripts use them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { freePort, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { fileOwner } from './harness/file-owner.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;
let service: WebService;

before(async () => {
  world = await startWorld(owner);
  service = await startWebService(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

async function run(...args: string[]): Promise<string> {
  const result = await world.zeronaut(args);
  assert.equal(result.code, 0, `${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

async function json(...args: string[]) {
  return JSON.parse(await run(...args, '--json'));
}

async function ends(code: number, ...args: string[]): Promise<string> {
  const result = await world.zeronaut(args);
  assert.equal(result.code, code, `${args.join(' ')}\n${result.stdout}${result.stderr}`);
  return result.stdout + result.stderr;
}

describe('how pages look, and who is told of alarms', () => {
  it('is shown and changed, a part at a time', async () => {
    await run('branding', 'set', '--name', 'Acme', '--colour', '#2451D6');
    const { version: _, ...branding } = await json('branding', 'set', '--text', 'Call 4711.');
    assert.deepEqual(branding, { name: 'Acme', colour: '#2451d6', text: 'Call 4711.' });
    assert.match(await ends(2, 'branding', 'set', '--colour', 'blue'), /--colour: six hexadecimal digits/);
    await ends(2, 'branding', 'set');
    assert.equal((await json('branding', 'set', '--default')).colour, null);
    assert.equal((await json('branding')).name, 'Zeronaut');
    assert.equal((await json('organizations', 'change', '--name', 'Acme Ltd')).name, 'Acme Ltd');
    const bounded = await json('organizations', 'change', '--snapshot-max-age', '12h');
    assert.deepEqual([bounded.name, bounded.snapshotMaxAgeSeconds], ['Acme Ltd', 43_200]);
    assert.match(await ends(2, 'organizations', 'change', '--snapshot-max-age', 'soon'), /--snapshot-max-age/);
    await ends(2, 'organizations', 'change');
    assert.equal((await json('organizations', 'change', '--snapshot-max-age', 'never')).snapshotMaxAgeSeconds, null);
  });

  it('is added, changed, tried and removed, and no secret is shown', async () => {
    const key = 'a key of more than sixteen characters';
    const inside = ['notifications', 'add', 'pager', '--webhook', 'http://127.0.0.1:9/alarms'];
    assert.match((await world.zeronaut(inside)).stderr, /outbound\.address_denied/, 'refused when it is added');
    const url = 'https://hooks.invalid/alarms';
    const add = ['notifications', 'add', 'pager', '--webhook', url, '--secret', '--kind', 'no_gateway,policy_used'];
    const added = await world.zeronaut([...add, '--json'], { stdin: `${key}\n` });
    assert.equal(added.code, 0, added.stderr);
    assert.deepEqual(JSON.parse(added.stdout).kinds, ['no_gateway', 'policy_used']);
    assert.ok(!(added.stdout + (await run('notifications', 'list', '--json'))).includes(key));
    const changed = await json('notifications', 'change', 'pager', '--rename', 'on-call', '--kind', 'no_gateway');
    assert.deepEqual(
      [changed.name, changed.kinds, changed.settings, changed.hasSecret],
      ['on-call', ['no_gateway'], { kind: 'webhook', url }, true],
    );
    assert.equal(
      (await json('notifications', 'change', 'on-call', '--rename', 'pager', '--no-secret')).hasSecret,
      false,
    );
    await ends(2, 'notifications', 'change', 'pager');
    await ends(5, 'notifications', 'change', 'nobody', '--rename', 'x');
    const tested = await world.zeronaut(['notifications', 'test', 'pager']);
    assert.equal(tested.code, 1, tested.stderr);
    assert.match(tested.stderr, /pager did not take a test message/);
    await ends(2, 'notifications', 'add', 'nowhere');
    assert.match(
      await ends(2, 'notifications', 'add', 'x', '--webhook', url, '--kind', 'nosuch'),
      /--kind \(entry 1\)/,
    );
    await run('notifications', 'remove', 'pager');
    await ends(5, 'notifications', 'test', 'pager');
  });
});

describe('what is published', () => {
  it('is shown, tried, healthy, and removed after a look', async () => {
    const file = join(temporaryDirectory('resources'), 'resources.yaml');
    const down = await freePort();
    const check = 'healthCheck: { path: /health, intervalMs: 100, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 1 }';
    writeFileSync(
      file,
      `resources:
  - { name: shop, domains: [shop.localhost], access: { mode: public }, targets: [{ address: "${service.address}" }] }
  - { name: broken, domains: [broken.localhost], targets: [{ address: "127.0.0.1:${down}", ${check} }] }
`,
    );
    await run('resources', 'apply', '-f', file);
    assert.match(await run('resources', 'show', 'shop'), /shop\.localhost[\s\S]*PUBLIC/);
    const tested = await json('resources', 'test', 'https://shop.localhost/');
    assert.deepEqual([tested.resource.name, tested.answer.effect], ['shop', 'pass']);
    assert.match(await ends(4, 'resources', 'test', 'https://broken.localhost/'), /access\.session_missing/);
    await ends(5, 'resources', 'test', 'https://nothing.localhost/');
    await waitFor(async () => (await world.zeronaut(['resources', 'health', 'broken'])).code === 1, {
      what: 'a target that is down is told',
    });
    assert.match(await run('resources', 'health', 'shop'), /shop +(up|unknown)/);
    await run('resources', 'dns', 'shop').catch(() => ends(1, 'resources', 'dns', 'shop'));

    await ends(2, 'resources', 'remove', 'shop');
    assert.match(await run('resources', 'remove', 'shop', '--dry-run'), /shop would be removed.*\nIt would end:\n {2}/);
    assert.match(await run('resources', 'remove', 'shop', '--yes'), /shop is removed, and shop\.localhost with it/);
    await ends(5, 'resources', 'show', 'shop');
    await run('resources', 'remove', 'broken', '--yes');
  });

  it('says where a raw port is opened', async (t) => {
    const exposed = await world.expose(t, [service.address, 'tcp', '--name', 'raw']);
    const { portals } = await exposed.cli.event<{ portals: string[] }>('ready');
    assert.deepEqual(portals, [world.portalUrl.replace(/\/$/, '')]);
    assert.ok((await run('services', 'show', 'raw')).includes(`portal  ${portals[0]}`));
  });

  it('tells its accesses, with filters, and goes on with what comes', async (t) => {
    const { url } = await world.expose(t, [service.address, 'http', '--name', 'watched', '--share', '1h']);
    const follower = world.start(t, ['events', 'list', '--resource', 'watched', '--follow']);
    const visitor = world.visitor();
    assert.notEqual((await visitor.ask(`${url}/secret`)).status, 200);
    const event = await follower.event<{ reason: string; path: string }>('access');
    assert.equal(event.path, '/secret');
    const found = await json('events', 'list', '--resource', 'watched', '--reason', event.reason, '--since', '1h');
    assert.equal(found[0].reason, event.reason);
    assert.deepEqual(await json('events', 'list', '--resource', 'watched', '--effect', 'pass'), []);
    await ends(5, 'events', 'list', '--resource', 'nosuch');
    assert.match(await run('traffic', 'show', '--resource', 'watched'), /REQUESTS/);
    assert.match(await run('traffic', 'reasons'), /access\.\w+/);

    const [share] = await json('shares', 'list', 'watched');
    await ends(2, 'resources', 'remove', 'watched', '--yes');
    await run('shares', 'revoke', share.id);
    assert.match(await run('shares', 'list', 'watched'), /revoked/);
    await ends(5, 'shares', 'revoke', 'shr_01m8mn3j9nasb9hgdt9fv0s8zz');
  });
});

describe('people', () => {
  it('see what is theirs, and are signed out by operators', async () => {
    const ann = await world.createUser({ email: 'ann@example.com', role: 'operator' });
    const mine = await world.zeronautAs(ann, ['me', 'sessions', '--json']);
    const [session] = JSON.parse(mine.stdout);
    assert.equal(session.userId, ann.id);
    assert.match(await run('users', 'show', 'ann@example.com'), /Role +operator/);
    assert.deepEqual(
      (await json('sessions', 'list', '--user', 'ann@example.com')).map(({ id }: { id: string }) => id),
      [session.id],
    );
    const refused = await world.zeronautAs(ann, ['sessions', 'list', '--json']);
    assert.equal(refused.code, 4, refused.stderr);
    await run('sessions', 'end', session.id);
    assert.equal((await world.zeronautAs(ann, ['me', 'reach'])).code, 3, 'signed out');
    await ends(5, 'users', 'show', 'nobody@example.com');
    assert.match(await run('me', 'factors'), /No second factor/);
  });

  it('are invited once, until another invitation is to replace it', async () => {
    const { invitation } = await json('users', 'invite', 'guest@example.com');
    const refused = await ends(6, 'users', 'invite', 'guest@example.com', '--role', 'admin');
    assert.ok(refused.includes(invitation.id), refused);
    assert.equal((await json('users', 'invite', 'guest@example.com', '--replace')).invitation.role, 'member');
  });

  it('whose device waits are told so, and not that the network is bad', async (t) => {
    const bob = await world.createUser({ email: 'bob@example.com', role: 'operator' });
    await run('devices', 'policy', '--approval', 'by_person');
    t.after(() => run('devices', 'policy', '--approval', 'automatic'));
    const reported = await world.zeronautAs(bob, ['devices', 'report']);
    assert.match(reported.stdout, /waits for approval[\s\S]*zeronaut devices approve dev_/);
    const status = await world.zeronautAs(bob, ['status']);
    assert.equal(status.code, 4, status.stdout + status.stderr);
    assert.match(status.stderr, /waits for approval/);
    const id = /dev_\w+/.exec(reported.stdout)![0];
    assert.match(await run('devices', 'list'), new RegExp(`${id} .*bob@example\\.com +waits for approval`));
    await run('devices', 'approve', id);
    assert.equal((await json('devices', 'show', id)).userId, bob.id);
    await waitFor(async () => (await world.zeronautAs(bob, ['status'])).code === 0, { what: 'it is let in' });
    await run('devices', 'revoke', id);
    const revoked = await world.zeronautAs(bob, ['status']);
    assert.equal(revoked.code, 4, revoked.stderr);
    assert.match(revoked.stderr, /was revoked/);
    assert.equal((await world.zeronautAs(bob, ['devices', 'report'])).code, 4);
  });
});

describe('the whole', () => {
  it('is told with what is wrong, and who looks after it', async () => {
    const overview = await json('overview');
    assert.equal(overview.counts.gatewaysConnected, 1);
    assert.ok(Array.isArray(await json('incidents', 'list', '--all')));
    await ends(5, 'incidents', 'show', 'inc_01m8mn3j9nasb9hgdt9fv0s8zz');
    await ends(5, 'incidents', 'acknowledge', 'inc_01m8mn3j9nasb9hgdt9fv0s8zz');
    assert.ok(Array.isArray(await json('activity')));
    await run('policy', 'hits');
    await run('policy', 'risk', world.owner.email, '40', '--reason', 'a try');
    assert.match(await run('policy', 'risks'), /40 +a try/);
    await run('policy', 'risk', world.owner.email, '0');
    assert.equal((await json('audit', 'check')).valid, true);
    const [gateway] = await json('gateways', 'list');
    assert.equal((await json('gateways', 'show', gateway.name)).connected, true);
    await ends(2, 'gateways', 'remove', gateway.name);
    assert.match(await run('gateways', 'remove', gateway.name, '--dry-run'), /would be revoked/);
    const logs = await world.zeronaut(['gateways', 'logs', gateway.name]);
    assert.notEqual(logs.stdout + logs.stderr, '', 'never nothing at all');
    await ends(5, 'gateway', 'place', 'nosuch', '--nowhere');
    await ends(5, 'sites', 'show', 'nosuch');
  });
});
