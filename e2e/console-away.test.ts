/** The sentence that sets us apart, tried: the edge never needs the console. One story, told in order. */
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { waitFor } from '@zeronaut/testkit';
import { fileOwner } from './harness/file-owner.ts';
import type { Visitor } from './harness/visitor.ts';
import { startWebService, type WebService } from './harness/web-service.ts';
import { type Exposed, startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
/** Requests while the console is away: enough for several batches of the event sender. */
const REQUESTS = 2_500;

describe('with the console gone', () => {
  let world: World;
  let service: WebService;
  let open: Exposed;
  let login: Exposed;
  let ann: User;
  let visitor: Visitor;

  before(async () => {
    world = await startWorld(owner);
    service = await startWebService(owner);
    open = await world.expose(owner, [service.address, 'http', '--name', 'open', '--public']);
    login = await world.expose(owner, [service.address, 'http', '--name', 'login']);
    ann = await world.createUser({ email: 'ann@example.com' });
    visitor = world.visitor();
    assert.equal((await visitor.signIn(`${login.url}/before`, ann)).status, 200);
    assert.equal((await visitor.ask(`${open.url}/before`)).status, 200);
    await waitFor(async () => (await world.accessEvents({ resourceId: open.id })).length === 1, { what: 'the event' });
    await world.console.kill('SIGKILL');
  });
  afterEach((t) => world.showLogsOnFailure(t));

  it('serves on', async () => {
    assert.equal((await visitor.ask(`${open.url}/away`)).body, 'GET /away\n');
    assert.equal((await visitor.ask(`${login.url}/away`)).body, 'GET /away\n');
  });

  it('serves after gateway and agents were killed and started cold', async (t) => {
    await world.gateway.kill('SIGKILL');
    await open.kill();
    await login.kill();
    const started = performance.now();
    await world.gateway.start();
    t.diagnostic(`gateway up after ${Math.round(performance.now() - started)} ms`);
    [open, login] = await Promise.all([
      world.expose(owner, [service.address, 'http', '--name', 'open', '--public']),
      world.expose(owner, [service.address, 'http', '--name', 'login']),
    ]);
    assert.equal((await visitor.ask(`${open.url}/cold`)).body, 'GET /cold\n');
    assert.equal((await visitor.ask(`${login.url}/cold`)).body, 'GET /cold\n');
    t.diagnostic(`both services again after ${Math.round(performance.now() - started)} ms`);
  });

  it('lets an existing sign-in reach a service that it has not visited', async () => {
    // The portal session is enough: the gateway mints the service's session itself.
    const page = await visitor.open(world.portalUrl);
    assert.match(page.body, /ann@example\.com/);
  });

  it('still refuses what is forged', async () => {
    const session = visitor
      .cookies()
      .find(({ name, host }) => name === '__Host-zn_session' && host === login.host)!.value;
    const [head, payload, signature] = session.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const forgeries = {
      'another signature': `${head}.${payload}.${signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))}`,
      'another user': `${head}.${encode({ ...claims, sub: 'usr_00000000000000000000000000' })}.${signature}`,
      'a longer life': `${head}.${encode({ ...claims, exp: (claims.exp as number) + 3600 })}.${signature}`,
      'no algorithm': `${encode({ alg: 'none', typ: 'zn-session+jwt' })}.${payload}.`,
      'a shared secret': `${encode({ alg: 'HS256', typ: 'zn-session+jwt' })}.${payload}.${signature}`,
      nothing: '',
    };
    for (const [title, cookie] of Object.entries(forgeries)) {
      const answer = await world
        .visitor()
        .ask(`${login.url}/forged`, { headers: { cookie: `__Host-zn_session=${cookie}` } });
      assert.equal(answer.status, 401, title);
    }
    assert.equal(service.requests.filter(({ url }) => url === '/forged').length, 0);
  });

  it('says that a new sign-in has to wait', async () => {
    const page = await world.visitor().signIn(`${login.url}/x`, ann);
    assert.match(page.body, /access\.unavailable|while the console is away/);
    assert.equal(page.status, 503);
  });

  it('keeps every event, and the console gets each of them once', async (t) => {
    // curl takes a range: one process, many requests, one connection.
    const answers = await visitor.askMany(`${open.url}/counted-[1-${REQUESTS}]`);
    assert.equal(answers, REQUESTS);

    const started = performance.now();
    await world.console.start();
    const counted = await waitFor(
      async () => {
        const events = await world.accessEvents({ resourceId: open.id });
        const found = events.filter(({ path }) => path.startsWith('/counted-'));
        return found.length >= REQUESTS ? found : null;
      },
      { what: `${REQUESTS} events in the console`, timeoutMs: 30_000, intervalMs: 100 },
    );
    t.diagnostic(
      `${REQUESTS} events were there ${Math.round(performance.now() - started)} ms after the console's start`,
    );
    assert.equal(counted.length, REQUESTS);
    assert.equal(new Set(counted.map(({ path }) => path)).size, REQUESTS);

    // Every number once, and none missing, over the whole life of this gateway.
    const all = await world.accessEvents({});
    const byEpoch = Map.groupBy(all, ({ gatewayId, epoch }) => `${gatewayId} ${epoch}`);
    for (const [epoch, events] of byEpoch) {
      const numbers = events.map(({ seq }) => seq).toSorted((a, b) => a - b);
      assert.deepEqual(
        numbers,
        Array.from({ length: numbers.length }, (_, index) => index + 1),
        epoch,
      );
    }
    assert.equal(byEpoch.size, 1, 'one spool, one epoch');
  });

  it('lets people sign in again', async () => {
    const answer = await waitFor(
      async () => {
        const page = await world.visitor().signIn(`${login.url}/again`, ann);
        return page.status === 200 ? page : null;
      },
      { what: 'a sign-in works again', timeoutMs: 15_000 },
    );
    assert.equal(answer.body, 'GET /again\n');
  });

  it('comes back from a backup, and gateways find it again', async () => {
    const file = join(world.home, 'zeronaut.backup');
    const env = { ZERONAUT_BACKUP_PASSPHRASE: 'a long passphrase' };
    const made = await world.zeronaut(['console', 'backup', file], { env });
    assert.equal(made.code, 0, made.stderr);
    await world.api.call('resources.create', { body: { name: 'late', targets: [{ address: service.address }] } });
    await world.console.kill('SIGKILL');
    const data = join(world.home, 'console');
    const refused = await world.zeronaut(['console', 'restore', file], { env });
    assert.match(refused.stderr, /is there already/);
    renameSync(data, `${data}-lost`);
    const restored = await world.zeronaut(['console', 'restore', file], { env });
    assert.equal(restored.code, 0, restored.stderr);
    await world.console.start();
    const names = (await world.api.call('resources.list', {})).items.map(({ name }) => name);
    assert.deepEqual(names.sort(), ['login', 'open'], 'as it was');
    await waitFor(async () => (await world.api.call('gateways.list', {})).items[0]?.connected === true, {
      what: 'the gateway is there',
      timeoutMs: 20_000,
    });
    // It runs a newer snapshot than the restored console ever made: what comes next counts on from it.
    const after = await world.expose(owner, [service.address, 'http', '--name', 'after', '--public']);
    assert.equal((await visitor.ask(`${after.url}/restored`)).body, 'GET /restored\n');
    assert.equal((await visitor.ask(`${open.url}/restored`)).body, 'GET /restored\n');
  });
});
