/** Large and many: whole gigabytes, a thousand slow readers, two hundred sockets. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, before, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { waitFor } from '@zeronaut/testkit';
import WebSocket from 'ws';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { fileOwner } from './harness/file-owner.ts';
import { hashOfBytes } from './harness/test-bytes.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, residentBytes, startWorld, type World } from './harness/world.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
const owner = fileOwner();
let world: World;
let service: WebService;
let exposed: Exposed;

before(async () => {
  world = await startWorld(owner);
  service = await startWebService(owner);
  exposed = await world.expose(owner, [service.address, 'http', '--public', '--name', 'bulk']);
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

it('lets a fast download through beside 1,000 that nobody reads', async (t) => {
  const memory = watchMemory();
  const slow: TLSSocket[] = [];
  t.after(() => {
    for (const socket of slow) socket.destroy();
  });
  const open = async () => {
    while (slow.length < 1_000) slow.push(await openDownload(slow.length));
  };
  await Promise.all(Array.from({ length: 20 }, open));

  const started = performance.now();
  const size = 64 * MIB;
  const { stdout } = await run('sh', [
    '-c',
    'curl --silent --show-error --fail --max-time 30 --cacert "$0" "$1" | sha256sum',
    world.certificateAuthorityFile,
    `${exposed.url}/bytes?size=${size}`,
  ]);
  const seconds = (performance.now() - started) / 1000;
  assert.equal(stdout.split(' ')[0], hashOfBytes(size));
  t.diagnostic(`64 MiB in ${seconds.toFixed(1)} s beside ${slow.length} stalled downloads; ${memory.report()}`);
  assert.ok(seconds < 15, `${seconds} s`);

  // None of the slow ones was dropped: each still gives bytes when it is read.
  for (const socket of slow) assert.ok(!socket.destroyed);
  const alive = await Promise.all(slow.slice(0, 50).map((socket) => readSome(socket, 4 * MIB)));
  assert.ok(alive.every(Boolean));
});

it('echoes on 200 WebSockets for a minute without losing one message', async (t) => {
  const memory = watchMemory();
  const url = `${exposed.url.replace('https:', 'wss:')}/echo`;
  const lanes = await Promise.all(
    Array.from({ length: 200 }, async (_, lane) => {
      const socket = new WebSocket(url, world.clientOptions);
      t.after(() => socket.terminate());
      const state = { socket, sent: 0, received: 0, wrong: 0, slowestMs: 0, sentAt: 0 };
      socket.on('message', (data) => {
        if (String(data) !== `lane ${lane} message ${state.received}`) state.wrong++;
        state.received++;
        state.slowestMs = Math.max(state.slowestMs, performance.now() - state.sentAt);
      });
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      return state;
    }),
  );
  const until = performance.now() + 60_000;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      lanes.forEach((lane, index) => {
        lane.sentAt = performance.now();
        lane.socket.send(`lane ${index} message ${lane.sent++}`);
      });
      if (performance.now() < until) return;
      clearInterval(timer);
      resolve();
    }, 250);
  });
  await waitFor(() => lanes.every(({ sent, received }) => sent === received), { what: 'every message is echoed' });
  const total = lanes.reduce((sum, { received }) => sum + received, 0);
  const slowest = Math.max(...lanes.map(({ slowestMs }) => slowestMs));
  t.diagnostic(`${total.toLocaleString('en-US')} echoes, the slowest ${Math.round(slowest)} ms; ${memory.report()}`);
  assert.ok(lanes.every(({ wrong, socket }) => wrong === 0 && socket.readyState === WebSocket.OPEN));
});

/** Sends the request, reads the head, and then nothing more. */
function openDownload(index: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host: '127.0.0.1', port: world.httpsPort, servername: exposed.host, ca: world.clientOptions.ca },
    });
    socket.on('error', reject);
    socket.once('secureConnect', () =>
      socket.write(
        `GET /bytes?size=${64 * MIB}&n=${index} HTTP/1.1\r\nHost: ${exposed.host}:${world.httpsPort}\r\n\r\n`,
      ),
    );
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      if (chunk.toString('latin1').startsWith('HTTP/1.1 200')) resolve(socket);
      else reject(new Error(chunk.toString('latin1').slice(0, 200)));
    });
  });
}

function readSome(socket: TLSSocket, bytes: number): Promise<boolean> {
  return new Promise((resolve) => {
    let seen = 0;
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen < bytes) return;
      socket.destroy();
      resolve(true);
    });
    socket.on('close', () => resolve(seen >= bytes));
    socket.resume();
  });
}

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
