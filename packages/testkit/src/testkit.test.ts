import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createId, snapshot } from '@zeronaut/model';
import { manualClock } from './manual-clock.ts';
import { networkNamespaces, networkNamespacesMissing } from './network-namespaces.ts';
import { recordingUpstream } from './recording-upstream.ts';
import { seededRandom } from './seeded-random.ts';
import { testResource, testSite, testSnapshot, testTarget, testUser } from './snapshots.ts';
import { spawnProcess } from './spawn-process.ts';
import { tmpfs, tmpfsMissing } from './tmpfs.ts';
import { waitFor } from './wait-for.ts';

test('waiting in vain names what was waited for and keeps the last error', async () => {
  const cause = new Error('not there');
  const attempt = waitFor(() => Promise.reject(cause), { what: 'a thing', timeoutMs: 20 });
  await assert.rejects(
    attempt,
    (error: Error) => /20 ms in vain: a thing/.test(error.message) && error.cause === cause,
  );
});

test('the manual clock runs what falls due in order and forgets what was cancelled', () => {
  const clock = manualClock(1_000);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b ${clock.now()}`));
  clock.after(10, () => {
    seen.push(`a ${clock.now()}`);
    clock.after(5, () => seen.push(`nested ${clock.now()}`));
  });
  clock.after(12, () => seen.push('cancelled'))();
  clock.advance(30);
  assert.deepEqual(seen, ['a 1010', 'nested 1015', 'b 1020']);
  clock.set(5);
  assert.equal(clock.now(), 5);
});

test('the same seed gives the same bytes, another seed others', () => {
  assert.deepEqual(seededRandom(7).bytes(64), seededRandom(7).bytes(64));
  assert.notDeepEqual(seededRandom(7).bytes(64), seededRandom(8).bytes(64));
  const values = seededRandom(1).shuffle([1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(values.toSorted(), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a process is heard, told and ended', async (t) => {
  const child = spawnProcess(t, '/bin/sh', ['-c', 'echo ready $$; read line; echo "got $line" >&2; sleep 100']);
  const [, pid] = await child.waitForLine(/^ready (\d+)$/);
  assert.equal(Number(pid), child.pid);
  child.write('hello\n');
  await child.waitForLine(/^got hello$/);
  assert.match(child.stderr(), /got hello/);
  await assert.rejects(child.waitForLine(/never/, { timeoutMs: 20 }), /it wrote:\nready/);
  assert.deepEqual(await child.kill('SIGKILL'), { code: null, signal: 'SIGKILL' });
  await assert.rejects(child.waitForLine(/never/), /without \/never\//);
});

test('grandchildren end with the test', async (t) => {
  let pid = 0;
  await t.test('a process with a child of its own', async (inner) => {
    const child = spawnProcess(inner, '/bin/sh', ['-c', 'sleep 100 & echo child $!; wait']);
    pid = Number((await child.waitForLine(/^child (\d+)$/))[1]);
    process.kill(pid, 0);
  });
  const gone = () => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  };
  await waitFor(gone, { what: 'the grandchild is gone' });
});

test('the recording upstream keeps bytes and the way a connection ended', async (t) => {
  const upstream = await recordingUpstream(t, (socket, chunk) => socket.write(chunk));
  const socket = connect({ port: upstream.port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => socket.destroy());
  socket.end('hello');
  const [echo] = await once(socket, 'data');
  assert.equal(String(echo), 'hello');
  const [connection] = upstream.connections;
  assert.ok(connection);
  await waitFor(() => connection.ended, { what: 'the end arrives' });
  assert.equal(connection.received().toString(), 'hello');
  assert.equal(connection.closed, false);
});

test('a link between namespaces goes down and up', { skip: networkNamespacesMissing() ?? false }, async (t) => {
  const network = networkNamespaces(t);
  const [a, b] = [await network.add('a'), await network.add('b')];
  const link = await network.link(a, '10.231.77.1/24', b, '10.231.77.2/24');
  const server = spawnProcess(
    t,
    ...b.inside('socat', ['-d', '-d', 'TCP-LISTEN:7000,fork,reuseaddr', 'SYSTEM:echo hello']),
  );
  await server.waitForLine(/listening on/);
  const ask = () => a.run('socat', ['-T1', '-', 'TCP:10.231.77.2:7000,connect-timeout=0.3']);
  assert.equal(await ask(), 'hello\n');
  await link.down();
  await assert.rejects(ask());
  await link.up();
  assert.equal(await waitFor(ask, { what: 'the link works again' }), 'hello\n');
});

test('a small file system is full when it is full', { skip: tmpfsMissing() ?? false }, (t) => {
  const path = tmpfs(t, 64 * 1024);
  writeFileSync(join(path, 'fits'), Buffer.alloc(16 * 1024));
  assert.throws(() => writeFileSync(join(path, 'too-much'), Buffer.alloc(256 * 1024)), { code: 'ENOSPC' });
});

test('pieces of a snapshot are valid together', () => {
  const organizationId = createId('organization');
  const { success, error } = snapshot.safeParse(
    testSnapshot({
      organizationId,
      users: [testUser(organizationId)],
      resources: [testResource(organizationId, { targets: [testTarget('127.0.0.1:80')] })],
      sites: [testSite(organizationId, { destinations: ['10.0.0.0/8:*'] })],
    }),
  );
  assert.ok(success, error?.message ?? '');
});
