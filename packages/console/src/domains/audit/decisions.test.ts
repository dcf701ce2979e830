import assert from 'node:assert/strict';
import { type AccessEvent, decisionClassOf } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { recordDecisions } from './decisions.ts';

const AT = Date.parse('2026-11-27T08:00:00.000Z');

const event = (gatewayId: string, epoch: string, seq: number, more: Partial<AccessEvent> = {}) =>
  testEvent({ gatewayId, epoch, seq, at: new Date(AT + seq).toISOString(), ...more });

eachDatabase(
  'decisions become one entry of a class, each event counted once however often it is sent',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const [one, other] = [await fixture.organization(), await fixture.organization()];
    const { store } = fixture.context;
    const [gateway, epoch] = [(await one.enrolGateway()).gateway.id, 'epoch-0001'];
    const foreign = (await other.enrolGateway()).gateway.id;
    const send = (organizationId: string, gatewayId: string, events: AccessEvent[]) =>
      store.transaction((queries) => storeEvents(queries, fixture.context, organizationId, gatewayId, epoch, events));
    const mine = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => {
        const seq = from + index;
        if (seq % 10 === 0) {
          return event(gateway, epoch, seq, { effect: 'deny', reason: 'access.not_allowed', subject: 'usr_2' });
        }
        return event(gateway, epoch, seq, seq > 150 ? { snapshotVersion: 4 } : {});
      });
    await send(one.id, gateway, mine(1, 100));
    await send(one.id, gateway, mine(51, 120));
    await send(one.id, gateway, mine(1, 120));
    await send(one.id, gateway, mine(121, 200));
    await send(other.id, foreign, [event(foreign, epoch, 1, { resourceId: null, subject: '', effect: 'challenge' })]);

    assert.equal(await recordDecisions(fixture.context), 4);
    assert.equal(await recordDecisions(fixture.context), 0, 'once');
    const logOf = async (organization: typeof one) =>
      (await organization.call('GET', '/api/v1/audit?limit=500'))
        .json()
        .items.filter(({ action }: { action: string }) => action.startsWith('access.'))
        .map(({ action, objectId, actor, after }: Record<string, unknown>) => [action, objectId, actor, after]);
    const actor = { kind: 'system', id: gateway, name: 'gateway', address: '' };
    const time = (seq: number) => new Date(AT + seq).toISOString();
    const pass = { subject: 'usr_1', reason: 'access.session', decidedBy: 'rule' };
    assert.deepEqual((await logOf(one)).reverse(), [
      [
        'access.pass',
        'res_1',
        actor,
        {
          ...pass,
          snapshotVersion: 3,
          count: 135,
          from: time(1),
          to: time(149),
          events: { epoch, firstSeq: 1, lastSeq: 149 },
        },
      ],
      [
        'access.deny',
        'res_1',
        actor,
        {
          ...{ subject: 'usr_2', reason: 'access.not_allowed', decidedBy: 'rule', snapshotVersion: 3, count: 20 },
          ...{ from: time(10), to: time(200), events: { epoch, firstSeq: 10, lastSeq: 200 } },
        },
      ],
      [
        'access.pass',
        'res_1',
        actor,
        {
          ...pass,
          snapshotVersion: 4,
          count: 45,
          from: time(151),
          to: time(199),
          events: { epoch, firstSeq: 151, lastSeq: 199 },
        },
      ],
    ]);
    const others = await logOf(other);
    assert.deepEqual([others.length, others[0][0], others[0][1]], [1, 'access.challenge', '']);

    // What comes later is another entry.
    await send(one.id, gateway, mine(199, 201));
    assert.equal(await recordDecisions(fixture.context), 1);
    assert.equal((await logOf(one))[0][3].count, 1);
    assert.equal((await one.call('GET', '/api/v1/audit/verification')).json().valid, true);
  },
);

eachDatabase('a class is also of the policies that decided, which its entry names', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { store } = fixture.context;
  const [gateway, epoch] = [(await organization.enrolGateway()).gateway.id, 'epoch-0001'];
  const policy = async (name: string) => {
    const text = `permit(principal in Group::"${name}", action in Action::"access", resource);`;
    const created = await organization.call('POST', '/api/v1/policies', { name, text });
    assert.equal(created.statusCode, 201, created.body);
    return created.json() as { id: string; version: number };
  };
  const [first, second, gone] = [await policy('first'), await policy('second'), await policy('gone')];
  await organization.call('DELETE', `/api/v1/policies/${gone.id}`);

  let seq = 0;
  const decided = (policies: string[], more: Partial<AccessEvent> = {}) =>
    event(gateway, epoch, ++seq, {
      ...{ reason: 'access.policy', explanation: { policies, facts: {}, reported: null, advice: '' } },
      ...more,
    });
  const many = Array.from({ length: 25 }, (_, index) => `pol_${String(index).padStart(26, '0')}`);
  const events = [
    decided([second.id, first.id]),
    decided([first.id, second.id, first.id]),
    decided([first.id]),
    decided([first.id], { snapshotVersion: 2 }),
    decided([gone.id]),
    decided([...many, 'pol_z'].reverse()),
    decided([...many, 'pol_y']),
    decided([], { reason: 'access.granted' }),
    decided([], { effect: 'deny', reason: 'access.segments_apart' }),
    decided([], { effect: 'deny', reason: 'limit.rate' }),
  ];
  await store.transaction((queries) => storeEvents(queries, fixture.context, organization.id, gateway, epoch, events));
  // Counted before this was noted: told as it was then.
  await store.db.updateTable('decision_counts').set({ deciders: null }).where('reason', '=', 'limit.rate').execute();
  assert.equal(await recordDecisions(fixture.context), 9);
  const entries = (await organization.call('GET', '/api/v1/audit?limit=500&action=access.*')).json().items;
  const told = entries.map((entry: { action: string; after: object }) => {
    const decision = decisionClassOf(entry)!;
    const named = decision.policies?.slice(0, 2).map(({ id, name }) => `${id} ${name}`) ?? null;
    return [decision.count, decision.decidedBy ?? null, decision.snapshotVersion, named, decision.morePolicies ?? null];
  });
  const both = [`${first.id} first`, `${second.id} second`].toSorted();
  const firstOfMany = many.slice(0, 2).map((id) => `${id} `);
  assert.deepEqual(
    new Set(told.map((one: unknown) => JSON.stringify(one))),
    new Set(
      [
        [2, 'policies', 3, both, null],
        [1, 'policies', 3, [`${first.id} first`], null],
        [1, 'policies', 2, [`${first.id} first`], null],
        [1, 'policies', 3, [`${gone.id} `], null],
        [1, 'policies', 3, firstOfMany, 6],
        [1, 'request', 3, null, null],
        [1, 'segments', 3, null, null],
        [1, null, 3, null, null],
      ].map((one) => JSON.stringify(one)),
    ),
  );
  assert.equal(told.length, 9, 'what is not named makes a class, too');
  const found = (await organization.call('GET', '/api/v1/audit?limit=500&q=second&action=access.*')).json().items;
  assert.equal(found.length, 1);
  assert.equal((await organization.call('GET', '/api/v1/audit/verification')).json().valid, true);
});

eachDatabase('very many classes are recorded in turns, in one chain', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const gateway = (await organization.enrolGateway()).gateway.id;
  const { store } = fixture.context;
  const events = Array.from({ length: 1_203 }, (_, index) =>
    event(gateway, 'epoch-0001', index + 1, { subject: `usr_${index}` }),
  );
  await store.transaction((queries) =>
    storeEvents(queries, fixture.context, organization.id, gateway, 'epoch-0001', events),
  );
  assert.equal(await recordDecisions(fixture.context), 1_203);
  const { valid, entries } = (await organization.call('GET', '/api/v1/audit/verification')).json();
  assert.equal(valid, true);
  assert.ok(entries >= 1_203);
  const left = await store.db.selectFrom('decision_counts').selectAll().execute();
  assert.equal(left.length, 0);
});

eachDatabase('whoever chooses what policies read does not choose how long the log gets', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gateway = (await ours.enrolGateway()).gateway.id;
  const forbids = Array.from({ length: 9 }, (_, index) => `pol_${index}`);
  // Each combination once, as a visitor makes them who asks for other paths and methods.
  const events = Array.from({ length: 2 ** forbids.length }, (_, mask) =>
    event(gateway, 'epoch-0001', mask + 1, {
      ...{ effect: 'deny', reason: 'access.policy_forbids', subject: '' },
      explanation: { policies: forbids.filter((_, bit) => mask & (1 << bit)), facts: {}, reported: null, advice: '' },
    }),
  );
  for (let from = 0; from < events.length; from += 100) {
    await fixture.context.store.transaction((queries) =>
      storeEvents(queries, fixture.context, ours.id, gateway, 'epoch-0001', events.slice(from, from + 100)),
    );
  }
  // 64 sets, those of no policy, and all the others.
  assert.equal(await recordDecisions(fixture.context), 66);
  const entries = (await ours.call('GET', '/api/v1/audit?limit=500'))
    .json()
    .items.filter(({ action }: { action: string }) => action === 'access.deny');
  const counts = entries.map(({ after }: { after: { count: number } }) => after.count);
  assert.equal(
    counts.reduce((sum: number, count: number) => sum + count),
    events.length,
    'each is counted',
  );
  const [others] = entries.filter(({ after }: { after: { count: number } }) => after.count > 1);
  assert.deepEqual([others.after.decidedBy, others.after.policies, others.after.count], ['policies', undefined, 447]);
});
