import assert from 'node:assert/strict';
import type { AccessEvent, ActivityDifference } from '@zeronaut/model';
import { createId } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { tidy } from '../../workers/housekeeping.ts';
import { storeEvents } from '../access-events/access-events.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

eachDatabase('what users and devices do, and policies decide, is counted once', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  clock.nowMs = Date.parse('2026-11-27T18:34:30.000Z');
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const { gateway } = await ours.enrolGateway();
  const device = await ours.enrolDevice();
  const resource = async (name: string) =>
    (await ours.call('POST', '/api/v1/resources', { name, targets: [{ address: '10.0.0.1:80' }] })).json().id as string;
  const [wiki, shop] = [await resource('wiki'), await resource('shop')];
  const create = async (name: string, text: string) =>
    (await ours.call('POST', '/api/v1/policies', { name, text, mode: 'report' })).json().id as string;
  const permit = await create('dev', 'permit (principal, action, resource);');
  const gone = createId('policy');
  const ann = ours.owner.id;
  const { user: bob } = await ours.user('member');

  let seq = 0;
  const event = (agoMs: number, parts: Partial<AccessEvent>) =>
    testEvent({
      ...{ gatewayId: gateway.id, epoch: 'epoch-0001', seq: ++seq, resourceId: wiki, subject: ann },
      ...{ at: new Date(clock.nowMs - agoMs).toISOString(), bytesIn: 1, bytesOut: 100, ...parts },
    });
  const send = (events: AccessEvent[]) =>
    context.store.transaction((queries) => storeEvents(queries, context, ours.id, gateway.id, 'epoch-0001', events));
  const decided = (policies: string[], more: Partial<NonNullable<AccessEvent['explanation']>> = {}) => ({
    explanation: { policies, facts: {}, reported: null, advice: '', ...more },
  });
  const first = [
    event(0, decided([permit], { facts: { country: 'CH' } })),
    event(60_000, { resourceId: shop, sourceAddress: '2001:db8::1', country: 'DE', ...decided([permit]) }),
    event(2 * HOUR_MS, { effect: 'deny', reason: 'access.policy_forbids', ...decided([gone, permit]) }),
    event(2 * HOUR_MS, { effect: 'deny', reason: 'target.dial_refused', status: 502 }),
    event(2 * HOUR_MS, { effect: 'challenge', reason: 'access.step_up_required', ...decided([permit]) }),
    event(2 * HOUR_MS, decided([], { reported: { effect: 'deny', policies: [permit] } })),
    event(3 * DAY_MS, { sourceAddress: '198.51.100.9' }),
    // Of no user of ours, through a device.
    event(0, { subject: 'share:shr_1' }),
    event(0, { protocol: 'forward', subject: bob.id, credentialId: device.id }),
    // A clock that is ahead, and what is long over.
    event(-HOUR_MS, {}),
    event(40 * DAY_MS, {}),
  ];
  await send(first);
  await send([...first.slice(4), event(0, {})]);

  const get = async (id: string, range: string, of = ours) => {
    const answer = await of.call('GET', `/api/v1/activity/${id}?range=${range}`);
    return { status: answer.statusCode, body: answer.json() };
  };
  const { body: day } = await get(ann, '24h');
  assert.deepEqual(day.total, { requests: 7, refused: 1, bytesIn: 7, bytesOut: 700 });
  assert.deepEqual([day.points.length, day.stepSeconds, day.points.at(-1).requests], [24, 3600, 3]);
  assert.deepEqual(day.different, { resources: 2, addresses: 2, countries: 2 });
  assert.deepEqual(
    day.resources.map((one: { name: string; requests: number; refused: number }) => [
      one.name,
      one.requests,
      one.refused,
    ]),
    [
      ['wiki', 6, 1],
      ['shop', 1, 0],
    ],
  );
  assert.equal(day.addresses[0].address, '192.0.2.1');
  assert.deepEqual(day.countries.map(({ country }: { country: string }) => country).sort(), ['CH', 'DE']);
  const { body: week } = await get(ann, '7d');
  assert.deepEqual([week.total.requests, week.different.addresses, week.points.length], [8, 3, 168]);
  assert.equal((await get(device.id, '30d')).body.total.requests, 1);
  assert.equal((await get(bob.id, '30d')).body.total.requests, 1);
  assert.equal((await get(ann, '24h', theirs)).status, 404);
  assert.equal((await get(createId('user'), '24h')).status, 404);

  const hits = async (range: string) =>
    (await ours.call('GET', `/api/v1/policies/hits?range=${range}`))
      .json()
      .items.map((one: Record<string, unknown>) => [one.name, one.permitted, one.forbade, one.reported]);
  const expected = [
    ['dev', 2, 1, 1],
    ['', 0, 1, 0],
  ];
  assert.deepEqual(await hits('24h'), expected);
  assert.deepEqual(await hits('30d'), expected);
  assert.deepEqual((await theirs.call('GET', '/api/v1/policies/hits')).json().items, []);

  // Five days of ten requests each, of different length, and then a hundred on one day.
  const many = (count: number, agoMs: number, subject: string) =>
    Array.from({ length: count }, () => event(agoMs, { subject }));
  await send([4, 5, 6, 7, 8].flatMap((ago) => many(ago === 8 ? 90 : 10, ago * DAY_MS, bob.id)));
  await send(many(99, 0, bob.id));
  await send(many(40, 0, ann));
  const differing = async (of = ours) =>
    (await of.call('GET', '/api/v1/activity')).json().items as ActivityDifference[];
  assert.deepEqual(await differing(), [
    { id: bob.id, kind: 'user', name: bob.name, today: 100, median: 10, times: 10 },
  ]);
  assert.deepEqual((await get(bob.id, '24h')).body.usual, { today: 100, median: 10, days: 5 });
  assert.equal((await get(ann, '24h')).body.usual.median, null, 'one day says nothing');
  assert.deepEqual(await differing(theirs), []);

  clock.nowMs += 33 * DAY_MS;
  await tidy(context);
  const left = await context.store.db
    .selectFrom('activity')
    .select((eb) => eb.fn.min<number>('at').as('oldest'))
    .where('organization_id', '=', ours.id)
    .executeTakeFirstOrThrow();
  assert.ok(left.oldest >= clock.nowMs - 35 * DAY_MS);
  assert.ok((await context.store.db.selectFrom('activity_parts').selectAll().execute()).length > 0);
  assert.deepEqual(await hits('24h'), []);
});

eachDatabase('numbers that a gateway makes up keep the events of others from nothing', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const ours = await fixture.organization();
  const [lying, honest] = [(await ours.enrolGateway()).gateway, (await ours.enrolGateway()).gateway];
  let seq = 0;
  const send = (gatewayId: string, count: number, bytes: number) => {
    const events = Array.from({ length: count }, () =>
      testEvent({
        ...{ gatewayId, epoch: 'epoch-0001', seq: ++seq, resourceId: null, subject: ours.owner.id },
        ...{ at: new Date(clock.nowMs).toISOString(), bytesIn: bytes, bytesOut: bytes },
      }),
    );
    return context.store.transaction((queries) =>
      storeEvents(queries, context, ours.id, gatewayId, 'epoch-0001', events),
    );
  };
  for (let round = 0; round < 12; round++) await send(lying.id, 100, Number.MAX_SAFE_INTEGER);
  await send(honest.id, 1, 5);
  const { total } = (await ours.call('GET', `/api/v1/activity/${ours.owner.id}?range=24h`)).json();
  assert.deepEqual([total.requests, total.bytesIn, total.bytesOut], [1_201, 2 ** 50, 2 ** 50]);
  assert.equal((await ours.call('GET', '/api/v1/overview')).statusCode, 200);
});
