import assert from 'node:assert/strict';
import type { AccessEvent } from '@zeronaut/model';
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
    const pass = { subject: 'usr_1', reason: 'access.session' };
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
          ...{ subject: 'usr_2', reason: 'access.not_allowed', snapshotVersion: 3, count: 20 },
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
