import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, type Snapshot, type SnapshotSite } from '@zeronaut/model';
import { AccessWorld, createUser, ORGANIZATION, OTHER_ORGANIZATION } from './access-world.suite.ts';
import { decideForward } from './forward-access.ts';

const OPEN: SnapshotSite['access'] = { mode: 'login', allow: [], addresses: [], basic: [], tokens: null };

function site(name: string, parts: Partial<SnapshotSite> = {}): SnapshotSite {
  return {
    id: createId('site'),
    organizationId: ORGANIZATION,
    name,
    connection: 'tunnel',
    deviceId: createId('device'),
    destinations: ['db.corp:5432'],
    access: OPEN,
    ...parts,
  };
}
function device(userId: string, organizationId = ORGANIZATION): Snapshot['devices'][number] {
  return { id: createId('device'), organizationId, userId, keyFingerprint: 'x'.repeat(43) };
}

async function world(sites: readonly SnapshotSite[]) {
  const world = await AccessWorld.create([]);
  const laptop = device(world.ann.id);
  world.change({ sites: [...sites], devices: [laptop] });
  const decide = (parts: Partial<Parameters<typeof decideForward>[1]> = {}) => {
    const { verdict, site } = decideForward(world.tables.get(), {
      deviceId: laptop.id,
      address: '192.0.2.10',
      destination: { host: 'db.corp', port: 5432 },
      nowMs: world.clock.now(),
      connected: () => true,
      ...parts,
    });
    return [`${verdict.effect} ${verdict.reason}`, site?.name ?? null];
  };
  return { world, laptop, decide };
}

test('forward: a site that reaches it and lets the user in', async () => {
  const { decide } = await world([site('other', { destinations: ['x.corp:1'] }), site('corp')]);
  assert.deepEqual(decide(), ['pass access.device', 'corp']);
  assert.deepEqual(decide({ destination: { host: 'db.corp', port: 5433 } }), ['deny forward.no_site', null]);
  assert.deepEqual(decide({ destination: { host: 'db.corp.', port: 5432 } }), ['deny forward.no_site', null]);
});

test('forward: a connected site is taken before one that is away, whatever their order', async () => {
  const { decide } = await world([site('away'), site('here'), site('also')]);
  assert.deepEqual(decide({ connected: ({ name }) => name === 'here' }), ['pass access.device', 'here']);
  assert.deepEqual(decide({ connected: () => false }), ['deny forward.site_away', null]);
});

test('forward: only sites that policy allows are looked at, connected or not', async () => {
  const closed = { ...OPEN, allow: ['group:ops'] };
  const both = await world([site('closed', { access: closed }), site('open')]);
  assert.deepEqual(both.decide({ connected: ({ name }) => name === 'closed' }), ['deny forward.site_away', null]);
  const one = await world([site('closed', { access: closed })]);
  assert.deepEqual(one.decide(), ['deny forward.denied', null]);
  one.world.change({ users: [{ ...one.world.ann, groups: ['ops'] }] });
  assert.deepEqual(one.decide(), ['pass access.device', 'closed']);
});

test('forward: another organization’s site does not exist, not even a public one', async () => {
  const foreign = { organizationId: OTHER_ORGANIZATION, access: { ...OPEN, mode: 'public' } } as const;
  const { decide } = await world([site('foreign', foreign)]);
  assert.deepEqual(decide(), ['deny forward.no_site', null]);
});

test('forward: the device and its user must be in the tables and belong together', async () => {
  const { world: own, laptop, decide } = await world([site('corp')]);
  assert.deepEqual(decide({ deviceId: createId('device') }), ['deny access.device_unknown', null]);
  assert.deepEqual(decide({ deviceId: '__proto__' }), ['deny access.device_unknown', null]);
  own.change({ users: [own.bob] });
  assert.deepEqual(decide(), ['deny access.user_disabled', null]);
  own.change({ users: [own.ann], devices: [] });
  assert.deepEqual(decide(), ['deny access.device_unknown', null]);
  own.change({ devices: [{ ...laptop, organizationId: OTHER_ORGANIZATION }] });
  assert.deepEqual(decide(), ['deny access.device_unknown', null]);
  const stranger = createUser('stranger', { organizationId: OTHER_ORGANIZATION });
  own.change({ users: [stranger], devices: [{ ...laptop, userId: stranger.id }] });
  assert.deepEqual(decide(), ['deny access.device_unknown', null]);
});

test('forward: public and listed addresses keep their own reasons', async () => {
  const { decide } = await world([site('public', { access: { ...OPEN, mode: 'public' } })]);
  assert.deepEqual(decide(), ['pass access.public', 'public']);
  const narrow = { ...OPEN, allow: ['group:ops'], addresses: ['192.0.2.0/24'] };
  const listed = await world([site('listed', { access: narrow })]);
  assert.deepEqual(listed.decide(), ['pass access.address', 'listed']);
  assert.deepEqual(listed.decide({ address: '198.51.100.1' }), ['deny forward.denied', null]);
});

test('forward: a device that waits for approval reaches nothing', async () => {
  const { world: here, laptop, decide } = await world([site('corp')]);
  here.change({ devices: [{ ...laptop, pending: true }] });
  assert.deepEqual(decide(), ['deny access.device_pending', null]);
  here.change({ devices: [laptop] });
  assert.deepEqual(decide(), ['pass access.device', 'corp']);
});

test('forward: between segments it takes more than the rule', async () => {
  const { world: own, laptop, decide } = await world([site('corp', { segments: ['prod'] })]);
  const { sites } = own.snapshot;
  const from = (...segments: string[]) => own.change({ devices: [{ ...laptop, segments }] });
  assert.deepEqual(decide(), ['pass access.device', 'corp'], 'what is in no segment is apart from nothing');
  from('dev');
  assert.deepEqual(decide(), ['deny access.segments_apart', null]);
  from('dev', 'prod');
  assert.deepEqual(decide(), ['pass access.device', 'corp'], 'one that both are in is enough');
  from('dev');
  own.change({ sites: [...sites, site('other', { segments: ['dev'] })] });
  assert.deepEqual(decide(), ['pass access.device', 'other']);
  own.change({ sites });

  const expiresAt = new Date(own.clock.now() + 3_600_000).toISOString();
  own.change({ accessGrants: [{ userId: own.ann.id, objectId: sites[0]!.id, expiresAt }] });
  assert.deepEqual(decide(), ['pass access.granted', 'corp']);
  own.change({ accessGrants: [] });
  const head = { principal: { op: 'All' }, action: { op: 'All' }, resource: { op: 'All' }, conditions: [] };
  const policy = (effect: string) => ({
    id: createId('policy'),
    name: effect,
    mode: 'enforce' as const,
    json: { ...head, effect },
  });
  own.change({ policies: [policy('permit')] });
  assert.deepEqual(decide(), ['pass access.policy', 'corp']);
  own.change({ policies: [policy('permit'), policy('forbid')] });
  assert.deepEqual(decide(), ['deny access.policy_forbids', null]);
  own.change({ policies: [], sites: [{ ...sites[0]!, access: { ...OPEN, mode: 'public' } }] });
  assert.deepEqual(decide(), ['pass access.public', 'corp'], 'what is public was made so by its owner');
});
