/** How long a gateway may decide without its console, tried: allowed before the bound, refused after it, whatever is done to the gateway. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, before, describe, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { fileOwner } from './harness/file-owner.ts';
import type { Visitor } from './harness/visitor.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type World } from './harness/world.ts';

const owner = fileOwner();
/** Of the gateway, as of its next start. */
const clock = { aheadMs: 0 };
const CLOCK_AHEAD = join(import.meta.dirname, 'harness/clock-ahead.mjs');
/** The console takes five minutes at least; snapshots and gateways know no lowest bound. */
const BOUND_SECONDS = 8;
const EXPIRED = /access\.snapshot_expired/;

describe('an organization that bounds how long its gateways decide without the console', () => {
  let world: World;
  let service: WebService;
  let open: Exposed;
  let raw: Exposed;
  let visitor: Visitor;

  before(async () => {
    world = await startWorld(owner, {
      place(role, command, args) {
        // Ready or not, it is there: what has expired is not ready.
        if (command === 'curl') return [command, args.map((arg) => (arg === '-sf' ? '-s' : arg))];
        if (role !== 'gateway' || clock.aheadMs === 0) return [command, args];
        return [
          'env',
          [`ZERONAUT_TEST_AHEAD_MS=${clock.aheadMs}`, `NODE_OPTIONS=--import=${CLOCK_AHEAD}`, command, ...args],
        ];
      },
    });
    service = await startWebService(owner);
    open = await world.expose(owner, [service.address, 'http', '--name', 'open', '--public']);
    raw = await world.expose(owner, [service.address, 'tcp', '--name', 'raw', '--public']);
    visitor = world.visitor();
    await setBound(BOUND_SECONDS);
  });
  afterEach((t) => world.showLogsOnFailure(t));

  /** Past the API, which takes no such short one. */
  async function setBound(seconds: number): Promise<void> {
    await world.console.kill();
    const database = new DatabaseSync(join(world.home, 'console/zeronaut.db'));
    database.prepare('update organizations set snapshot_max_age_seconds = ?').run(seconds);
    database.close();
    await world.console.start();
    await waitFor(async () => (await lease()).maxAgeSeconds === seconds, {
      what: 'the gateway runs with the bound',
      timeoutMs: 20_000,
    });
  }

  async function readiness(): Promise<{
    ready: boolean;
    listeners?: unknown[];
    lease: { maxAgeSeconds: number | null; expired: boolean };
  }> {
    return (await fetch(`http://127.0.0.1:${world.managementPort}/readyz`)).json() as ReturnType<typeof readiness>;
  }

  const lease = async () => (await readiness()).lease;

  async function startCold(aheadMs: number): Promise<void> {
    await world.gateway.kill('SIGKILL');
    clock.aheadMs = aheadMs;
    await world.gateway.start();
    await waitFor(async () => (await readiness()).listeners !== undefined, { what: 'its listeners' });
    assert.equal((await readiness()).ready, false);
  }

  async function assertRefused(path: string): Promise<void> {
    const answer = await visitor.ask(`${open.url}${path}`);
    assert.equal(answer.status, 503, answer.body);
    assert.match(answer.body, EXPIRED);
    assert.equal(
      service.requests.some(({ url }) => url === path),
      false,
    );
  }

  it('goes on for as long as the console is there, far beyond the bound', async () => {
    const until = performance.now() + BOUND_SECONDS * 1_250;
    while (performance.now() < until) {
      assert.equal((await visitor.ask(`${open.url}/there`)).status, 200);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    assert.equal((await lease()).expired, false);
  });

  it('goes on for a while without it, and then refuses everything and ends what is open', async (t) => {
    const socket = connect(raw.port, '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    await once(socket, 'connect');
    socket.write('GET /held HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    await world.console.kill('SIGKILL');
    const killedAt = performance.now();
    assert.equal((await visitor.ask(`${open.url}/away`)).body, 'GET /away\n');
    let letInMs = 0;
    const page = await waitFor(
      async () => {
        const askedMs = performance.now() - killedAt;
        const answer = await visitor.ask(`${open.url}/bounded`);
        if (answer.status === 200) letInMs = askedMs;
        return answer.status === 200 ? null : answer;
      },
      { what: 'the bound', timeoutMs: 30_000, intervalMs: 100 },
    );
    t.diagnostic(
      `let in until ${Math.round(letInMs)} ms after the console was killed, with ${BOUND_SECONDS} s allowed`,
    );
    assert.ok(letInMs > 0 && letInMs <= BOUND_SECONDS * 1_000, 'never late');
    assert.equal(page.status, 503);
    assert.match(page.body, EXPIRED);
    await closed;
    assert.equal((await lease()).expired, true);
    assert.match(world.gateway.output(), /everything is refused until it is/);
    await assertRefused('/refused');
  });

  it('refuses after kill -9 and a cold start, and with the clock set back', async () => {
    for (const aheadMs of [0, -3_600_000, -(BOUND_SECONDS * 1_000), 0]) {
      await startCold(aheadMs);
      await assertRefused(`/cold${aheadMs}`);
    }
  });

  it('opens within a moment of the link, without a restart', async (t) => {
    await world.console.start();
    await waitFor(() => world.gateway.output().split('console link up').length > 2, {
      what: 'the link',
      timeoutMs: 20_000,
    });
    const linkedAt = performance.now();
    await waitFor(async () => (await lease()).expired === false, { what: 'it decides again', intervalMs: 20 });
    t.diagnostic(`decides ${Math.round(performance.now() - linkedAt)} ms after the link was up`);
    await waitFor(async () => (await visitor.ask(`${open.url}/back`)).status === 200, {
      what: 'the service, whose agent dials again',
      timeoutMs: 20_000,
    });
  });
});
