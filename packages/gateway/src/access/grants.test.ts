import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type AddressGrant, createId } from '@zeronaut/model';
import { writeFileAtomically } from '../snapshot/atomic-file.ts';
import { AccessWorld, createResource, createUser } from './access-world.suite.ts';
import type { AddressGrants } from './grants.ts';
import { createRawAccess } from './raw-access.ts';
import { UntoldGrants } from './untold-grants.ts';

const ssh = createResource('ssh', { protocol: 'tcp', hosts: [], port: 20_022 });
const dns = createResource('dns', { protocol: 'udp', hosts: [], port: 20_053 });
const ADDRESS = '203.0.113.5';

function grant(world: AccessWorld, parts: Partial<Parameters<AddressGrants['create']>[0]> = {}) {
  return world.grants.create({
    resource: ssh,
    user: world.ann,
    sessionId: createId('session'),
    sessionExpiresAtSeconds: world.seconds() + 30 * 86_400,
    address: ADDRESS,
    hours: 8,
    ...parts,
  });
}
function made(result: ReturnType<typeof grant>): AddressGrant {
  assert.ok(typeof result !== 'string', String(result));
  return result;
}
const who = (world: AccessWorld, resource = ssh, address = ADDRESS) =>
  world.grants.usersAt(resource, address, world.tables.get()).map((user) => user.id);

describe('address grants', () => {
  test('count for one resource and one address, until their time is over', async () => {
    const world = await AccessWorld.create([ssh, dns]);
    made(grant(world));
    assert.deepEqual(who(world), [world.ann.id]);
    assert.deepEqual(who(world, dns), []);
    assert.deepEqual(who(world, ssh, '203.0.113.6'), []);
    world.clock.advance(8 * 3_600_000 - 1);
    assert.deepEqual(who(world), [world.ann.id]);
    world.clock.advance(1);
    assert.deepEqual(who(world), []);
  });

  test('last a day at most, and no longer than the session', async () => {
    const world = await AccessWorld.create([ssh]);
    const day = made(grant(world, { hours: 1_000 }));
    assert.equal(Date.parse(day.expiresAt) - world.clock.now(), 24 * 3_600_000);
    const short = made(grant(world, { sessionExpiresAtSeconds: world.seconds() + 60 }));
    assert.equal(Date.parse(short.expiresAt) - world.clock.now(), 60_000);
  });

  test('survive a restart, with everything that they rest on checked anew', async () => {
    const world = await AccessWorld.create([ssh]);
    made(grant(world));
    await world.grants.flush();
    const path = join(world.directory, 'grants.json');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    await world.start();
    assert.deepEqual(who(world), [world.ann.id]);
    world.change({ users: [world.bob] });
    assert.deepEqual(who(world), []);
    world.change({ users: [world.ann] });
    assert.deepEqual(who(world), [world.ann.id], 'looked up each time, not remembered');
    await world.grants.stop();
  });

  test('a damaged file opens nothing, is said in the log, and is replaced by the next grant', async () => {
    const world = await AccessWorld.create([ssh]);
    const one = made(grant(world));
    await world.grants.flush();
    const path = join(world.directory, 'grants.json');
    const whole = readFileSync(path, 'utf8');
    const damaged = [
      '',
      'null',
      '[]',
      '{}',
      whole.slice(0, -1),
      whole.replace('"format":1', '"format":2'),
      whole.replace(one.id, 'grt_../../x'),
      whole.replace(ADDRESS, 'anything'),
      whole.replace('"userId"', '"user"'),
      whole.replace('{"id"', '{"admin":true,"id"'),
      '\0'.repeat(100),
    ];
    for (const [index, text] of damaged.entries()) {
      writeFileSync(path, text);
      await world.start();
      assert.deepEqual(who(world), [], `case ${index}`);
      assert.equal(world.warnings.length, index + 1, `case ${index}`);
    }
    made(grant(world));
    await world.grants.flush();
    await world.start();
    assert.deepEqual(who(world), [world.ann.id]);
    await rm(path);
    await mkdir(path);
    await world.start();
    assert.deepEqual(who(world), [], 'a directory in its place');
    made(grant(world));
    await world.grants.flush();
    assert.deepEqual(who(world), [world.ann.id], 'counts although it cannot be saved');
    assert.match(world.warnings.at(-1)!, /could not be saved/);
  });

  test('an expired grant in the file is not loaded', async () => {
    const world = await AccessWorld.create([ssh]);
    made(grant(world, { hours: 1 }));
    await world.grants.flush();
    world.clock.advance(3_600_000);
    await world.start();
    world.clock.set(world.clock.now() - 1_800_000);
    assert.deepEqual(who(world), [], 'not even when the clock goes back');
  });

  test('end with what they rest on, and say so once', async () => {
    const cases: readonly [string, (world: AccessWorld, grant: AddressGrant) => void][] = [
      ['their user', (world) => world.change({ users: [world.bob] })],
      ['their resource', (world) => world.change({ resources: [] })],
      [
        'their session, at the console',
        (world, { sessionId, expiresAt }) => world.change({ revokedSessions: [{ id: sessionId, expiresAt }] }),
      ],
      ['the console, which ended it', (world, { id }) => world.change({ endedAddressGrants: [id] })],
      ['their session, here', (world, { sessionId }) => world.grants.endSession(sessionId)],
      ['a revocation', (world, { id, userId }) => assert.equal(world.grants.revoke(id, userId), true)],
    ];
    for (const [name, end] of cases) {
      const world = await AccessWorld.create([ssh]);
      const one = made(grant(world));
      const told: string[] = [];
      world.grants.onRevoked(({ id }, why) => told.push(`${id} ${why}`));
      end(world, one);
      assert.deepEqual(who(world), [], name);
      world.grants.prune(world.tables.get());
      world.grants.prune(world.tables.get());
      assert.deepEqual(told, [`${one.id} ${name === 'a revocation' ? 'revoked' : 'gone'}`], name);
      assert.deepEqual(world.grants.ofUser(world.ann.id), []);
      await world.grants.flush();
      assert.doesNotMatch(readFileSync(join(world.directory, 'grants.json'), 'utf8'), new RegExp(one.id), name);
    }
  });

  test('tell when their time is over', async () => {
    const world = await AccessWorld.create([ssh]);
    const ended = new Promise<string>((resolve) => world.grants.onRevoked((_, why) => resolve(why)));
    made(grant(world, { sessionExpiresAtSeconds: world.seconds() }));
    // The timer alone would not keep this process waiting.
    const keepAlive = setInterval(() => undefined, 1_000);
    assert.equal(await ended, 'expired');
    clearInterval(keepAlive);
  });

  test('asked for again they are replaced; several people may share an address', async () => {
    const world = await AccessWorld.create([ssh]);
    const told: string[] = [];
    world.grants.onRevoked(({ id }) => told.push(id));
    const first = made(grant(world, { hours: 1 }));
    const again = made(grant(world, { hours: 8 }));
    made(grant(world, { user: world.bob }));
    assert.deepEqual(told, [], 'replaced is not revoked');
    assert.deepEqual(world.grants.ofUser(world.ann.id), [again]);
    assert.deepEqual(who(world).sort(), [world.ann.id, world.bob.id].sort());
    assert.equal(world.grants.revoke(first.id, world.ann.id), false);
    assert.equal(world.grants.revoke(again.id, world.bob.id), false, 'not his');
    world.grants.revoke(again.id, world.ann.id);
    assert.deepEqual(who(world), [world.bob.id]);
  });

  test('are bounded per user and in all', async () => {
    const world = await AccessWorld.create([ssh]);
    for (let i = 0; i < 100; i++) made(grant(world, { address: `198.51.100.${i}` }));
    assert.equal(grant(world), 'access.too_many_grants');
    made(grant(world, { address: '198.51.100.7' }));
    for (let i = 100; i < 10_000; i++) {
      const user = createUser(`u${Math.floor(i / 100)}`);
      made(
        grant(world, {
          user: { ...user, id: `usr_${Math.floor(i / 100)}` },
          address: `10.0.${Math.floor(i / 100)}.${i % 100}`,
        }),
      );
    }
    assert.equal(grant(world, { user: world.bob }), 'access.too_many_grants');
    await world.grants.flush();
  });
});

describe('raw access', () => {
  const open = createResource('open', { ...ssh, id: createId('resource'), access: { ...ssh.access, mode: 'public' } });
  const listed = createResource('listed', {
    ...dns,
    id: createId('resource'),
    access: { ...ssh.access, addresses: ['198.51.100.0/24'] },
  });
  const narrow = createResource('narrow', {
    ...ssh,
    id: createId('resource'),
    access: { ...ssh.access, allow: ['group:ops'] },
  });
  const byPolicy = createResource('by-policy', {
    ...ssh,
    id: createId('resource'),
    access: { ...ssh.access, mode: 'policy' },
  });

  async function decideAt() {
    const world = await AccessWorld.create([ssh, open, listed, narrow, byPolicy]);
    const access = createRawAccess(world.grants, world.clock.now);
    const decide = (resource: typeof ssh | null, address = ADDRESS) => {
      const { verdict, subject } = access.decide(world.flow(resource, { address }, 'tcp'));
      return [`${verdict.effect} ${verdict.reason}`, subject];
    };
    return { world, decide };
  }

  test('starts at deny', async () => {
    const { decide } = await decideAt();
    assert.deepEqual(decide(ssh), ['deny access.address_unknown', { kind: 'anonymous' }]);
    assert.deepEqual(decide(null), ['deny access.no_rule', { kind: 'anonymous' }]);
  });

  test('public, listed and authorised addresses pass under their own names', async () => {
    const { world, decide } = await decideAt();
    assert.deepEqual(decide(open), ['pass access.public', { kind: 'anonymous' }]);
    assert.deepEqual(decide(listed, '198.51.100.9'), ['pass access.address', { kind: 'address', userId: null }]);
    assert.deepEqual(decide(listed, '198.51.101.9'), ['deny access.address_unknown', { kind: 'anonymous' }]);
    made(grant(world));
    assert.deepEqual(decide(ssh), ['pass access.address_authorised', { kind: 'address', userId: world.ann.id }]);
  });

  test('a grant counts only while its user may use the port; any user behind the address is enough', async () => {
    const { world, decide } = await decideAt();
    made(grant(world, { resource: narrow }));
    assert.equal(decide(narrow)[0], 'deny access.address_unknown', 'ann is not in ops');
    made(grant(world, { resource: narrow, user: world.bob }));
    assert.deepEqual(decide(narrow), ['pass access.address_authorised', { kind: 'address', userId: world.bob.id }]);
    world.change({ users: [world.ann, { ...world.bob, groups: [] }] });
    assert.equal(decide(narrow)[0], 'deny access.address_unknown');
  });

  test('whom policies or an approved request let in passes where they authorised the address, and a forbid closes it', async () => {
    const { world, decide } = await decideAt();
    const policy = (effect: 'permit' | 'forbid', mode: 'enforce' | 'report' = 'enforce') => ({
      ...{ id: `pol_${effect}`, name: effect, mode },
      json: {
        ...{ effect, action: { op: 'All' }, resource: { op: '==', entity: { type: 'Resource', id: byPolicy.id } } },
        principal: { op: '==', entity: { type: 'User', id: world.ann.id } },
        conditions: [],
      },
    });
    const passes = { kind: 'address', userId: world.ann.id };
    assert.equal(decide(byPolicy)[0], 'deny access.address_unknown');
    world.change({ policies: [policy('permit')] });
    assert.equal(decide(byPolicy)[0], 'deny access.address_unknown', 'nobody authorised the address');
    made(grant(world, { resource: byPolicy, user: world.bob }));
    assert.equal(decide(byPolicy)[0], 'deny access.address_unknown', 'the policy is for ann');
    made(grant(world, { resource: byPolicy }));
    assert.deepEqual(decide(byPolicy), ['pass access.policy', passes]);
    world.change({ policies: [policy('permit', 'report')] });
    assert.equal(decide(byPolicy)[0], 'deny access.address_unknown');
    const expiresAt = new Date(world.clock.now() + 60_000).toISOString();
    world.change({ policies: [], accessGrants: [{ userId: world.ann.id, objectId: byPolicy.id, expiresAt }] });
    assert.deepEqual(decide(byPolicy), ['pass access.granted', passes]);
    world.change({ policies: [policy('permit'), policy('forbid')] });
    assert.equal(decide(byPolicy)[0], 'deny access.policy_forbids');
    const granted = { '.': { left: { Var: 'context' }, attr: 'granted' } };
    const forbid = policy('forbid');
    const unless = { ...forbid, json: { ...forbid.json, conditions: [{ kind: 'unless', body: granted }] } };
    world.change({ policies: [policy('permit'), unless] });
    assert.deepEqual(decide(byPolicy), ['pass access.granted', passes]);
    world.change({ accessGrants: [] });
    assert.equal(decide(byPolicy)[0], 'deny access.approval_required');
    world.change({ policies: [], accessGrants: [] });
    assert.equal(decide(byPolicy)[0], 'deny access.address_unknown');
  });

  test('a grant of another organization’s user opens nothing', async () => {
    const { world, decide } = await decideAt();
    made(grant(world, { user: world.eve }));
    assert.equal(decide(ssh)[0], 'deny access.address_unknown');
  });
});

describe('what the console is told of address grants', () => {
  async function told(): Promise<AccessWorld> {
    const world = await AccessWorld.create([ssh, dns]);
    world.untold = await load(world);
    await world.start();
    return world;
  }
  const load = (world: AccessWorld) =>
    UntoldGrants.load({ path: join(world.directory, 'ended-grants.json'), write: writeFileAtomically, log: world.log });
  const untold = (world: AccessWorld) =>
    world.grants.source.untold(1_000).map(({ id, ended }) => `${id} ${ended?.why ?? 'counts'}`);

  test('each that is made or ends, once, and all that count when a link is new', async () => {
    const world = await told();
    let changes = 0;
    world.grants.source.onChange(() => changes++);
    const one = made(grant(world));
    const other = made(grant(world, { resource: dns }));
    assert.deepEqual(untold(world), [`${one.id} counts`, `${other.id} counts`]);
    world.grants.source.told(world.grants.source.untold(1_000));
    assert.deepEqual(untold(world), []);
    const longer = made(grant(world, { hours: 24 }));
    assert.deepEqual(untold(world), [`${one.id} extended`, `${longer.id} counts`]);
    const onItsWay = world.grants.source.untold(1_000);
    world.grants.revoke(longer.id, world.ann.id);
    world.grants.source.told(onItsWay);
    assert.deepEqual(untold(world), [`${longer.id} revoked`], 'what ended while it was told of is told once more');
    world.grants.source.told(world.grants.source.untold(1_000));
    world.grants.source.tellAnew();
    assert.deepEqual(untold(world), [`${other.id} counts`]);
    assert.deepEqual(world.grants.source.openIds(), [other.id]);
    world.grants.source.end([other.id, 'grt_unknown']);
    assert.deepEqual(who(world, dns), []);
    assert.equal(changes, 5);
  });

  test('ends outlive a restart, and are as many as are bounded', async () => {
    const world = await told();
    const first = made(grant(world));
    for (let index = 0; index < 1_001; index++) made(grant(world));
    await world.grants.flush();
    world.untold = await load(world);
    await world.start();
    const ends = untold(world).filter((text) => text.endsWith(' extended'));
    assert.equal(ends.length, 1_000);
    assert.ok(!ends.includes(`${first.id} extended`), 'the oldest is forgotten');
    assert.match(world.warnings.at(-1)!, /the oldest is forgotten/);
    writeFileSync(join(world.directory, 'ended-grants.json'), '{"format":1,"ended":[{}]}');
    world.untold = await load(world);
    await world.start();
    assert.equal(untold(world).length, 1, 'a damaged file: what counts is told all the same');
  });

  test('the end of its time is told only of one that the console does not know', async () => {
    const world = await told();
    const known = made(grant(world, { hours: 1 }));
    world.grants.source.told(world.grants.source.untold(1_000));
    const unknown = made(grant(world, { resource: dns, hours: 1 }));
    await world.grants.flush();
    world.clock.advance(3_600_000);
    world.grants.prune(world.tables.get());
    assert.deepEqual(untold(world), [`${unknown.id} expired`]);
    assert.notEqual(known.id, unknown.id);
  });

  test('after a start nothing from the disk counts before the console was asked, or could not be', async () => {
    const world = await told();
    const one = made(grant(world));
    await world.grants.flush();
    world.untold = await load(world);
    await world.start();
    assert.deepEqual(who(world), []);
    world.grants.prune(world.tables.get());
    assert.deepEqual(world.grants.source.openIds(), [one.id], 'it is kept');
    assert.deepEqual(world.grants.ofUser(world.ann.id), [one]);
    made(grant(world, { resource: dns }));
    assert.deepEqual(who(world, dns), [world.ann.id], 'what is made now counts at once');
    world.grants.source.settle();
    assert.deepEqual(who(world), [world.ann.id]);
  });
});
