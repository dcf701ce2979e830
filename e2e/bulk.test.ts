/** Large and many: whole gigabytes, a thousand slow readers. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, before, it } from 'node:test';
import { promisify } from 'node:util';
import { spawnProcess } from '@zeronaut/testkit';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { fileOwner } from './harness/file-owner.ts';
import { hashOfBytes } from './harness/test-bytes.ts';
import { type Exposed, residentBytes, startWorld, type World } from './harness/world.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const owner = fileOwner();
let world: World;
let exposed: Exposed;

before(async () => {
  world = await startWorld(owner);
  // A process of its own: what this one does for its thousand clients must not slow the service down.
  const service = spawnProcess(owner, NODE, [join(ROOT, 'e2e/harness/run-web-service.ts'), '0']);
  const [, port] = await service.waitForLine(/^listening on (\d+)$/);
  exposed = await world.expose(owner, [`127.0.0.1:${port}`, 'http', '--public', '--name', 'bulk']);
  assert.equal((await world.visitor().ask(`${exposed.url}/`)).status, 200);
});
afterEach((t) => world.showLogsOnFailure(t));

const SIZE = 1024 * MIB;
const MAX_GROWTH = 64 * MIB;

it('brings 1 GiB down unchanged, and gateway and agent stay small', async (t) => {
  const memory = watchMemory();
  const started = performance.now();
  const { stdout } = await run('sh', [
    '-c',
    'curl --silent --show-error --fail --cacert "$0" "$1" | sha256sum',
    world.certificateAuthorityFile,
    `${exposed.url}/bytes?size=${SIZE}`,
  ]);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(stdout.split(' ')[0], hashOfBytes(SIZE));
  t.diagnostic(`${Math.round(SIZE / 1e6 / seconds)} MB/s; ${memory.report()}`);
  memory.assertBelow(MAX_GROWTH);
});

it('brings 1 GiB up unchanged, and gateway and agent stay small', async (t) => {
  const memory = watchMemory();
  const started = performance.now();
  const { stdout } = await run('sh', [
    '-c',
    '"$0" "$1" "$2" | curl --silent --show-error --fail --cacert "$3" --upload-file - --request POST "$4"',
    NODE,
    join(ROOT, 'e2e/harness/print-bytes.ts'),
    String(SIZE),
    world.certificateAuthorityFile,
    `${exposed.url}/hash`,
  ]);
  const seconds = (performance.now() - started) / 1000;
  assert.deepEqual(JSON.parse(stdout), { sha256: hashOfBytes(SIZE), size: SIZE });
  t.diagnostic(`${Math.round(SIZE / 1e6 / seconds)} MB/s; ${memory.report()}`);
  memory.assertBelow(MAX_GROWTH);
});

it('lets a fast download through beside 1,000 slow ones, and brings those to their end too', async (t) => {
  const memory = watchMemory();
  // Larger than all that gateway and agent hold of one stream. Much larger, and the service's own send buffers, of which
  // the kernel makes 4 MB each, would use up what it has for TCP on this one machine.
  const slowSize = MIB;
  const slow = spawnProcess(t, 'perl', [
    join(ROOT, 'e2e/harness/slow-readers.pl'),
    ...[String(world.httpPort), exposed.host, `/bytes?size=${slowSize}`, '1000'],
  ]);
  let started = performance.now();
  await slow.waitForLine(/^open$/, { timeoutMs: 60_000 });
  t.diagnostic(`1,000 opened in ${((performance.now() - started) / 1000).toFixed(1)} s`);

  const size = 256 * MIB;
  for (let round = 0; round < 3; round++) {
    started = performance.now();
    const { stdout } = await run('sh', [
      '-c',
      'curl --silent --show-error --fail --max-time 60 --cacert "$0" "$1" | sha256sum',
      world.certificateAuthorityFile,
      `${exposed.url}/bytes?size=${size}`,
    ]);
    const seconds = (performance.now() - started) / 1000;
    assert.equal(stdout.split(' ')[0], hashOfBytes(size));
    t.diagnostic(`256 MiB in ${seconds.toFixed(1)} s beside them; ${memory.report()}`);
    assert.ok(seconds < 15, `${seconds} s`);
  }
  slow.child.stdin!.end();
  await slow.waitForLine(/^complete 1000$/, { timeoutMs: 60_000 });
});

/** Resident bytes of gateway and agent: the highest seen, every 50 ms, above what they were at the start. */
function watchMemory(): { report(): string; assertBelow(bytes: number): void } {
  const sides = (['gateway', 'agent'] as const).map((name) => {
    const pid = name === 'gateway' ? world.gateway.pid : exposed.cli.process.pid;
    return { name, pid, start: residentBytes(pid), peak: residentBytes(pid) };
  });
  const sample = () => {
    for (const side of sides) side.peak = Math.max(side.peak, residentBytes(side.pid));
  };
  const timer = setInterval(sample, 50);
  const stop = () => {
    clearInterval(timer);
    sample();
  };
  const mib = (bytes: number) => Math.round(bytes / MIB);
  return {
    report() {
      stop();
      return sides.map(({ name, start, peak }) => `${name} ${mib(start)} MiB, grew by ${mib(peak - start)}`).join(', ');
    },
    assertBelow(bytes) {
      for (const { name, start, peak } of sides) {
        assert.ok(peak - start < bytes, `${name} grew by ${mib(peak - start)} MiB`);
      }
    },
  };
}
