/** Policies from files to gateways: applied with one command, decided at the edge, explained, and at once on what is open. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, before, describe, it, type TestContext } from 'node:test';
import { recordingUpstream, temporaryDirectory, waitFor } from '@zeronaut/testkit';
import { URI } from 'otpauth';
import WebSocket from 'ws';
import { fileOwner } from './harness/file-owner.ts';
import type { Visitor } from './harness/visitor.ts';
import { startWebService } from './harness/web-service.ts';
import { startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;
let files = 0;

before(async () => {
  world = await startWorld(owner);
});
afterEach((t) => world.showLogsOnFailure(t));

/** Applies one file as the only policies that there are, and waits until the gateway runs with them. */
async function apply(text: string): Promise<void> {
  const file = join(temporaryDirectory('policies'), `${++files}.cedar`);
  writeFileSync(file, text);
  const { code, stderr } = await world.zeronaut(['policy', 'apply', '-f', file, '--prune']);
  assert.equal(code, 0, stderr);
  await gatewayIsCurrent();
}

async function removeAll(): Promise<void> {
  for (const { id } of (await world.api.call('policies.list', {})).items) {
    await world.api.call('policies.delete', { params: { id } });
  }
  await gatewayIsCurrent();
}

/** The gateway has applied what the console would send now: a change of ours came through. */
async function gatewayIsCurrent(): Promise<void> {
  const name = `probe-${++files}`;
  const created = await world.api.call('resources.create', { body: { name, targets: [{ address: '127.0.0.1:9' }] } });
  const visitor = world.visitor();
  const url = `https://${name}.${world.baseDomain}:${world.httpsPort}/`;
  const known = async () => (await visitor.ask(url).catch(() => ({ status: 404 }))).status !== 404;
  await waitFor(known, { what: 'the gateway has the newest snapshot' });
  await world.api.call('resources.delete', { params: { id: created.id } });
}

async function publish(t: TestContext, name: string, access: object = {}) {
  const service = await startWebService(t);
  const body = { name, access, targets: [{ address: `127.0.0.1:${service.port}` }] };
  const resource = await world.api.call('resources.create', { body });
  await gatewayIsCurrent();
  return { ...resource, url: `https://${name}.${world.baseDomain}:${world.httpsPort}/hello` };
}

async function lastEvent(resourceId: string, effect: string) {
  return await waitFor(
    async () => (await world.accessEvents({ resourceId })).find((event) => event.effect === effect),
    { what: `an access event with ${effect}` },
  );
}

describe('policies', () => {
  it('are checked without a console, and each mistake has its place', async () => {
    const directory = temporaryDirectory('policies');
    mkdirSync(join(directory, 'team'));
    writeFileSync(join(directory, 'a.cedar'), '@id("a")\npermit(principal, action, resource);\n');
    writeFileSync(
      join(directory, 'team/b.cedar'),
      '// two of them\n@id("b")\npermit(principal, action, resource)\nwhen { context.rsk < 5 };\n\n@id("c")\npermit(principal in Group::"x", action == Action::"read", resource) when { resource is Site };\n',
    );
    const { code, stderr } = await world.zeronaut(['policy', 'check', directory]);
    assert.equal(code, 2);
    assert.match(stderr, /team\/b\.cedar:4:\d+: attribute `rsk` in context not found \(did you mean `risk`\?\)/);
    assert.match(stderr, /team\/b\.cedar:6:\d+: policy is impossible/);
    writeFileSync(join(directory, 'team/b.cedar'), '@id("b") forbid(principal, action, resource);');
    const good = await world.zeronaut(['policy', 'check', directory]);
    assert.equal(good.stdout, '2 policies are right.\n', good.stderr);
  });

  it('let in whom no rule names, keep out whom one does, and say which policy it was', async (t) => {
    const wiki = await publish(t, 'wiki', { mode: 'policy' });
    const ann = await world.createUser({ email: 'ann@example.com', groups: ['dev'] });
    const bob = await world.createUser({ email: 'bob@example.com', groups: ['sales'] });
    const [as, other] = [world.visitor(), world.visitor()];
    assert.equal((await as.signIn(wiki.url, ann)).status, 403, 'nothing permits it yet');

    await apply(`
      @id("developers") permit(principal in Group::"dev", action in Action::"access", resource in Segment::"internal");
      @id("read-only") @advice("The wiki is read-only this week.")
      forbid(principal, action == Action::"write", resource in Segment::"internal");`);
    const set = await world.zeronaut(['policy', 'segments', 'wiki', 'internal']);
    assert.equal(set.stdout, 'resource wiki: internal\n', set.stderr);
    await gatewayIsCurrent();

    assert.equal((await as.open(wiki.url)).status, 200);
    assert.equal((await other.signIn(wiki.url, bob)).status, 403, 'not a developer');
    const posted = await as.open(wiki.url, { method: 'POST', body: 'x' });
    assert.equal(posted.status, 403);
    assert.match(posted.body, /The wiki is read-only this week\./);

    const denied = await waitFor(
      async () =>
        (await world.accessEvents({ resourceId: wiki.id })).find(({ reason }) => reason === 'access.policy_forbids'),
      { what: 'the event of what was forbidden' },
    );
    const policies = (await world.api.call('policies.list', {})).items;
    const idOf = (name: string) => policies.find((policy) => policy.name === name)!.id;
    assert.deepEqual(denied.explanation?.policies, [idOf('read-only')]);
    assert.ok(posted.body.includes(denied.requestId), 'the page and the event have one request id');
    const passed = await lastEvent(wiki.id, 'pass');
    assert.equal(passed.reason, 'access.policy');
    assert.deepEqual(passed.explanation?.policies, [idOf('developers')]);

    const asked = await world.zeronaut([
      'policy',
      'simulate',
      'wiki',
      '--user',
      'ann@example.com',
      '--action',
      'write',
    ]);
    assert.match(asked.stdout, /^deny {2}A policy forbids this \(access\.policy_forbids\)/);
    assert.match(asked.stdout, /→ forbid read-only: holds/);
    const reach = await world.zeronaut(['policy', 'reach', '--object', 'wiki', '--json']);
    assert.deepEqual(
      JSON.parse(reach.stdout).map(({ email, actions }: { email: string; actions: { effect: string }[] }) => [
        email,
        actions.map(({ effect }) => effect).join(' '),
      ]),
      [['ann@example.com', 'pass deny pass']],
    );
    await removeAll();
  });

  it('in report mode change nothing, are in the events, and replay tells beforehand', async (t) => {
    const app = await publish(t, 'reported');
    const user = await world.createUser({ email: 'rita@example.com', groups: ['ops'] });
    const visitor = world.visitor();
    assert.equal((await visitor.signIn(app.url, user)).status, 200);

    const directory = temporaryDirectory('policies');
    const text = (mode: string) =>
      `@id("no-ops") @mode("${mode}")\nforbid(principal in Group::"ops", action, resource)\nwhen { context.address.isInRange(ip("127.0.0.0/8")) };\n`;
    writeFileSync(join(directory, 'ops.cedar'), text('enforce'));
    await lastEvent(app.id, 'pass');
    const replayed = await world.zeronaut(['policy', 'replay', '-f', directory]);
    assert.match(
      replayed.stdout,
      /rita@example\.com loses reported: \d+ requests, access\.session → access\.policy_forbids by no-ops/,
    );

    await apply(text('report'));
    assert.equal((await visitor.open(app.url)).status, 200);
    const event = await waitFor(
      async () => (await world.accessEvents({ resourceId: app.id })).find(({ explanation }) => explanation?.reported),
      { what: 'what the report-only policy would have done' },
    );
    assert.deepEqual([event.effect, event.explanation?.reported?.effect], ['pass', 'deny']);

    const enforced = await world.zeronaut(['policy', 'mode', 'no-ops', 'enforce']);
    assert.equal(enforced.stdout, 'no-ops: report → enforce.\n', enforced.stderr);
    await waitFor(async () => (await visitor.open(app.url)).status === 403, { what: 'the policy is enforced' });
    const { facts } = (await lastEvent(app.id, 'deny')).explanation!;
    assert.deepEqual(facts, { address: '127.0.0.1' });

    const back = await world.zeronaut(['policy', 'roll-back', 'no-ops', '1']);
    assert.match(back.stdout, /is as in version 1/);
    await waitFor(async () => (await visitor.open(app.url)).status === 200, { what: 'it only reports again' });
    await removeAll();
  });

  it('step back for whoever was approved by two, until somebody ends it', async (t) => {
    const safe = await publish(t, 'safe', { mode: 'policy' });
    const ask = await world.createUser({ email: 'ida@example.com' });
    const approvers = await Promise.all(
      ['one@example.com', 'two@example.com'].map((email) => world.createUser({ email, groups: ['approvers'] })),
    );
    const visitor = world.visitor();
    const refused = await visitor.signIn(safe.url, ask);
    assert.equal(refused.status, 403);
    assert.match(refused.body, /zeronaut requests create/);
    assert.match(refused.body, /\/requests\?object=safe" rel="noreferrer">Ask for access/);
    const rule = await world.zeronaut(['requests', 'approvers', 'safe', '--by', 'group:approvers', '--needed', '2']);
    assert.equal(rule.stdout, 'safe: 2 of group:approvers, at most 8 hours.\n', rule.stderr);

    const mine = world.api.as(ask.token);
    const { id } = await mine.call('accessRequests.create', { body: { object: 'safe', reason: 'incident 4711' } });
    for (const { token } of approvers) {
      assert.equal((await visitor.open(safe.url)).status, 403, 'one approval is not enough');
      const body = { effect: 'approve' } as const;
      await world.api.as(token).call('accessRequests.decide', { params: { id }, body });
    }
    const opened = async (status: number) => (await visitor.open(safe.url)).status === status;
    await waitFor(() => opened(200), { what: 'the approved request counts at the gateway' });
    assert.equal((await lastEvent(safe.id, 'pass')).reason, 'access.granted');

    await world.console.kill();
    assert.ok(await opened(200), 'the gateway knows it by itself');
    await world.console.start();
    const shown = await world.zeronaut(['requests', 'show', id]);
    assert.match(shown.stdout, /approved, 2 of 2 approved/);
    const ended = await world.zeronaut(['requests', 'end', id]);
    assert.equal(ended.stdout, 'The request of ida@example.com for safe is ended.\n', ended.stderr);
    await waitFor(() => opened(403), { what: 'it has ended' });
  });

  it('are refused when an assertion would break, and nothing has changed then', async (t) => {
    await publish(t, 'guarded');
    await world.createUser({ email: 'gil@example.com' });
    const file = join(temporaryDirectory('assertions'), 'assertions.yaml');
    writeFileSync(
      file,
      'assertions:\n  - { name: Gil reads, user: gil@example.com, action: read, object: guarded, expect: pass }\n',
    );
    const set = await world.zeronaut(['policy', 'test', '-f', file]);
    assert.equal(set.code, 0, set.stderr);
    const policy = join(temporaryDirectory('policies'), 'all.cedar');
    writeFileSync(policy, '@id("nobody") forbid(principal, action, resource);');
    const { code, stderr } = await world.zeronaut(['policy', 'apply', '-f', policy]);
    assert.notEqual(code, 0);
    assert.match(stderr, /Gil reads: pass was expected, it is deny \(access\.policy_forbids\)/);
    assert.deepEqual((await world.api.call('policies.list', {})).items, []);
    writeFileSync(file, 'assertions: []\n');
    assert.equal((await world.zeronaut(['policy', 'test', '-f', file])).code, 0);
  });

  it('ask for a second factor where it matters, and the portal leads there', async (t) => {
    const vault = await publish(t, 'vault');
    const user = await world.createUser({ email: 'sue@example.com' });
    const visitor = world.visitor();
    assert.equal((await visitor.signIn(vault.url, user)).status, 200);
    const totp = await enrolTotp(user);
    await apply(
      '@id("two-factors") @step_up forbid(principal, action, resource) unless { context.factors.contains("totp") };',
    );
    const form = await visitor.open(vault.url);
    assert.match(form.body, /A stronger or fresher sign-in is required/);
    assert.equal(new URL(form.url).hostname, world.portalHost);
    const { email, password } = user;
    assert.equal((await visitor.submit(form, { email, password, code: totp() })).status, 200);
    await removeAll();
  });
});

async function enrolTotp(user: User): Promise<() => string> {
  const api = world.api.as(user.token);
  const { uri } = await api.call('factors.startTotp', {});
  const totp = URI.parse(uri);
  // The code of the next half minute: one that was used is not good again.
  await api.call('factors.confirmTotp', { body: { code: totp.generate({ timestamp: Date.now() }) } });
  return () => totp.generate({ timestamp: Date.now() + 30_000 });
}

describe('what is open already', () => {
  const COUNT = 200;

  /** Opens TCP connections and WebSockets, half and half, and waits until the change has closed each. Gives p99, ms. */
  async function closedBy(open: Open, change: () => Promise<unknown>): Promise<number> {
    const startedAt = performance.now();
    const done = change();
    const late = AbortSignal.timeout(20_000);
    const never = new Promise<number>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error('some connections are still open after 20 s')));
    });
    const times = await Promise.all(open.map((closed) => Promise.race([closed.then((at) => at - startedAt), never])));
    await done;
    times.sort((a, b) => a - b);
    assert.equal(times.length, COUNT);
    return times[Math.ceil(times.length * 0.99) - 1]!;
  }

  type Open = readonly Promise<number>[];

  it(`is closed within a second: policy, risk, group, session, removal, and with the console off`, async (t) => {
    const echo = await recordingUpstream(t, (socket, chunk) => void socket.write(chunk));
    const web = await startWebService(t);
    const body = { name: 'sockets', targets: [{ address: `127.0.0.1:${web.port}` }] };
    const http = await world.api.call('resources.create', { body });
    const tcp = await world.api.call('resources.create', {
      body: { name: 'raw', protocol: 'tcp', targets: [{ address: echo.address }] },
    });
    await gatewayIsCurrent();
    let count = 0;

    let previous: string | null = null;
    const start = async (): Promise<{ user: User; visitor: Visitor; open: Open }> => {
      // Whoever authorised the same address before would keep the port open for this one, too.
      if (previous !== null) await update(previous, { status: 'disabled' });
      const user = await world.createUser({ email: `open-${++count}@example.com`, groups: ['open'] });
      previous = user.id;
      await gatewayIsCurrent();
      const visitor = world.visitor();
      const home = await visitor.signIn(world.portalUrl, user);
      await visitor.submit(home, { resource: tcp.id, hours: '1' }, '/grants');
      const url = `https://sockets.${world.baseDomain}:${world.httpsPort}/`;
      assert.equal((await visitor.open(url)).status, 200);
      const cookie = visitor
        .cookies()
        .filter(({ host }) => host.startsWith('sockets.'))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
      const sockets = Array.from({ length: COUNT / 2 }, () => openTcp(tcp.port!));
      const webSockets = Array.from({ length: COUNT / 2 }, () => openWebSocket(url, cookie));
      const ready = await Promise.all([...sockets, ...webSockets]);
      return { user, visitor, open: ready.map(({ closed }) => closed) };
    };
    const openTcp = async (port: number) => {
      const socket: Socket = connect(port, '127.0.0.1');
      t.after(() => socket.destroy());
      const closed = new Promise<number>((resolve) => {
        socket.on('error', () => undefined).on('close', () => resolve(performance.now()));
      });
      await new Promise<void>((resolve, reject) => {
        socket.once('data', () => resolve()).once('close', () => reject(new Error('refused')));
        socket.write('hello');
      });
      return { closed };
    };
    const openWebSocket = async (url: string, cookie: string) => {
      const options = { ...world.clientOptions, headers: { cookie } };
      const socket = new WebSocket(`${url.replace('https:', 'wss:')}echo`, options);
      t.after(() => socket.terminate());
      const closed = new Promise<number>((resolve) => {
        socket.on('error', () => undefined).on('close', () => resolve(performance.now()));
      });
      await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject));
      return { closed };
    };

    const within = (what: string, p99: number) => {
      t.diagnostic(`${what}: ${Math.round(p99)} ms at p99 of ${COUNT} connections`);
      assert.ok(p99 < 1_000, `${what}: ${Math.round(p99)} ms`);
    };

    const byPolicy = await start();
    const text = 'forbid(principal in Group::"open", action, resource);';
    const create = () => world.api.call('policies.create', { body: { name: 'shut', text } });
    within('a policy', await closedBy(byPolicy.open, create));
    const { reason, explanation } = await lastEvent(tcp.id, 'deny');
    assert.equal(reason, 'access.policy_forbids');
    assert.equal(explanation?.policies.length, 1);
    await removeAll();

    await world.api.call('policies.create', {
      body: { name: 'risky', text: 'forbid(principal, action, resource) when { context.risk > 70 };' },
    });
    const byRisk = await start();
    const risk = { params: { id: byRisk.user.id }, body: { score: 80, reason: 'stolen' } };
    within('risk', await closedBy(byRisk.open, () => world.api.call('risks.set', risk)));
    await removeAll();

    await world.api.call('policies.create', {
      body: { name: 'group', text: 'forbid(principal, action, resource) unless { principal in Group::"open" };' },
    });
    const byGroup = await start();
    const leave = () => update(byGroup.user.id, { groups: [] });
    within('a group', await closedBy(byGroup.open, leave));
    await removeAll();

    const bySession = await start();
    const revoke = async () => {
      const { items } = await world.api.call('sessions.list', {});
      const own = items.filter(({ userId, kind }) => userId === bySession.user.id && kind === 'portal');
      await Promise.all(own.map(({ id }) => world.api.call('sessions.delete', { params: { id } })));
    };
    within('a session', await closedBy(bySession.open, revoke));

    const byRemoval = await start();
    const { id } = byRemoval.user;
    const remove = () => world.api.call('users.delete', { params: { id } }, 1);
    within('removing the person', await closedBy(byRemoval.open, remove));
    previous = null;

    // From here on the gateway is alone: what it is told by people, and what it knows by the clock.
    const away = await start();
    await world.console.kill();
    const page = await away.visitor.open(`${world.portalUrl}sign-out`);
    within('signing out, console off', await closedBy(away.open, () => away.visitor.submit(page, {}, '/sign-out')));
    await world.console.start();
    assert.equal(http.name, 'sockets');
  });

  async function update(id: string, body: { groups?: string[]; status?: 'disabled' }): Promise<void> {
    const { items } = await world.api.call('users.list', { query: { limit: '500' } });
    const { version } = items.find((user) => user.id === id)!;
    await world.api.call('users.update', { params: { id }, body }, version);
  }
});
