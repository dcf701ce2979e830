/** Addresses that people authorise for raw ports: made on a gateway's portal, seen and ended at the console, whichever of the two is away. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type { AddressGrantView } from '@zeronaut/model';
import { recordingUpstream, waitFor } from '@zeronaut/testkit';
import type { Api } from './harness/api.ts';
import { fileOwner } from './harness/file-owner.ts';
import type { Visitor } from './harness/visitor.ts';
import { startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
/** Several times what it takes, on a machine that does something else, too. */
const WITHIN_MS = 1_000;

describe('authorised addresses', () => {
  let world: World;
  let upstream: Awaited<ReturnType<typeof recordingUpstream>>;
  let resource: { readonly id: string; readonly name: string };
  let port: number;
  let ann: User;
  let api: Api;
  let visitor: Visitor;
  const open = new Set<Socket>();

  before(async () => {
    world = await startWorld(owner);
    upstream = await recordingUpstream(owner, (socket, chunk) => socket.write(chunk));
    ann = await world.createUser({ email: 'ann@example.com' });
    api = world.api.as(ann.token);
    port = world.portRange.from;
    // Without an agent: what lets in is looked at, and nothing else is missing.
    resource = await world.api.call('resources.create', {
      body: {
        ...{ name: 'database', protocol: 'tcp', port },
        ...{ targets: [{ address: upstream.address }], access: { mode: 'login' } },
      } as never,
    });
    visitor = world.visitor();
    await visitor.signIn(world.portalUrl, ann);
  });
  after(() => {
    for (const socket of open) socket.destroy();
  });
  afterEach((t) => world.showLogsOnFailure(t));

  /** A client as that of a database: one connection, kept, that answers. Null: it was closed without a byte. */
  async function connection(): Promise<Socket | null> {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const answered = new Promise<boolean>((resolve) => {
      socket.once('data', () => resolve(true)).once('close', () => resolve(false));
    });
    socket.write('select 1');
    return (await answered) ? socket : null;
  }
  const mine = async () => (await api.call('me.listAddresses', {})).items;
  async function authorise(): Promise<void> {
    const home = await visitor.open(world.portalUrl);
    const answer = await visitor.submit(home, { resource: resource.id, hours: '1' }, '/grants');
    assert.equal(answer.status, 200, answer.body);
  }
  /** The one that is not in `before`. */
  async function told(before: readonly AddressGrantView[]): Promise<AddressGrantView> {
    const known = new Set(before.map(({ id }) => id));
    return await waitFor(async () => (await mine()).find(({ id }) => !known.has(id)), {
      what: 'the console knows of it',
      timeoutMs: 15_000,
    });
  }
  const audited = async (objectId: string) =>
    (await world.api.call('audit.list', { query: { objectId } as never })).items
      .map(({ action, actor }) => `${action} ${actor.id}`)
      .toReversed();

  it('one is seen at the console, and ended there within a second, with its connections', async (t) => {
    assert.equal(await connection(), null, 'nobody is authorised yet');
    await authorise();
    const socket = await connection();
    assert.ok(socket, 'the address is authorised');
    const grant = await told([]);
    assert.equal(grant.address, '127.0.0.1');
    assert.equal(grant.resource, 'database');
    assert.equal(grant.userId, ann.id);
    assert.ok(Date.parse(grant.expiresAt) - Date.parse(grant.createdAt) === 3_600_000);
    assert.match((await world.zeronautAs(ann, ['me', 'addresses'])).stdout, /127\.0\.0\.1 +database/);

    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const started = performance.now();
    await api.call('me.deleteAddress', { params: { id: grant.id } });
    await closed;
    const tookMs = performance.now() - started;
    t.diagnostic(`cut ${Math.round(tookMs)} ms after the call`);
    assert.ok(tookMs < WITHIN_MS, `cut after ${tookMs} ms`);
    assert.equal(await connection(), null);
    assert.deepEqual(await mine(), []);
    assert.deepEqual(await audited(grant.id), [`address_grant.create ${ann.id}`, `address_grant.revoke ${ann.id}`]);
    const cut = await waitFor(
      async () => (await world.accessEvents({ resourceId: resource.id })).find(({ bytesIn }) => bytesIn > 0),
      { what: 'the event of the connection' },
    );
    assert.equal(cut.reason, 'access.address_unknown', JSON.stringify(cut));
  });

  it('an administrator ends one, and what the person ended on the portal is not open at the console', async () => {
    await authorise();
    const first = await told([]);
    const listed = await world.api.call('addresses.list', { query: { userId: ann.id, open: 'true' } as never });
    assert.deepEqual(
      listed.items.map(({ id }) => id),
      [first.id],
    );
    assert.match((await world.zeronaut(['addresses', '--user', ann.email])).stdout, /ann@example\.com +127\.0\.0\.1/);
    const ended = await world.zeronaut(['addresses', 'end', first.id]);
    assert.equal(ended.code, 0, ended.stderr);
    await waitFor(async () => (await connection()) === null, { what: 'it lets nobody in' });

    await authorise();
    const second = await told([]);
    await visitor.submit(await visitor.open(world.portalUrl), {}, '/grants/revoke');
    await waitFor(async () => (await mine()).length === 0, { what: 'the console knows of the end' });
    assert.deepEqual(await audited(second.id), [`address_grant.create ${ann.id}`, `address_grant.revoke ${ann.id}`]);
  });

  it('the console is told afterwards of what was authorised, extended and ended while it was away', async () => {
    await world.console.kill('SIGKILL');
    await authorise();
    assert.ok(await connection(), 'a gateway needs nobody for it');
    await visitor.submit(await visitor.open(world.portalUrl), {}, '/grants/revoke');
    assert.equal(await connection(), null);
    await authorise();
    const before = performance.now();
    await world.console.start();
    const grant = await told([]);
    assert.ok(performance.now() - before < 30_000);
    const entries = (await world.api.call('audit.list', { query: { action: 'address_grant.*', limit: 3 } as never }))
      .items;
    assert.deepEqual(entries.map(({ action, objectId }) => [action, objectId === grant.id]).toReversed(), [
      ['address_grant.create', false],
      ['address_grant.revoke', false],
      ['address_grant.create', true],
    ]);
    // A link that breaks and comes back adds nothing.
    await world.console.kill('SIGKILL');
    await world.console.start();
    await waitFor(
      async () => (await world.api.call('gateways.list', {})).items.every(({ connected }) => connected === true),
      { what: 'the gateway is back', timeoutMs: 15_000 },
    );
    assert.deepEqual(
      (await mine()).map(({ id }) => id),
      [grant.id],
    );
    assert.deepEqual(await audited(grant.id), [`address_grant.create ${ann.id}`]);
  });

  it('a gateway that starts cold without its console keeps it', async () => {
    await world.console.kill('SIGKILL');
    await world.gateway.kill('SIGKILL');
    await world.gateway.start();
    await waitFor(() => connection(), { what: 'the address is still authorised', timeoutMs: 10_000 });
    await world.console.start();
  });

  it('what was ended while the gateway was off lets nobody in when it is back', async () => {
    const [grant] = await waitFor(
      async () => {
        const items = await mine();
        return items.length === 1 ? items : null;
      },
      { what: 'it is open', timeoutMs: 15_000 },
    );
    await world.gateway.kill('SIGKILL');
    assert.deepEqual(await api.call('me.deleteAddresses', {}), { ended: 1 });
    const letIn: (Socket | null)[] = [];
    let refused = 0;
    let started = false;
    const start = world.gateway.start().then(() => {
      started = true;
    });
    // From its first moment on, as fast as it answers.
    const giveUpAt = performance.now() + 40_000;
    while ((!started || refused < 20) && performance.now() < giveUpAt) {
      const socket = connect(port, '127.0.0.1');
      const outcome = await new Promise<'closed' | 'let in' | 'no port'>((resolve) => {
        socket.once('connect', () => socket.write('select 1')).on('error', () => undefined);
        socket.once('data', () => resolve('let in'));
        socket.once('close', () => resolve(socket.bytesWritten > 0 ? 'closed' : 'no port'));
      });
      socket.destroy();
      if (outcome === 'let in') letIn.push(socket);
      if (outcome === 'closed') refused++;
    }
    await start;
    assert.ok(refused >= 20, 'connections were tried');
    assert.equal(letIn.length, 0, `${letIn.length} connections were let in, ${refused} were not`);
    assert.deepEqual(await audited(grant!.id), [`address_grant.create ${ann.id}`, `address_grant.revoke ${ann.id}`]);
  });
});
