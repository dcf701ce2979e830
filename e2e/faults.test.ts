/** What breaks, and what must still hold then. Each test prints how long it took until all was well again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it, type TestContext } from 'node:test';
import {
  freePort,
  type SpawnedProcess,
  seededRandom,
  spawnProcess,
  tmpfs,
  tmpfsMissing,
  waitFor,
} from '@zeronaut/testkit';
import { findProgram } from '../scripts/needs.mjs';
import { NODE, ROOT } from '../scripts/npm-packages.mjs';
import { fileOwner } from './harness/file-owner.ts';
import type { Visitor } from './harness/visitor.ts';
import { startWebService } from './harness/web-service.ts';
import { type Exposed, type Owner, startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();

describe('kill -9', () => {
  const PARTS = ['console', 'gateway', 'agent', 'service'] as const;
  type Part = (typeof PARTS)[number];
  let world: World;
  let port: number;
  let service: SpawnedProcess;
  let exposed: Exposed;
  let ann: User;
  let visitor: Visitor;

  before(async () => {
    world = await startWorld(owner);
    port = await freePort();
    service = await startServiceProcess(owner, port);
    exposed = await expose();
    ann = await world.createUser({ email: 'ann@example.com' });
    visitor = world.visitor();
    assert.equal((await visitor.signIn(`${exposed.url}/first`, ann)).status, 200);
  });
  afterEach((t) => world.showLogsOnFailure(t));

  const expose = () => world.expose(owner, [`127.0.0.1:${port}`, 'http', '--name', 'steady']);
  const kill: Record<Part, () => Promise<unknown>> = {
    console: () => world.console.kill('SIGKILL'),
    gateway: () => world.gateway.kill('SIGKILL'),
    agent: () => exposed.kill(),
    service: () => service.kill('SIGKILL'),
  };
  const start: Record<Part, () => Promise<unknown>> = {
    console: () => world.console.start(),
    gateway: () => world.gateway.start(),
    agent: async () => {
      exposed = await expose();
    },
    service: async () => {
      service = await startServiceProcess(owner, port);
    },
  };

  const rounds: Part[][] = [
    ...PARTS.map((part) => [part]),
    ...PARTS.flatMap((part, index) => PARTS.slice(index + 1).map((other) => [part, other])),
  ];
  for (const parts of rounds) {
    it(`of ${parts.join(' and ')}: refused without a session, served with it, new sign-ins, new services`, async (t) => {
      await Promise.all(parts.map((part) => kill[part]()));
      const started = performance.now();
      await Promise.all(parts.map((part) => start[part]()));
      await waitFor(async () => (await visitor.ask(`${exposed.url}/after`)).body === 'GET /after\n', {
        what: 'the existing session is served',
        timeoutMs: 15_000,
      });
      t.diagnostic(`recovery: ${Math.round(performance.now() - started)} ms`);
      assert.equal((await world.visitor().ask(`${exposed.url}/after`)).status, 401);
      await waitFor(async () => (await world.visitor().signIn(`${exposed.url}/new`, ann)).status === 200, {
        what: 'a new sign-in works',
        timeoutMs: 15_000,
      });
      const fresh = await world.expose(t, [`127.0.0.1:${port}`, 'http', '--public', '--name', 'fresh']);
      assert.equal((await world.visitor().ask(`${fresh.url}/`)).status, 200);
      t.diagnostic(`all well: ${Math.round(performance.now() - started)} ms`);
    });
  }

  it('of everything in turn left no event doubled or lost, and the audit chain whole', async () => {
    await visitor.ask(`${exposed.url}/last`);
    const events = await waitFor(
      async () => {
        const all = await world.accessEvents({});
        return all.some(({ path }) => path === '/last') ? all : null;
      },
      { what: 'the last event', timeoutMs: 10_000 },
    );
    for (const [epoch, ofEpoch] of Map.groupBy(events, (event) => event.epoch)) {
      const numbers = ofEpoch.map(({ seq }) => seq).toSorted((a, b) => a - b);
      assert.deepEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, index) => index + 1),
        epoch,
      );
    }
    const verification = await world.api.call('audit.verify', {});
    assert.deepEqual([verification.valid, verification.firstBadSeq], [true, null]);
  });

  it('of a gateway while snapshots are being written leaves one to start from, ten times', async (t) => {
    const random = seededRandom(undefined, t);
    for (let round = 0; round < 10; round++) {
      let changing = true;
      const changes = (async () => {
        for (let change = 0; changing; change++) {
          await world.api.call('resources.apply', {
            body: {
              resources: [
                { name: 'moving', access: { mode: 'public' }, targets: [{ address: `127.0.0.1:${1 + (change % 9)}` }] },
              ],
            },
          });
        }
      })();
      await new Promise((resolve) => setTimeout(resolve, 50 + random.integer(150)));
      await world.gateway.kill('SIGKILL');
      changing = false;
      await changes;
      await world.gateway.start();
      await waitFor(async () => (await visitor.ask(`${exposed.url}/round`)).status === 200, {
        what: 'served again',
        timeoutMs: 15_000,
      });
    }
  });
});

describe('a snapshot on the disk that is damaged', () => {
  const damages = {
    'was cut short': (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1),
    'has one flipped bit': (bytes: Buffer) => {
      const changed = Buffer.from(bytes);
      changed[changed.length >> 1]! ^= 1;
      return changed;
    },
    'is empty': () => Buffer.alloc(0),
  };
  for (const [title, damage] of Object.entries(damages)) {
    it(`and ${title} is refused: the one before serves, with the console away`, async (t) => {
      const world = await startWorld(t);
      t.after(() => world.showLogsOnFailure(t));
      const service = await startWebService(t);
      const open = await world.expose(t, [service.address, 'http', '--public', '--name', 'open']);
      assert.equal((await world.visitor().ask(`${open.url}/`)).status, 200);
      // One more version, so that there are at least two on the disk which know the service.
      await world.createUser({ email: 'one-more@example.com' });
      await waitFor(() => snapshotFiles(world).length >= 2, { what: 'two snapshots on the disk' });
      await world.console.kill('SIGKILL');
      await world.gateway.kill('SIGKILL');
      const newest = snapshotFiles(world).at(-1)!;
      writeFileSync(newest, damage(readFileSync(newest)));

      const started = performance.now();
      await world.gateway.start();
      await waitFor(async () => (await world.visitor().ask(`${open.url}/`)).status === 200, {
        what: 'the service is served from the snapshot before',
        timeoutMs: 15_000,
      });
      t.diagnostic(`recovery: ${Math.round(performance.now() - started)} ms`);
    });
  }

  it('and is the only one: nothing is let through until the console is back', async (t) => {
    const world = await startWorld(t);
    t.after(() => world.showLogsOnFailure(t));
    const service = await startWebService(t);
    const open = await world.expose(t, [service.address, 'http', '--public', '--name', 'open']);
    await world.console.kill('SIGKILL');
    await world.gateway.kill('SIGKILL');
    for (const file of snapshotFiles(world)) writeFileSync(file, readFileSync(file).subarray(0, 100));
    const starting = world.gateway.start().catch(() => undefined);
    const requestsBefore = service.requests.length;
    for (let attempt = 0; attempt < 5; attempt++) {
      const answer = await world
        .visitor()
        .ask(`${open.url}/closed`)
        .catch(() => null);
      assert.notEqual(answer?.status, 200);
    }
    assert.equal(service.requests.length, requestsBefore);
    const started = performance.now();
    await world.console.start();
    await starting;
    await waitFor(async () => (await world.visitor().ask(`${open.url}/`)).status === 200, {
      what: 'served again with the console',
      timeoutMs: 20_000,
    });
    t.diagnostic(`recovery: ${Math.round(performance.now() - started)} ms after the console's start`);
  });
});

describe('a full disk under the event spool', () => {
  const skip = tmpfsMissing() ?? false;
  it('stops no request, and what fits in memory is stored once there is room', { skip }, async (t) => {
    const directory = tmpfs(t, 24 * 1024 * 1024);
    const world = await startWorld(t, { gatewayDirectory: join(directory, 'gateway') });
    t.after(() => world.showLogsOnFailure(t));
    const service = await startWebService(t);
    const open = await world.expose(t, [service.address, 'http', '--public', '--name', 'open']);
    const visitor = world.visitor();
    assert.equal(await visitor.askMany(`${open.url}/before-[1-100]`), 100);
    await world.console.kill('SIGKILL');

    const filler = join(directory, 'filler');
    fillUp(filler);
    const started = performance.now();
    assert.equal(await visitor.askMany(`${open.url}/full-[1-2000]`), 2000);
    t.diagnostic(`2,000 requests with a full disk: ${Math.round(performance.now() - started)} ms`);

    writeFileSync(filler, '');
    assert.equal(await visitor.askMany(`${open.url}/room-[1-100]`), 100);
    await world.console.start();
    const found = await waitFor(
      async () => {
        const paths = (await world.accessEvents({ resourceId: open.id })).map(({ path }) => path);
        return paths.filter((path) => /^\/(full|room|before)-/.test(path)).length >= 2_200 ? paths : null;
      },
      { what: 'all 2,200 events in the console', timeoutMs: 30_000, intervalMs: 100 },
    );
    assert.equal(new Set(found).size, found.length, 'none is doubled');
  });
});

describe('a clock that moved', () => {
  const skip = findProgram('faketime') === null && 'faketime is not installed';
  // Public services go on in each case. Sessions fail closed: a token that has ended, or that comes from the future, is
  // refused; a minute of drift is forgiven.
  for (const [title, shift, expected] of [
    ['forward by three days: sessions go on', '+3d', 200],
    ['forward by eight days: sessions have ended', '+8d', 401],
    ['back by one hour: sessions come from the future', '-1h', 401],
    // Without a unit faketime reads seconds; in "seconds" it would find the d of days.
    ['back by half a minute: sessions go on', '-30', 200],
  ] as const) {
    it(title, { skip }, async (t) => {
      const [open, login, world, visitor] = await worldWithMovableClock(t);
      await world.gateway.kill();
      process.env.ZERONAUT_E2E_SHIFT = shift;
      t.after(() => {
        delete process.env.ZERONAUT_E2E_SHIFT;
      });
      const started = performance.now();
      await world.gateway.start();
      await waitFor(async () => (await visitor.ask(`${open.url}/`, { extra: ['--insecure'] })).status === 200, {
        what: 'the public service is served',
        timeoutMs: 20_000,
      });
      t.diagnostic(`recovery: ${Math.round(performance.now() - started)} ms`);
      // Its agent is another one, which may come back a moment later.
      const status = await waitFor(
        async () => {
          const answer = await visitor.ask(`${login.url}/`, { extra: ['--insecure'] });
          return answer.status === 503 ? null : answer.status;
        },
        { what: 'the other agent is back', timeoutMs: 20_000 },
      );
      assert.equal(status, expected);
    });
  }
});

async function worldWithMovableClock(t: TestContext): Promise<[Exposed, Exposed, World, Visitor]> {
  const world = await startWorld(t, {
    place: (role, command, args) => {
      const shift = process.env.ZERONAUT_E2E_SHIFT;
      return role === 'gateway' && shift !== undefined
        ? ['faketime', ['-f', shift, command, ...args]]
        : [command, args];
    },
  });
  t.after(() => world.showLogsOnFailure(t));
  const service = await startWebService(t);
  const open = await world.expose(t, [service.address, 'http', '--public', '--name', 'open']);
  const login = await world.expose(t, [service.address, 'http', '--name', 'login']);
  const ann = await world.createUser({ email: 'ann@example.com' });
  const visitor = world.visitor();
  assert.equal((await visitor.signIn(`${login.url}/`, ann)).status, 200);
  return [open, login, world, visitor];
}

async function startServiceProcess(by: Owner, port: number): Promise<SpawnedProcess> {
  const child = spawnProcess(by, NODE, [join(ROOT, 'e2e/harness/run-web-service.ts'), String(port)]);
  await child.waitForLine(/^listening on/);
  return child;
}

/** Oldest first. */
function snapshotFiles(world: World): string[] {
  const directory = join(world.gatewayDirectory, 'snapshots');
  return readdirSync(directory)
    .filter((name) => /^snapshot-\d+\.json$/.test(name))
    .sort((a, b) => Number(/\d+/.exec(a)![0]) - Number(/\d+/.exec(b)![0]))
    .map((name) => join(directory, name));
}

/** Takes all the room that is left on a small file system. */
function fillUp(file: string): void {
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=4k'], { stdio: 'pipe' });
  } catch {
    // It ends with "no space left on device", as it should.
  }
}
