import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessEvent } from '@zeronaut/model';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';
import { tidy } from '../../workers/housekeeping.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { LATENCY_COLUMNS, type LatencyColumn, latencyColumn, percentile } from './latency.ts';

const HOUR_MS = 3_600_000;

eachDatabase('traffic is counted once, by minute, for all, the gateway and the resource', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  // In the middle of a step of each length.
  clock.nowMs = Date.parse('2026-11-27T08:34:30.000Z');
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const gateways = [(await ours.enrolGateway()).gateway, (await ours.enrolGateway()).gateway];
  const foreign = (await theirs.enrolGateway()).gateway;
  const wiki = (
    await ours.call('POST', '/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] })
  ).json();
  const send = (organizationId: string, gatewayId: string, events: AccessEvent[]) =>
    context.store.transaction((queries) =>
      storeEvents(queries, context, organizationId, gatewayId, 'epoch-0001', events),
    );
  const at = (agoMs: number) => new Date(clock.nowMs - agoMs).toISOString();
  const event = (gatewayId: string, seq: number, parts: Partial<AccessEvent>) =>
    testEvent({ gatewayId, epoch: 'epoch-0001', seq, resourceId: wiki.id, bytesIn: 10, bytesOut: 100, ...parts });
  const [one, two] = [gateways[0]!.id, gateways[1]!.id];
  const first = [
    event(one, 1, { at: at(0), durationMs: 10 }),
    event(one, 2, { at: at(40_000), status: 502, reason: 'target.refused', effect: 'deny' }),
    event(one, 3, { at: at(40_000), status: 500 }),
    event(one, 4, { at: at(40_000), status: 403, effect: 'deny', reason: 'access.not_allowed' }),
    event(one, 5, { at: at(40_000), status: 302, effect: 'challenge', reason: 'access.sign_in_required' }),
    event(one, 6, { at: at(40_000), status: 404, effect: 'deny', reason: 'router.no_host', resourceId: null }),
    // A clock that is ahead, and what is long over.
    event(one, 7, { at: at(-600_000) }),
    event(one, 8, { at: at(500 * 24 * HOUR_MS) }),
    event(one, 9, { at: at(40_000), status: 101, durationMs: 86_000_000 }),
    event(one, 10, { at: at(20 * HOUR_MS), durationMs: 1_000 }),
    event(one, 11, { at: at(100 * HOUR_MS) }),
  ];
  await send(ours.id, one, first);
  await send(ours.id, one, [...first.slice(5), event(one, 12, { at: at(40_000) })]);
  await send(
    ours.id,
    two,
    Array.from({ length: 5 }, (_, index) => event(two, index + 1, { at: at(40_000), durationMs: 20 })),
  );
  await send(theirs.id, foreign.id, [event(foreign.id, 1, { at: at(40_000) })]);

  const get = async (query: string) => {
    const answer = await ours.call('GET', `/api/v1/traffic?${query}`);
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json();
  };
  const hour = await get('range=1h');
  assert.deepEqual([hour.stepSeconds, hour.points.length, hour.to], [60, 60, '2026-11-27T08:35:00.000Z']);
  const { p50Ms, p90Ms, p99Ms, ...total } = hour.total;
  assert.deepEqual(total, { requests: 13, refused: 2, challenged: 1, failed: 2, bytesIn: 130, bytesOut: 1_300 });
  // 1 ms of most test events, 10, 20 five times: the WebSocket's day counts nowhere.
  assert.ok(p50Ms >= 1 && p50Ms <= 28 && p99Ms >= 19 && p99Ms <= 28 && p90Ms <= p99Ms, JSON.stringify(hour.total));
  assert.deepEqual(
    hour.points.slice(-2).map((point: { requests: number }) => point.requests),
    [12, 1],
  );
  assert.deepEqual([hour.points[0].requests, hour.points[0].p50Ms], [0, null]);
  assert.equal((await get('range=24h')).total.requests, 14);
  assert.equal((await get('range=7d')).total.requests, 15);
  assert.equal((await get(`range=1h&gatewayId=${two}`)).total.requests, 5);
  assert.equal((await get(`range=1h&resourceId=${wiki.id}`)).total.requests, 12);
  assert.equal((await get(`range=7d&gatewayId=${foreign.id}`)).total.requests, 0, 'of somebody else');
  assert.equal((await ours.call('GET', `/api/v1/traffic?gatewayId=${one}&resourceId=${wiki.id}`)).statusCode, 400);

  const top = async (query: string) => (await ours.call('GET', `/api/v1/traffic/top?${query}`)).json().items;
  assert.deepEqual(
    (await top('by=gateway')).map((item: { id: string; name: string; requests: number }) => [item.name, item.requests]),
    [
      [gateways[0]!.name, 8],
      [gateways[1]!.name, 5],
    ],
  );
  assert.deepEqual((await top('order=failed&range=24h'))[0].id, wiki.id);
  assert.deepEqual(await top('by=gateway&order=refused&limit=1').then((items) => items.length), 1);

  const lines = (await ours.call('GET', `/api/v1/traffic/sparklines?ids=${wiki.id},${foreign.id}`)).json();
  assert.deepEqual(lines.items, [
    { id: wiki.id, requests: [0, 0, 0, 0, 0, 12], failed: [0, 0, 0, 0, 0, 2] },
    { id: foreign.id, requests: [0, 0, 0, 0, 0, 0], failed: [0, 0, 0, 0, 0, 0] },
  ]);

  const ofGateway = (await ours.call('GET', `/api/v1/traffic/sparklines?ids=${two},${wiki.id}&range=24h`)).json();
  const sums = ofGateway.items.map(({ requests }: { requests: number[] }) => requests.reduce((a, b) => a + b));
  assert.deepEqual(sums, [5, 13]);

  const reasons = async (query: string) => (await ours.call('GET', `/api/v1/traffic/reasons?${query}`)).json().items;
  assert.deepEqual(await reasons('range=1h'), [
    { reason: 'access.not_allowed', count: 1 },
    { reason: 'access.sign_in_required', count: 1 },
    { reason: 'http.status_500', count: 1 },
    { reason: 'router.no_host', count: 1 },
    { reason: 'target.refused', count: 1 },
  ]);
  assert.equal((await reasons(`range=1h&resourceId=${wiki.id}`)).length, 4);

  const overview = (await ours.call('GET', '/api/v1/overview')).json();
  assert.equal(overview.lastMinute.requests, 12);

  const late = (
    await ours.call('POST', '/api/v1/resources', { name: 'late', targets: [{ address: '10.0.0.1:80' }] })
  ).json();
  const lateEvents = Array.from({ length: 20 }, (_, index) =>
    event(two, index + 6, { at: at(20 * HOUR_MS), resourceId: late.id }),
  );
  await send(ours.id, two, lateEvents);
  await send(ours.id, two, lateEvents);
  const ranked = async (query: string) =>
    (await top(query)).map(({ name, requests }: { name: string; requests: number }) => [name, requests]);
  assert.deepEqual(await ranked('range=24h'), [
    ['late', 20],
    ['wiki', 13],
  ]);
  assert.deepEqual(await ranked('range=1h'), [['wiki', 12]]);
  clock.nowMs += 5 * HOUR_MS;
  assert.deepEqual(await ranked('range=24h'), [['wiki', 12]], 'what was a day ago is gone');

  clock.nowMs += 25 * HOUR_MS;
  await tidy(context);
  const kept = await context.store.db
    .selectFrom('traffic')
    .select(['step', (eb) => eb.fn.countAll<number>().as('rows')])
    .where('organization_id', '=', ours.id)
    .groupBy('step')
    .orderBy('step')
    .execute();
  assert.deepEqual(
    kept.map(({ step }) => step),
    [10, 60],
    'minutes are kept for a day',
  );
});

eachDatabase(
  'gateways that report at once count everything and never wait for each other without end',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const { context, clock } = fixture;
    const ours = await fixture.organization();
    const ids = [];
    for (let index = 0; index < 6; index++) ids.push((await ours.enrolGateway()).gateway.id);
    const resources = Array.from({ length: 50 }, (_, index) => `res_${String(index).padStart(26, '0')}`);
    await Promise.all(
      ids.flatMap((gatewayId, of) =>
        [0, 1, 2].map((round) =>
          context.store.transaction((queries) =>
            storeEvents(
              queries,
              context,
              ours.id,
              gatewayId,
              `epoch-000${round}`,
              // Each gateway has another order.
              resources.map((_, index) =>
                testEvent({
                  ...{ gatewayId, epoch: `epoch-000${round}`, seq: index + 1, at: new Date(clock.nowMs).toISOString() },
                  resourceId: resources[(index * (of + 1)) % resources.length]!,
                }),
              ),
            ),
          ),
        ),
      ),
    );
    const answer = await ours.call('GET', '/api/v1/traffic?range=1h');
    assert.equal(answer.json().total.requests, 6 * 3 * 50);
  },
);

eachDatabase('the overview says what there is and what is wrong', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const ours = await fixture.organization();
  const overview = async () => (await ours.call('GET', '/api/v1/overview')).json();
  const kinds = async () => (await overview()).alarms.map((alarm: { kind: string }) => alarm.kind);
  assert.deepEqual(await kinds(), ['no_gateway']);

  const sync = await fixture.startSync();
  const enrolled = await ours.enrolGateway();
  const device = await ours.enrolDevice();
  await ours.call('POST', '/api/v1/services', { deviceId: device.id, protocol: 'http', address: 'localhost:3000' });
  const offline = await overview();
  assert.deepEqual(
    offline.alarms.map((alarm: { kind: string; severity: string }) => [alarm.kind, alarm.severity]),
    [['gateway_offline', 'bad']],
  );
  assert.deepEqual(offline.alarms[0].object, { kind: 'gateway', id: enrolled.gateway.id, name: enrolled.gateway.name });
  assert.deepEqual(offline.counts, {
    ...{
      gateways: 1,
      gatewaysConnected: 0,
      resources: 0,
      services: 1,
      sites: 0,
      users: 1,
      devices: 1,
      pendingRequests: 0,
      openIncidents: 0,
      newIncidents: 0,
    },
  });

  const client = await connectSync(sync.port, enrolled);
  client.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion: 0 });
  const { snapshot } = await client.next('snapshot');
  const { version } = JSON.parse(snapshot.payload);
  assert.deepEqual(await kinds(), [], 'it has time to take it');
  clock.nowMs += 60_000;
  assert.deepEqual(await kinds(), ['gateway_behind']);
  client.send({ type: 'applied', version });
  await waitFor(async () => (await kinds()).length === 0, { what: 'that it runs it' });

  const { certificate_expires_at: endsAt } = await context.store.db
    .selectFrom('devices')
    .select('certificate_expires_at')
    .where('id', '=', device.id)
    .executeTakeFirstOrThrow();
  clock.nowMs = endsAt - HOUR_MS;
  const late = await overview();
  assert.ok(
    late.alarms.some(
      (alarm: { kind: string; severity: string }) =>
        alarm.kind === 'device_certificate_ending' && alarm.severity === 'warn',
    ),
  );
  clock.nowMs = endsAt + HOUR_MS;
  assert.ok(
    (await overview()).alarms.some(
      (alarm: { kind: string; severity: string }) =>
        alarm.kind === 'device_certificate_ending' && alarm.severity === 'bad',
    ),
  );
});

test('a percentile from the buckets is near the exact one', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed / 2_147_483_648;
  };
  const durations = Array.from({ length: 5_000 }, () => Math.exp(random() * 9)).sort((a, b) => a - b);
  const counts = Object.fromEntries(LATENCY_COLUMNS.map((column) => [column, 0])) as Record<LatencyColumn, number>;
  for (const duration of durations) counts[latencyColumn(duration)]++;
  for (const share of [0.1, 0.5, 0.9, 0.99]) {
    const exact = durations[Math.ceil(share * durations.length) - 1]!;
    const told = percentile(counts, share)!;
    assert.ok(Math.abs(told - exact) <= exact * 0.2, `${share}: ${told} for ${exact}`);
  }
  assert.equal(percentile(Object.fromEntries(LATENCY_COLUMNS.map((column) => [column, 0])) as never, 0.5), null);
});

eachDatabase(
  'a gateway that may decide for a time alone: when that ends is told while it is away',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const organization = await fixture.organization();
    const enrolled = await organization.enrolGateway();
    const sync = await fixture.startSync();
    const { id } = enrolled.gateway;
    const gateway = async () => (await organization.call('GET', `/api/v1/gateways/${id}`)).json();
    const alarms = async () =>
      (await organization.call('GET', '/api/v1/overview'))
        .json()
        .alarms.map(({ kind, said }: { kind: string; said: { text: string } }) => `${kind} ${said.text}`);
    const connect = async (features: string[], snapshotVersion = 0) => {
      const client = await connectSync(sync.port, enrolled);
      t.after(() => client.socket.destroy());
      client.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion, features });
      return client;
    };
    const bound = (snapshotMaxAgeSeconds: number | null) =>
      organization.call('PATCH', '/api/v1/organizations/current', { snapshotMaxAgeSeconds });

    await bound(3_600);
    const old = await connect([]);
    old.send({ type: 'applied', version: JSON.parse((await old.next('snapshot')).snapshot.payload).version });
    await waitFor(async () => (await gateway()).snapshotVersion > 0, { what: 'that it runs it' });
    assert.equal((await gateway()).lease, null, 'it does not know the bound');

    const client = await connect(['expiry']);
    const { version } = JSON.parse((await client.next('snapshot')).snapshot.payload);
    client.send({ type: 'applied', version });
    await waitFor(async () => (await gateway()).lease !== null, { what: 'its bound' });
    assert.deepEqual((await gateway()).lease, { maxAgeSeconds: 3_600, endsAt: null });
    client.socket.destroy();
    await waitFor(async () => !(await gateway()).connected, { what: 'that it is away' });
    const endsAt = await waitFor(async () => (await gateway()).lease.endsAt, { what: 'when it ends' });
    const endsMs = Date.parse(endsAt);
    assert.equal(endsMs, fixture.clock.nowMs + HOUR_MS);
    // Set while it is away, it does not know of.
    await bound(60_000);
    assert.deepEqual((await gateway()).lease, { maxAgeSeconds: 3_600, endsAt });
    assert.deepEqual(await alarms(), ['gateway_offline gateway_away_until']);
    fixture.clock.nowMs = endsMs - HOUR_MS / 2;
    assert.deepEqual(await alarms(), ['gateway_offline gateway_off', 'gateway_expiring gateway_expiring']);
    fixture.clock.nowMs = endsMs;
    assert.deepEqual(await alarms(), ['gateway_offline gateway_off', 'gateway_expiring gateway_expired']);

    const back = await connect(['expiry'], version);
    const next = JSON.parse((await back.next('snapshot')).snapshot.payload);
    back.send({ type: 'applied', version: next.version });
    await waitFor(async () => (await gateway()).lease.maxAgeSeconds === 60_000, { what: 'the other bound' });
    assert.deepEqual(await alarms(), []);
    await bound(null);
    back.send({ type: 'applied', version: JSON.parse((await back.next('snapshot')).snapshot.payload).version });
    await waitFor(async () => (await gateway()).lease === null, { what: 'that there is none' });
    // The same program of before has no bound, whatever its row says.
    await bound(3_600);
    back.send({ type: 'applied', version: JSON.parse((await back.next('snapshot')).snapshot.payload).version });
    await waitFor(async () => (await gateway()).lease !== null, { what: 'a bound' });
    await connect([], 99);
    await waitFor(async () => (await gateway()).lease === null, { what: 'that an older program has none' });
  },
);
