import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createId, type SignedSnapshot } from '@zeronaut/model';
import { temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { ConsoleLink } from './console-link.ts';
import { createLog } from './observe/log.ts';
import { LogRing } from './observe/log-ring.ts';
import { Spool } from './observe/spool.ts';
import { sampleEvent } from './observe/testdata/sample-event.ts';
import { writeFileAtomically } from './snapshot/atomic-file.ts';
import { SnapshotLease } from './snapshot/lease.ts';
import { createSnapshotSigner, type SnapshotSigner } from './snapshot/testdata/signed-snapshots.ts';
import { createIdentity, type SyncConsole, startSyncConsole } from './sync/testdata/sync-console.ts';
import { CurrentTables, compileTables } from './tables.ts';

const NO_ADDRESSES = {
  untold: () => [],
  told: () => undefined,
  tellAnew: () => undefined,
  openIds: () => [],
  end: () => undefined,
  settle: () => undefined,
  onChange: () => undefined,
};

interface Started {
  readonly console: SyncConsole;
  readonly tables: CurrentTables;
  readonly spool: Spool;
  readonly directory: string;
  readonly signer: SnapshotSigner;
}

async function start(
  t: TestContext,
  directory = temporaryDirectory('gateway'),
  signer = createSnapshotSigner(),
): Promise<Started> {
  const console = await startSyncConsole(t);
  const logRing = new LogRing({ write: () => undefined });
  const log = createLog({ level: 'info', destination: logRing });
  const credentials = createIdentity(signer, console.port);
  const spool = new Spool({ directory: join(directory, 'spool'), gatewayId: signer.gatewayId, log });
  const lease = await SnapshotLease.load({ path: join(directory, 'lease.json'), write: writeFileAtomically, log });
  const link = new ConsoleLink({ directory, credentials, lease, spool, softwareVersion: '0.1.0', log, logRing });
  const first = (await link.loadTables()) ?? compileTables({ ...signer.snapshot(1), version: 0 });
  const tables = new CurrentTables(first, undefined, lease);
  link.start(
    tables,
    {
      load: () => ({ connections: 1, tunnels: 2, streams: 3, eventsWaiting: 4, eventsDropped: 0 }),
      presence: () => ({ devices: [], serving: [] }),
      unhealthy: () => [],
      tunnelsOf: () => [],
    },
    NO_ADDRESSES,
  );
  t.after(async () => {
    await link.stop();
    spool.close();
  });
  await console.waitForMessage('hello');
  return { console, tables, spool, directory, signer };
}

const resource = {
  id: createId('resource'),
  name: 'app',
  protocol: 'http' as const,
  hosts: ['app.localhost'],
  port: null,
  access: { mode: 'public' as const, allow: [], addresses: [], basic: [], tokens: null },
  shares: [],
  targets: [],
  proxyProtocol: 'none' as const,
  deviceId: null,
};

test('a snapshot is live, on disk and acknowledged', async (t) => {
  const { console, tables, directory, signer } = await start(t);
  const resources = [{ ...resource, organizationId: signer.organizationId }];
  console.send({ type: 'snapshot', snapshot: signer.signed(4, { resources }) });
  assert.deepEqual(await console.waitForMessage('applied'), { type: 'applied', version: 4 });
  assert.equal(tables.get().version, 4);
  assert.equal(tables.get().hosts.get('app.localhost')?.name, 'app');
  // A disk that stalls may keep it back for longer than the acknowledgement waits.
  await waitFor(() => readdirSync(join(directory, 'snapshots')).join() === 'snapshot-4.json', { what: 'the file' });
});

test('started again without a console, it runs what it ran, and says so when the console is back', async (t) => {
  const first = await start(t);
  first.console.send({ type: 'snapshot', snapshot: first.signer.signed(9) });
  await first.console.waitForMessage('applied');
  await first.console.stop();
  const second = await start(t, first.directory, first.signer);
  assert.equal(second.tables.get().version, 9);
  assert.equal((await second.console.waitForMessage('hello')).snapshotVersion, 9);
});

test('of many snapshots in a row the newest runs in the end', async (t) => {
  const { console, tables, signer } = await start(t);
  for (let version = 1; version <= 50; version++) console.send({ type: 'snapshot', snapshot: signer.signed(version) });
  await waitFor(() => console.received.some((message) => message.type === 'applied' && message.version === 50), {
    what: 'the acknowledgement',
  });
  assert.equal(tables.get().version, 50);
});

const refusals: [string, (signer: SnapshotSigner) => SignedSnapshot, string][] = [
  ['older', (signer) => signer.signed(6), 'sync.older_version'],
  ['unsigned', (signer) => ({ ...signer.signed(8), signature: 'A'.repeat(86) }), 'sync.bad_signature'],
  [
    'signed by another console',
    (signer) => ({ ...createSnapshotSigner().signed(8), keyId: signer.key.kid }),
    'sync.bad_signature',
  ],
  ['for another gateway', (signer) => signer.signed(8, { gatewayId: createId('gateway') }), 'sync.wrong_gateway'],
  ['no snapshot', (signer) => signer.signText('{"version":8}'), 'sync.wrong_gateway'],
  ['not valid', (signer) => signer.signed(8, { httpsPort: 0 }), 'sync.invalid'],
  [
    'with a key that is none',
    (signer) => signer.signed(8, { consoleKeys: [{ ...signer.key, x: 'AAAA' }] }),
    'sync.invalid',
  ],
];
for (const [name, make, reason] of refusals) {
  test(`a snapshot is refused with its reason, and what runs goes on running: ${name}`, async (t) => {
    const { console, tables, directory, signer } = await start(t);
    console.send({ type: 'snapshot', snapshot: signer.signed(7) });
    await console.waitForMessage('applied');
    console.send({ type: 'snapshot', snapshot: make(signer) });
    const refused = await console.waitForMessage('refused');
    assert.equal(refused.reason, reason);
    assert.equal(tables.get().version, 7);
    assert.deepEqual(readdirSync(join(directory, 'snapshots')), ['snapshot-7.json']);
    console.send({ type: 'snapshot', snapshot: signer.signed(8) });
    await waitFor(() => tables.get().version === 8, { what: 'the next good one' });
  });
}

test('events go out, and again after a link that broke, until they are acknowledged', async (t) => {
  const { console, spool } = await start(t);
  spool.append(sampleEvent('/one'));
  await console.waitForMessage('events');
  console.hangUp();
  await waitFor(() => console.connections === 2, { what: 'another dial' });
  const { events } = await console.waitForMessage('events');
  assert.deepEqual(
    events.map(({ seq, path }) => [seq, path]),
    [[1, '/one']],
  );
  console.send({ type: 'events_stored', epoch: spool.epoch, seq: 1 });
  await waitFor(() => spool.acknowledged === 1, { what: 'the acknowledgement' });
});

test('a snapshot that bounds how long it may be used is confirmed before it is live, and asked about while it is', async (t) => {
  const { console, tables, signer } = await start(t);
  console.send({ type: 'snapshot', snapshot: signer.signed(4) });
  await console.waitForMessage('applied');
  assert.equal(
    console.received.some(({ type }) => type === 'confirm_snapshot'),
    false,
    'nobody asks without a bound',
  );
  console.send({ type: 'snapshot', snapshot: signer.signed(5, { maxAgeSeconds: 3_600 }) });
  const { rpcId, nonce } = await console.waitForMessage('confirm_snapshot');
  console.send(signer.confirm(5, rpcId, nonce));
  await waitFor(() => tables.get().version === 5, { what: 'the bounded snapshot' });
  const { lease } = tables.get();
  assert.ok(
    lease.endMs > Date.now() + 3_500_000 && lease.endMs <= Date.now() + 3_600_000,
    `${lease.endMs - Date.now()}`,
  );
});

test('a bound that the console does not confirm refuses everything, until it does', async (t) => {
  const { console, tables, signer } = await start(t);
  console.send({ type: 'snapshot', snapshot: signer.signed(5, { maxAgeSeconds: 3_600 }) });
  const { rpcId } = await console.waitForMessage('confirm_snapshot');
  console.send(signer.confirm(5, rpcId, 'A'.repeat(22)));
  await console.waitForMessage('applied');
  const { lease } = tables.get();
  assert.equal(lease.endMs, Number.NEGATIVE_INFINITY);
  const again = await waitFor(
    () => console.received.find((message) => message.type === 'confirm_snapshot' && message.rpcId !== rpcId),
    { what: 'another question' },
  );
  assert.ok(again.type === 'confirm_snapshot');
  console.send(signer.confirm(5, again.rpcId, again.nonce));
  await waitFor(() => lease.endMs > Date.now(), { what: 'it decides again' });
});
