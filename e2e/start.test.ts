/** `npm start`: what a person does first. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { freePort, type SpawnedProcess, spawnProcess, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { Api } from './harness/api.ts';
import { JsonProcess } from './harness/json-process.ts';
import { Visitor } from './harness/visitor.ts';
import { startWebService } from './harness/web-service.ts';

interface Ready {
  readonly consoleUrl: string;
  readonly setupUrl: string | null;
  readonly consolePid: number;
  readonly gatewayPid: number;
  readonly tookMs: number;
}

// What a test run keeps compiled for all its programs is not there for people.
const { NODE_COMPILE_CACHE: _cache, ...environment } = process.env;

it('brings everything up within 3 s, a service within 2 s of Enter, stops on Ctrl-C, finds all again, and starts again what crashes', async (t) => {
  const home = temporaryDirectory(t);
  const ports = await Promise.all(Array.from({ length: 6 }, () => freePort()));
  const names = ['console', 'sync', 'https', 'http', 'tunnel', 'management'];
  const first = 33_000 - 20 * (1 + (process.pid % 20));
  const flags = [
    ...names.flatMap((name, index) => [`--${name}-port`, String(ports[index])]),
    ...['--port-range', `${first}-${first + 9}`, '--gateway-host', '127.0.0.1', '--json'],
  ];
  const start = (...args: string[]) =>
    new JsonProcess(
      spawnProcess(t, 'npm', ['start', '--silent', '--', ...args], {
        cwd: ROOT,
        env: { ...environment, ZERONAUT_HOME: home },
        graceMs: 12_000,
      }),
    );

  let startedAt = performance.now();
  let machine = start(...flags);
  let ready = await machine.event<Ready>('ready', { timeoutMs: 30_000 });
  t.diagnostic(
    `first start: ready after ${Math.round(performance.now() - startedAt)} ms (its own count: ${Math.round(ready.tookMs)} ms)`,
  );
  assert.ok(ready.setupUrl !== null, 'a link that creates the first owner');
  for (const shown of [ready.consoleUrl, ready.setupUrl])
    assert.equal(new URL(shown).hostname, 'localhost', 'a name, which a passkey can belong to');
  const token = /([A-Za-z0-9_-]{20,})\/?$/.exec(ready.setupUrl)![1]!;
  const anonymous = new Api(ready.consoleUrl);
  const { session } = await anonymous.call('setup.create', {
    body: { token, email: 'owner@example.com', name: 'Owner', password: 'a long enough password' },
  });
  await assert.rejects(
    anonymous.call('setup.create', {
      body: { token, email: 'second@example.com', name: 'Second', password: 'a long enough password' },
    }),
    'the link works once',
  );
  const credentialFile = join(home, 'local-credential.json');
  assert.equal(statSync(credentialFile).mode & 0o777, 0o600);
  const { consoleUrl } = JSON.parse(readFileSync(credentialFile, 'utf8')) as { consoleUrl: string };
  assert.equal(new URL(consoleUrl).hostname, '127.0.0.1', 'what nobody else of this machine can answer under');

  // No login on this machine.
  const service = await startWebService(t);
  const expose = () =>
    new JsonProcess(
      spawnProcess(
        t,
        NODE,
        [
          ...[join(ROOT, 'packages/client/bin/zeronaut.mjs'), 'expose', service.address, 'http'],
          ...['--public', '--name', 'first', '--json'],
        ],
        { env: { ...environment, ZERONAUT_HOME: home } },
      ),
    );
  let cli = expose();
  const { urls } = await cli.event<{ urls: string[] }>('ready');
  assert.ok(existsSync(join(home, 'ca.pem')), 'the CA is there for people to trust');
  const visitor = new Visitor(join(home, 'ca.pem'));
  assert.equal((await visitor.ask(`${urls[0]}/hello`)).body, 'GET /hello\n');

  // What crashes is started again.
  for (const name of ['gateway', 'console'] as const) {
    const crashedAt = performance.now();
    process.kill(name === 'gateway' ? ready.gatewayPid : ready.consolePid, 'SIGKILL');
    await machine.event('exited', { where: (event) => event.program === name });
    await waitFor(async () => (await visitor.ask(`${urls[0]}/after`)).status === 200, {
      what: `served after the ${name} crashed`,
      timeoutMs: 15_000,
    });
    await waitFor(async () => (await anonymous.call('health.get', {})).status === 'ok', {
      what: 'the console answers',
      timeoutMs: 15_000,
    });
    t.diagnostic(`${name} killed: all back after ${Math.round(performance.now() - crashedAt)} ms`);
  }

  await cli.process.kill('SIGINT');
  await stop(machine.process, t);
  startedAt = performance.now();
  machine = start('--json');
  ready = await machine.event<Ready>('ready', { timeoutMs: 30_000 });
  const tookMs = performance.now() - startedAt;
  t.diagnostic(`second start: ready after ${Math.round(tookMs)} ms (its own count: ${Math.round(ready.tookMs)} ms)`);
  assert.ok(tookMs < 3_000, `${tookMs} ms`);
  assert.equal(ready.setupUrl, null);
  const users = await anonymous.as(session.token).call('users.list', {});
  assert.ok(users.items.some(({ email }) => email === 'owner@example.com'));
  startedAt = performance.now();
  cli = expose();
  assert.deepEqual((await cli.event<{ urls: string[] }>('ready')).urls, urls);
  assert.equal((await visitor.ask(`${urls[0]}/again`)).body, 'GET /again\n');
  const exposedMs = performance.now() - startedAt;
  t.diagnostic(`expose: first byte after ${Math.round(exposedMs)} ms`);
  assert.ok(exposedMs < 2_000, `${exposedMs} ms`);
  await cli.process.kill('SIGINT');
  await stop(machine.process, t);
  for (const pid of [ready.consolePid, ready.gatewayPid]) assert.ok(!isRunning(pid), `process ${pid} is left over`);
});

/** Ctrl-C reaches the whole process group, as from a terminal. */
async function stop(machine: SpawnedProcess, t: TestContext): Promise<void> {
  const startedAt = performance.now();
  process.kill(-machine.pid, 'SIGINT');
  const { code, signal } = await machine.exited;
  t.diagnostic(`stopped after ${Math.round(performance.now() - startedAt)} ms (exit code ${code ?? signal})`);
}

function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z';
  } catch {
    return false;
  }
}
