import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { test } from 'node:test';
import { createId, type Reason, type SignedSnapshot, SNAPSHOT_CONTEXT } from '@zeronaut/model';
import { packSnapshot } from '../packed-snapshot.ts';
import { compileTables, runningElements } from '../tables.ts';
import { checkSnapshot } from './check.ts';
import { createSnapshotSigner, received, unpacked } from './testdata/signed-snapshots.ts';

const signer = createSnapshotSigner();

test('a snapshot that the console signed comes out as it went in', async () => {
  const users = Array.from({ length: 450 }, (_, i) => ({
    id: createId('user'),
    organizationId: signer.organizationId,
    email: `user${i}@example.com`,
    name: `User ${i}`,
    role: 'member' as const,
    groups: ['dev'],
  }));
  const result = await checkSnapshot(received(signer.signed(7, { users })), signer.trust);
  assert.deepEqual(result.ok && unpacked(result.snapshot), signer.snapshot(7, { users }));
});

const other = generateKeyPairSync('ed25519').privateKey;
const good = signer.signed(1);
const user = { id: 'usr_1', organizationId: signer.organizationId, email: 'a', name: 'a', role: 'member', groups: [] };
const text = (changes: object): string => JSON.stringify({ ...signer.snapshot(1), ...changes });
const refusals: [string, SignedSnapshot, Reason][] = [
  [
    'another payload under the same signature',
    { ...good, payload: good.payload.replace('8443', '8444') },
    'sync.bad_signature',
  ],
  [
    "another key's signature",
    { ...good, signature: sign(null, Buffer.from(SNAPSHOT_CONTEXT + good.payload), other).toString('base64url') },
    'sync.bad_signature',
  ],
  ['a key that was not pinned', { ...good, keyId: 'console-2' }, 'sync.bad_signature'],
  ['a signature made for something else', signer.signText(good.payload, ''), 'sync.bad_signature'],
  ['a signature that is no base64', { ...good, signature: '!'.repeat(86) }, 'sync.bad_signature'],
  ['a payload that is no JSON', signer.signText('{'), 'sync.invalid'],
  ['a payload that is null', signer.signText('null'), 'sync.invalid'],
  ['a payload that is a list', signer.signText('[]'), 'sync.invalid'],
  ['another gateway', signer.signed(1, { gatewayId: createId('gateway') }), 'sync.wrong_gateway'],
  ['another organization', signer.signed(1, { organizationId: createId('organization') }), 'sync.wrong_gateway'],
  ['version 0', signer.signed(0), 'sync.invalid'],
  ['another format', signer.signText(text({ format: 2 })), 'sync.invalid'],
  ['an unknown field', signer.signText(text({ extra: 1 })), 'sync.invalid'],
  ['a missing list', signer.signText(text({ resources: undefined })), 'sync.invalid'],
  ['a list that is none', signer.signText(text({ users: {} })), 'sync.invalid'],
  ['a wrong element', signer.signText(text({ users: [user, { ...user, role: 'no role' }] })), 'sync.invalid'],
  ['an unknown field in an element', signer.signText(text({ users: [{ ...user, admin: true }] })), 'sync.invalid'],
  [
    'a list that is there twice',
    signer.signText(text({}).replace('{', `{"users":[${JSON.stringify(user)}],`)),
    'sync.invalid',
  ],
  [
    'a list that is too long',
    signer.signText(text({ gatewayKeys: Array(1001).fill(signer.snapshot(1).gatewayKeys[0]) })),
    'sync.invalid',
  ],
];
for (const [name, signed, reason] of refusals) {
  test(`refused: ${name}`, async () => {
    const result = await checkSnapshot(received(signed), signer.trust);
    assert.equal(result.ok, false);
    assert.equal(!result.ok && result.reason, reason);
    assert.ok(!result.ok && result.detail.length > 0 && result.detail.length <= 500);
  });
}

test('the event loop gets turns while a large snapshot is checked', async () => {
  const users = Array.from({ length: 20_000 }, () => user);
  const signed = signer.signText(text({ users }));
  let turns = 0;
  let done = false;
  const count = (): void => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  assert.equal((await checkSnapshot(received(signed), signer.trust)).ok, true);
  done = true;
  assert.ok(turns >= 10, `${turns} turns`);
});

test('beside what runs, only what changed is looked at, and that strictly', async () => {
  const users = Array.from({ length: 100 }, (_, index) => ({ ...user, id: `usr_${index}` }));
  const running = compileTables(packSnapshot(signer.snapshot(1, { users } as object)));
  const first = running.users.get('usr_7');
  const check = (changed: readonly unknown[]) =>
    checkSnapshot(
      received(signer.signText(text({ version: 2, users: changed }))),
      signer.trust,
      runningElements(running),
    );

  const renamed = users.with(50, { ...users[50]!, name: 'b' });
  const good = await check(renamed);
  assert.deepEqual(good.ok && unpacked(good.snapshot).users, renamed);
  const next = compileTables(good.ok ? good.snapshot : assert.fail(), running);
  assert.equal(next.users.get('usr_7'), first);
  assert.equal(next.users.get('usr_50')?.name, 'b');

  assert.equal((await check(users.with(50, { ...users[50]!, role: 'no role' }))).ok, false);
  const cut = text({ version: 2, users }).replace(JSON.stringify(users[50]), JSON.stringify(users[50]).slice(0, -1));
  assert.equal((await checkSnapshot(received(signer.signText(cut)), signer.trust, runningElements(running))).ok, false);
});
