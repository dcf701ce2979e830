/**
 * What is open when it may not be any more: two hundred connections at once, over HTTP, WebSocket, TCP, UDP and forwards, and each
 * closing timed where its caller sees it. For half of the closings the console is off: stopped in the moment in which it
 * has answered the change, or away throughout where gateways end something by themselves.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, it, type TestContext } from 'node:test';
import type { PostureFacts } from '@zeronaut/model';
import { recordingUpstream, waitFor } from '@zeronaut/testkit';
import { signPosture } from '../packages/client/src/posture/sign-posture.ts';
import { fileOwner } from './harness/file-owner.ts';
import { gatewayIsCurrent } from './harness/gateway-is-current.ts';
import type { JsonProcess } from './harness/json-process.ts';
import {
  DatagramEcho,
  type Kind,
  type OpenConnection,
  openAnswer,
  openTcp,
  openUdp,
  openWebSocket,
} from './harness/open-connections.ts';
import type { Visitor } from './harness/visitor.ts';
import { startWebService } from './harness/web-service.ts';
import { type Owner, startWorld, type User, type World } from './harness/world.ts';

const owner = fileOwner();
let world: World;
/** Of the gateway, as of its next start. */
const clock = { aheadMs: 0 };
const CLOCK_AHEAD = join(import.meta.dirname, 'harness/clock-ahead.mjs');

before(async () => {
  world = await startWorld(owner, {
    place(role, command, args) {
      if (role !== 'gateway' || clock.aheadMs === 0) return [command, args];
      const ahead = [`ZERONAUT_TEST_AHEAD_MS=${clock.aheadMs}`, `NODE_OPTIONS=--import=${CLOCK_AHEAD}`];
      return ['env', [...ahead, command, ...args]];
    },
  });
});
afterEach((t) => world.showLogsOnFailure(t));

async function removeAll(): Promise<void> {
  for (const { id } of (await world.api.call('policies.list', {})).items) {
    await world.api.call('policies.delete', { params: { id } });
  }
  await gatewayIsCurrent(world);
}

/** What `zeronaut` keeps of the machines that it is. */
type DeviceFile = { readonly devices: Record<string, Parameters<typeof signPosture>[0]> };

/** What the machines of one person have open, and what opened it. */
interface Presence {
  readonly user: User;
  readonly visitor: Visitor;
  readonly cli: JsonProcess;
  /** Local ports that lead to the site of everybody in the group, and to the one that has to be asked for. */
  readonly forwards: readonly [number, number];
}

interface Closing {
  readonly kind: Kind;
  readonly console: ConsoleState;
  readonly ms: number;
}

/** `stopped`: in the moment of its answer; `off`: all the time. */
type ConsoleState = 'on' | 'stopped' | 'off';

describe('what is open already', () => {
  /** Of each of the five kinds, at each closing. */
  const COUNT = 40;
  const GROUP = 'open';
  const closings: Closing[] = [];
  let services: Awaited<ReturnType<typeof publishAll>>;
  let count = 0;

  async function publishAll(t: Owner) {
    const echo = await recordingUpstream(t, (socket, chunk) => void socket.write(chunk));
    const asked = await recordingUpstream(t, (socket, chunk) => void socket.write(chunk));
    const datagrams = await DatagramEcho.start(t);
    const web = await startWebService(t);
    const access = { allow: [`group:${GROUP}`] };
    const create = (name: string, address: string, more: object = {}) =>
      world.api.call('resources.create', { body: { name, access, targets: [{ address }], ...more } });
    const [http, requested, tcp, udp] = await Promise.all([
      create('sockets', web.address),
      create('requested', web.address, { access: { mode: 'policy' } }),
      create('raw', echo.address, { protocol: 'tcp' }),
      create('datagrams', datagrams.address, { protocol: 'udp' }),
    ]);
    const site = (name: string, destination: string, rule: object) =>
      world.api.call('sites.publish', {
        body: { name, connection: 'local', destinations: [destination], access: rule },
      });
    const [, requestedSite] = await Promise.all([
      site('near', echo.address, access),
      site('asked', asked.address, { mode: 'policy' }),
    ]);
    await gatewayIsCurrent(world);
    const destinations = [echo.address, asked.address];
    return { ...{ http, requested, tcp, udp, requestedSite, datagrams, destinations }, web };
  }

  const urlOf = (name: string) => `https://${name}.${world.baseDomain}:${world.httpsPort}/`;

  function cookieOf(visitor: Visitor, name: string): string {
    const own = visitor.cookies().filter(({ host }) => host === `${name}.${world.baseDomain}`);
    return own.map(({ name: key, value }) => `${key}=${value}`).join('; ');
  }

  /** A person signs in, authorises the address for both ports, and forwards from a machine. */
  async function arrive(t: TestContext): Promise<Presence> {
    const user = await world.createUser({ email: `open-${++count}@example.com`, groups: [GROUP] });
    const pairs = services.destinations.flatMap((destination) => [destination, '127.0.0.1:0']);
    const [{ cli }, visitor] = await Promise.all([world.forward(t, user, pairs), signIn(user)]);
    const ready = await cli.event<{ forwards: { local: string }[] }>('ready');
    const ports = ready.forwards.map(({ local }) => Number(local.slice(local.lastIndexOf(':') + 1)));
    return { user, visitor, cli, forwards: [ports[0]!, ports[1]!] };
  }

  async function signIn(user: User): Promise<Visitor> {
    await gatewayIsCurrent(world);
    const visitor = world.visitor();
    let home = await visitor.signIn(world.portalUrl, user);
    for (const { id } of [services.tcp, services.udp]) {
      home = await visitor.submit(home, { resource: id, hours: '1' }, '/grants');
    }
    assert.equal((await visitor.open(urlOf('sockets'))).status, 200);
    return visitor;
  }

  const many = (open: () => Promise<OpenConnection>, length = COUNT) => Promise.all(Array.from({ length }, open));

  async function openWeb(t: TestContext, visitor: Visitor, name: string): Promise<OpenConnection[]> {
    const [url, cookie] = [urlOf(name), cookieOf(visitor, name)];
    const answers = await many(() => openAnswer(t, world, url, cookie));
    return [...answers, ...(await many(() => openWebSocket(t, world, url, cookie)))];
  }

  async function openRaw(t: TestContext): Promise<OpenConnection[]> {
    const connections = await many(() => openTcp(t, services.tcp.port!));
    return [...connections, ...(await many(() => openUdp(t, world, services.udp.port!, services.datagrams)))];
  }

  const openForwards = (t: TestContext, port: number, length?: number) =>
    many(() => openTcp(t, port, 'forward'), length);

  async function openAll(
    t: TestContext,
    { visitor, forwards }: Pick<Presence, 'visitor' | 'forwards'>,
  ): Promise<OpenConnection[]> {
    const [web, raw, forwarded] = await Promise.all([
      openWeb(t, visitor, 'sockets'),
      openRaw(t),
      openForwards(t, forwards[0]),
    ]);
    return [...web, ...raw, ...forwarded];
  }

  /** Waits until every connection is closed, and keeps how long after `fromMs` (of `performance.now()`) that was. */
  async function closedAfter(
    t: TestContext,
    what: string,
    open: readonly OpenConnection[],
    fromMs: number,
    console: ConsoleState,
  ): Promise<void> {
    const late = AbortSignal.timeout(20_000);
    const never = new Promise<number>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`${what}: some connections are still open after 20 s`)));
    });
    const took = await Promise.all(
      open.map(async ({ kind, closed }) => ({ kind, console, ms: (await Promise.race([closed, never])) - fromMs })),
    );
    closings.push(...took);
    const sorted = took.map(({ ms }) => ms).toSorted((a, b) => a - b);
    const [first, p99, last] = [sorted[0]!, percentile(sorted, 0.99), sorted.at(-1)!].map(Math.round);
    t.diagnostic(`${what}: ${took.length} closings, console ${console}: from ${first} ms, p99 ${p99}, last ${last}`);
    assert.ok(p99! < 1_000, `${what}: ${p99} ms at p99`);
    // Of a flow the time is that of its last datagram, which was some while before.
    const early = took.filter(({ kind, ms }) => ms < (kind === 'udp' ? -500 : -50));
    assert.deepEqual(early, [], `${what}: nothing is closed before its time`);
  }

  /** Timed from before the change is sent, which is earlier than its answer. */
  async function closedBy(
    t: TestContext,
    what: string,
    open: readonly OpenConnection[],
    change: () => Promise<unknown>,
    console: ConsoleState = 'on',
  ): Promise<void> {
    const startedAt = performance.now();
    const changed = change();
    const stopped = console === 'stopped' ? changed.then(() => world.console.kill('SIGTERM')) : changed;
    await Promise.all([closedAfter(t, what, open, startedAt, console), stopped]);
    if (console === 'stopped') await world.console.start();
  }

  const percentile = (sorted: readonly number[], share: number) => sorted[Math.ceil(sorted.length * share) - 1]!;

  /** Each closed connection has told why: to the log of accesses, and a forward to who runs it. */
  async function saidWhy(expected: readonly (readonly [string, string])[]): Promise<void> {
    for (const [resourceId, reason] of expected) {
      await waitFor(
        async () =>
          (await world.accessEvents({ resourceId })).filter((event) => event.reason === reason && event.targetId !== '')
            .length >= COUNT,
        { what: `${COUNT} closings of ${resourceId} with ${reason}`, timeoutMs: 20_000, intervalMs: 100 },
      );
    }
  }

  const forwardsSaid = ({ cli }: Presence, reason: string) =>
    waitFor(
      () => cli.events.filter((event) => event.event === 'close' && event.reason === reason).length >= COUNT || null,
      { what: `${COUNT} forwards told ${reason}` },
    );

  async function revokeSessions(userId: string): Promise<void> {
    const { items } = await world.api.call('sessions.list', {});
    const own = items.filter((session) => session.userId === userId && session.kind === 'portal');
    assert.ok(own.length > 0);
    await Promise.all(own.map(({ id }) => world.api.call('sessions.delete', { params: { id } })));
  }

  async function update(id: string, body: { groups?: string[]; status?: 'disabled' }): Promise<void> {
    const { items } = await world.api.call('users.list', { query: { limit: '500' } });
    const { version } = items.find((user) => user.id === id)!;
    await world.api.call('users.update', { params: { id }, body }, version);
  }

  before(async () => {
    services = await publishAll(owner);
  });

  /** Every cause that comes from the console, each with two hundred connections that it closes. */
  async function closeByChanges(t: TestContext, console: 'on' | 'stopped'): Promise<Presence> {
    const person = await arrive(t);
    const { user } = person;
    const forbid = (name: string, when: string) =>
      world.api.call('policies.create', { body: { name, text: `forbid(principal, action, resource) ${when};` } });

    const shut = () => forbid('shut', `when { principal in Group::"${GROUP}" }`);
    await closedBy(t, 'a policy', await openAll(t, person), shut, console);
    await forwardsSaid(person, 'access.policy_forbids');
    await removeAll();

    await forbid('risky', 'when { context.risk > 70 }');
    await gatewayIsCurrent(world);
    const risk = { params: { id: user.id }, body: { score: 80, reason: 'stolen' } };
    await closedBy(t, 'risk', await openAll(t, person), () => world.api.call('risks.set', risk), console);
    await world.api.call('risks.set', { params: { id: user.id }, body: { score: 0 } });
    await removeAll();

    const leave = () => update(user.id, { groups: [] });
    await closedBy(t, 'a group', await openAll(t, person), leave, console);
    await forwardsSaid(person, 'forward.denied');
    await update(user.id, { groups: [GROUP] });

    // What the device says of itself, signed by its key: a file is there, and then it says that it is not. Devices are known
    // in forwards alone.
    const managed = join(user.home, 'managed');
    writeFileSync(managed, '');
    const { version } = await world.api.call('devicePolicy.get', {});
    await world.api.call('devicePolicy.update', { body: { files: [managed] } }, version);
    const good = await world.zeronautAs(user, ['devices', 'report', '--json']);
    assert.equal(good.code, 0, good.stderr);
    const { deviceId, facts } = JSON.parse(good.stdout) as { deviceId: string; facts: PostureFacts };
    await forbid('unmanaged', `when { context has device && !context.device.files.contains("${managed}") }`);
    await gatewayIsCurrent(world);
    const devices = await openForwards(t, person.forwards[0], 5 * COUNT);
    const { devices: keys } = JSON.parse(readFileSync(join(user.home, 'device.json'), 'utf8')) as DeviceFile;
    const report = signPosture(Object.values(keys)[0]!, { ...facts, files: { [managed]: false } });
    const post = () =>
      world.api.as(user.token).call('devices.reportPosture', { params: { id: deviceId }, body: { report } });
    await closedBy(t, 'posture', devices, post, console);
    await removeAll();

    const revoke = () =>
      Promise.all([revokeSessions(user.id), world.api.call('devices.delete', { params: { id: deviceId } })]);
    await closedBy(t, 'session and device', await openAll(t, person), revoke, console);
    return person;
  }

  it('is closed within a second, with a reason: policy, risk, group, posture, session and device', async (t) => {
    await closeByChanges(t, 'on');
    await saidWhy([
      ...[services.http, services.tcp, services.udp].map(({ id }) => [id, 'access.policy_forbids'] as const),
      [services.http.id, 'access.not_allowed'],
      [services.http.id, 'access.session_revoked'],
      [services.tcp.id, 'access.address_unknown'],
      [services.udp.id, 'access.address_unknown'],
    ]);
  });

  it('is closed within a second when the console stops as soon as it has answered', async (t) => {
    await closeByChanges(t, 'stopped');
  });

  it('is closed within a second of the link that comes back, when the message was missed', async (t) => {
    // A link that was up for less than a second counts as a failed one: the next attempt would wait as for one more failure.
    const person = await arrive(t);
    const linkedAt = performance.now();
    const open = await openAll(t, person);
    await waitFor(() => performance.now() - linkedAt > 1_500, { what: 'the link is a good one' });
    // The gateway stands still while the console goes, comes back and hears of the change: the old link is gone, and
    // no new one was asked for.
    process.kill(world.gateway.pid, 'SIGSTOP');
    try {
      await world.console.kill('SIGKILL');
      await world.console.start();
      await world.api.call('users.delete', { params: { id: person.user.id } }, 1);
    } finally {
      process.kill(world.gateway.pid, 'SIGCONT');
    }
    await closedBy(t, 'a missed message', open, async () => undefined);
  });

  it('does not get in again after a restart of the gateway', async (t) => {
    const { user, visitor, forwards } = await arrive(t);
    await world.gateway.kill('SIGKILL');
    await revokeSessions(user.id);
    await update(user.id, { groups: [] });
    await world.gateway.start();
    const startedAt = performance.now();
    await waitFor(async () => (await visitor.ask(urlOf('sockets'))).status === 401, { what: 'the session is over' });
    const tookMs = performance.now() - startedAt;
    t.diagnostic(`refused ${Math.round(tookMs)} ms after the gateway was ready`);
    assert.ok(tookMs < 1_000, `${tookMs} ms`);
    await nobodyGetsIn(t, forwards[0]);
  });

  it('does not get in again after a restart of the gateway with the console off since it answered', async (t) => {
    const { user, visitor, forwards } = await arrive(t);
    const open = await openAll(t, { visitor, forwards });
    const disable = () => update(user.id, { status: 'disabled' });
    const startedAt = performance.now();
    const stopped = disable().then(() => world.console.kill('SIGTERM'));
    await Promise.all([closedAfter(t, 'a disabled user', open, startedAt, 'stopped'), stopped]);
    await world.gateway.kill('SIGKILL');
    await world.gateway.start();
    assert.equal((await visitor.ask(urlOf('sockets'))).status, 401);
    await assert.rejects(openTcp(t, services.tcp.port!));
    await world.console.start();
  });

  async function nobodyGetsIn(t: TestContext, forward: number): Promise<void> {
    await Promise.all([
      assert.rejects(openTcp(t, services.tcp.port!)),
      assert.rejects(openTcp(t, forward, 'forward')),
      assert.rejects(openUdp(t, world, services.udp.port!, services.datagrams, 500)),
    ]);
  }

  it('is closed within a second with the console off: at the end of what let it in, and by signing out', async (t) => {
    const setUpAt = performance.now();
    const person = await arrive(t);
    const { user, visitor } = person;
    const cookie = cookieOf(visitor, 'sockets');
    // The shortest that can be asked for is five minutes. The gateway's clock goes ahead, so that seconds of them are left:
    // enough for what has to be opened first, as this machine is.
    const leftMs = 5_000 + 2.5 * (performance.now() - setUpAt);
    const policy = await world.api.call('signInPolicy.get', {});
    const { version, ...rest } = policy;
    await world.api.call('signInPolicy.update', { body: { ...rest, portalSessionSeconds: 300 } }, version);
    clock.aheadMs = Math.round(300_000 - leftMs);
    await world.gateway.kill('SIGKILL');
    await world.gateway.start();
    const onOurClock = (timestamp: number) => timestamp - clock.aheadMs - Date.now() + performance.now();

    const mine = world.api.as(user.token);
    const ends = await Promise.all(
      ['requested', 'asked'].map(async (object) => {
        const { id } = await mine.call('accessRequests.create', { body: { object, minutes: 5, reason: 'a test' } });
        const body = { effect: 'approve' } as const;
        return (await world.api.call('accessRequests.decide', { params: { id }, body })).endsAt!;
      }),
    );
    const guest = world.visitor();
    const share = await world.api.call('shares.create', {
      params: { id: services.http.id },
      body: { ttlSeconds: 300 },
    });
    const again = await signIn(user);
    assert.equal((await guest.open(share.urls[0]!)).status, 200);
    // By the session that lives longer than what was asked for.
    assert.equal((await visitor.open(urlOf('requested'))).status, 200);
    const sessionEnd = expiryOf(again.cookies().find(({ name }) => name === '__Host-zn_portal')!.value);
    await waitFor(() => openTcp(t, person.forwards[1], 'forward'), { what: 'the forward is up again' });

    const ending = [
      ['the end of a session', await openWeb(t, again, 'sockets'), sessionEnd],
      ['the end of an authorised address', await openRaw(t), sessionEnd],
      ['the end of a share', await openWeb(t, guest, 'sockets'), Date.parse(share.share.expiresAt)],
      ['the end of a request', await openWeb(t, visitor, 'requested'), Date.parse(ends[0]!)],
      ['the end of a request', await openForwards(t, person.forwards[1]), Date.parse(ends[1]!)],
    ] as const;
    await world.console.kill('SIGKILL');
    t.diagnostic(`open and alone ${Math.round(onOurClock(sessionEnd) - performance.now())} ms before the session ends`);
    await Promise.all(ending.map(([what, open, end]) => closedAfter(t, what, open, onOurClock(end), 'off')));

    // A session that has longer to live, ended by the person; and whoever has a copy of its cookie finds it ended after a
    // restart, too.
    let home = await visitor.open(world.portalUrl);
    for (const { id } of [services.tcp, services.udp]) {
      home = await visitor.submit(home, { resource: id, hours: '1' }, '/grants');
    }
    const open = [...(await openWeb(t, visitor, 'sockets')), ...(await openRaw(t))];
    const page = await visitor.open(`${world.portalUrl}sign-out`);
    await closedBy(t, 'signing out', open, () => visitor.submit(page, {}, '/sign-out'), 'off');
    await world.gateway.kill('SIGKILL');
    await world.gateway.start();
    const copied = await world.visitor().ask(urlOf('sockets'), { headers: { cookie } });
    assert.equal(copied.status, 401);
    await assert.rejects(openTcp(t, services.tcp.port!));

    await world.console.start();
    await saidWhy([
      [services.http.id, 'access.session_expired'],
      [services.http.id, 'access.share_expired'],
      [services.http.id, 'access.session_revoked'],
      [services.requested.id, 'access.not_allowed'],
      [services.tcp.id, 'access.address_unknown'],
      [services.udp.id, 'access.address_unknown'],
    ]);
  });

  it('is closed within a second at p99 of all of these, whatever the console did', (t) => {
    const groups: [string, Closing[]][] = [
      ['console on', closings.filter(({ console }) => console === 'on')],
      ['console stopped or off', closings.filter(({ console }) => console !== 'on')],
      ...[...Map.groupBy(closings, ({ kind }) => kind)],
    ];
    for (const [what, all] of groups) {
      const sorted = all.map(({ ms }) => ms).toSorted((a, b) => a - b);
      const at = (share: number) => Math.round(percentile(sorted, share));
      t.diagnostic(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms of ${sorted.length} closings`);
      assert.ok(sorted.length >= 200, `${what}: ${sorted.length} closings`);
      assert.ok(at(0.99) < 1_000, `${what}: ${at(0.99)} ms at p99`);
    }
    const [on, off] = [groups[0]![1].length, groups[1]![1].length];
    assert.ok(off >= on, `the console was off during ${off} of ${on + off} closings`);
  });

  /** `exp` of a token, in ms. */
  function expiryOf(token: string): number {
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number };
    return claims.exp * 1_000;
  }
});
