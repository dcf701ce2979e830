import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SignedSnapshot } from '@zeronaut/model';
import { seededRandom, spawnProcess, temporaryDirectory, tmpfs, tmpfsMissing, waitFor } from '@zeronaut/testkit';
import { createLog } from '../observe/log.ts';
import { SnapshotStore } from './store.ts';
import { createSnapshotSigner, received, unpacked } from './testdata/signed-snapshots.ts';

const signer = createSnapshotSigner();

function open(directory: string): { store: SnapshotStore; logged: () => string } {
  const lines: string[] = [];
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void lines.push(line) } });
  return {
    store: new SnapshotStore({ directory, trust: signer.trust, log, retryWriteMs: 50 }),
    logged: () => lines.join(''),
  };
}

async function take(store: SnapshotStore, signed: SignedSnapshot): Promise<string> {
  const result = await store.accept(received(signed));
  if (!result.ok) return result.reason;
  await store.save(result.snapshot.version, received(signed));
  return 'ok';
}

test('what was accepted is there after a cold start', async () => {
  const directory = temporaryDirectory('snapshots');
  const first = open(directory).store;
  assert.equal(await first.load(), null);
  assert.equal(await take(first, signer.signed(4)), 'ok');
  assert.deepEqual(unpacked((await open(directory).store.load())!), signer.snapshot(4));
});

test('one of megabytes is on disk as it came, though it is written in pieces', async () => {
  const directory = temporaryDirectory('snapshots');
  const users = Array.from({ length: 4_000 }, (_, index) => ({
    ...{ id: `usr_${index}`, organizationId: signer.organizationId, email: `${index}@example.com` },
    ...{ name: `Zoë "${index}" 😀\\`, role: 'member', groups: ['dev'] },
  }));
  const { store } = open(directory);
  await store.load();
  const signed = signer.signed(4, { users });
  assert.ok(signed.payload.length > 500_000);
  assert.equal(await take(store, signed), 'ok');
  assert.deepEqual(JSON.parse(readFileSync(join(directory, 'snapshot-4.json'), 'utf8')), signed);
  assert.deepEqual(unpacked((await open(directory).store.load())!), signer.snapshot(4, { users }));
});

test('an older version is refused, the same one is taken again', async () => {
  const { store } = open(temporaryDirectory('snapshots'));
  await store.load();
  assert.equal(await take(store, signer.signed(5)), 'ok');
  assert.equal(await take(store, signer.signed(4)), 'sync.older_version');
  assert.equal(await take(store, signer.signed(5)), 'ok');
  assert.equal(store.version, 5);
});

test('an older version is refused after a cold start too', async () => {
  const directory = temporaryDirectory('snapshots');
  const before = open(directory).store;
  await before.load();
  await take(before, signer.signed(9));
  const after = open(directory).store;
  await after.load();
  assert.equal(await take(after, signer.signed(8)), 'sync.older_version');
});

test('the last three versions stay on disk, readable by the owner alone', async () => {
  const directory = temporaryDirectory('snapshots');
  const { store } = open(directory);
  await store.load();
  for (let version = 1; version <= 12; version++) await take(store, signer.signed(version));
  assert.deepEqual(readdirSync(directory).sort(), ['snapshot-10.json', 'snapshot-11.json', 'snapshot-12.json']);
  assert.equal(statSync(join(directory, 'snapshot-12.json')).mode & 0o777, 0o600);
});

test('whatever happens to the newest file, the one before is used and the damage is logged', async (t) => {
  const random = seededRandom(undefined, t);
  const directory = temporaryDirectory('snapshots');
  const { store } = open(directory);
  await store.load();
  await take(store, signer.signed(1));
  await take(store, signer.signed(2));
  const path = join(directory, 'snapshot-2.json');
  const whole = readFileSync(path);
  const damaged: [string, Buffer][] = [
    ['empty', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(whole.length)],
  ];
  for (let i = 0; i < 40; i++) {
    const cut = random.integer(whole.length);
    damaged.push([`cut at ${cut}`, whole.subarray(0, cut)]);
  }
  for (let i = 0; i < 120; i++) {
    const at = random.integer(whole.length);
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << random.integer(8);
    damaged.push([`bit flipped in byte ${at}`, flipped]);
  }
  for (const [name, content] of damaged) {
    writeFileSync(path, content);
    const { store: cold, logged } = open(directory);
    const found = await cold.load();
    assert.equal(found?.version, 1, name);
    assert.match(logged(), /snapshot file refused/, name);
  }
});

test('nothing valid on disk is the same as nothing', async () => {
  const directory = temporaryDirectory('snapshots');
  writeFileSync(join(directory, 'snapshot-3.json'), JSON.stringify({ ...signer.signed(3), keyId: 'other' }));
  mkdirSync(join(directory, 'snapshot-4.json'));
  symlinkSync('/nonexistent', join(directory, 'snapshot-5.json'));
  writeFileSync(join(directory, 'snapshot-6.json.tmp'), 'half');
  const { store } = open(directory);
  assert.equal(await store.load(), null);
  assert.equal(await take(store, signer.signed(1)), 'ok');
});

test('killed again and again while writing, a snapshot is always there, and never an older one than was reported', async (t) => {
  const directory = temporaryDirectory('snapshots');
  const script = join(temporaryDirectory('script'), 'write.ts');
  const fixtures = join(temporaryDirectory('fixtures'), 'signed.json');
  const here = new URL('.', import.meta.url).href;
  const users = Array.from({ length: 2_000 }, (_, i) => ({
    id: `usr_${i}`,
    organizationId: signer.organizationId,
    email: `u${i}@example.com`,
    name: 'U',
    role: 'member' as const,
    groups: [],
  }));
  const versions = Array.from({ length: 30 }, (_, i) => signer.signed(i + 1, { users }));
  writeFileSync(
    fixtures,
    JSON.stringify({ key: signer.key, gatewayId: signer.gatewayId, organizationId: signer.organizationId, versions }),
  );
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
     import { SnapshotStore } from '${here}store.ts';
     import { createSnapshotTrust } from '${here}check.ts';
     import { ReceivedSnapshot } from '${here}../received-snapshot.ts';
     import { createLog } from '${here}../observe/log.ts';
     const { key, gatewayId, organizationId, versions } = JSON.parse(readFileSync(${JSON.stringify(fixtures)}, 'utf8'));
     const trust = createSnapshotTrust(key, gatewayId, organizationId);
     const store = new SnapshotStore({ directory: ${JSON.stringify(directory)}, trust, log: createLog({ level: 'silent' }) });
     await store.load();
     console.log('loaded ' + store.version);
     for (const one of versions) {
       const version = JSON.parse(one.payload).version;
       const signed = ReceivedSnapshot.of(one);
       if (version <= store.version) continue;
       if (!(await store.accept(signed)).ok) throw new Error('refused');
       await store.save(version, signed);
       console.log('saved ' + version);
     }
     console.log('done');
     setInterval(() => undefined, 1000);`,
  );
  let reported = 0;
  const random = seededRandom(undefined, t);
  for (let round = 0; round < 4 && reported < 30; round++) {
    const child = spawnProcess(t, process.execPath, [script]);
    await child.waitForLine(/^loaded (\d+)/);
    const target = Math.min(30, reported + 1 + random.integer(5));
    await child.waitForLine(new RegExp(`^(saved ${target}|done)$`));
    await child.kill('SIGKILL');
    for (const match of child.stdout().matchAll(/^saved (\d+)$/gm)) reported = Math.max(reported, Number(match[1]));
    const found = await open(directory).store.load();
    assert.ok(
      found !== null && found.version >= reported,
      `round ${round}: ${found?.version} on disk, ${reported} reported`,
    );
  }
  assert.ok(reported > 0);
});

test('a full disk does not keep a snapshot from being used, and it is written when there is room', {
  skip: tmpfsMissing() ?? false,
}, async (t) => {
  const mount = tmpfs(t, 64 * 1024);
  const { store, logged } = open(join(mount, 'snapshots'));
  await store.load();
  t.after(() => store.stop());
  await take(store, signer.signed(1));
  const filler = join(mount, 'filler');
  assert.throws(() => writeFileSync(filler, Buffer.alloc(128 * 1024)), /ENOSPC/);
  const second = signer.signed(2);
  assert.equal(await take(store, second), 'ok');
  assert.equal(store.unsaved, true);
  assert.match(logged(), /could not be written/);
  assert.equal((await open(join(mount, 'snapshots')).store.load())?.version, 1);
  rmSync(filler);
  await waitFor(() => !store.unsaved, { what: 'the snapshot to be written' });
  assert.equal((await open(join(mount, 'snapshots')).store.load())?.version, 2);
});
