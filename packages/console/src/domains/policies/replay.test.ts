import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { eachDatabase, type TestDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { storeEvents } from '../access-events/access-events.ts';

eachDatabase('replay knows the device of a recorded forward', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gatewayId = (await ours.enrolGateway()).gateway.id;
  const [laptop, other] = [await ours.enrolDevice(), await ours.enrolDevice()];
  const site = await ours.call('POST', '/api/v1/sites', {
    ...{ name: 'corp', connection: 'local', destinations: ['db.corp:5432'] },
    access: { mode: 'login' },
  });
  assert.equal(site.statusCode, 200, site.body);
  await ours.call('PUT', `/api/v1/segments/${laptop.id}`, { segments: ['laptops'] });
  const forward = (seq: number, credentialId: string) =>
    testEvent({
      ...{ gatewayId, epoch: 'epoch-0001', seq, organizationId: ours.id, resourceId: null, credentialId },
      at: new Date(fixture.clock.nowMs - 60_000).toISOString(),
      ...{ subject: ours.owner.id, protocol: 'forward', reason: 'access.device', method: 'TCP', path: '' },
      targetId: site.json().id,
    });
  const events = [forward(1, laptop.id), forward(2, other.id), forward(3, '')];
  await fixture.context.store.transaction((queries) =>
    storeEvents(queries, fixture.context, ours.id, gatewayId, 'epoch-0001', events),
  );
  const text =
    'forbid (principal, action == Action::"forward", resource)\n' +
    'unless { context has device && context.device.segments.contains("laptops") };';
  const answer = await ours.call('POST', '/api/v1/policies/replay', { proposal: { policies: [{ name: 'x', text }] } });
  assert.equal(answer.statusCode, 200, answer.body);
  const { events: judged, loses, gains } = answer.json();
  assert.equal(judged, 3);
  assert.deepEqual(gains, []);
  assert.deepEqual(
    loses.map(({ object, requests, examples }: Record<string, unknown>) => [object, requests, examples]),
    [['corp', 2, ['req_3', 'req_2']]],
  );
});

eachDatabase('replay judges what is proposed in report mode as if it were enforced', async (t, database) => {
  const { replayOf, call } = await wikiThatWasRead(t, database);
  const text = 'forbid (principal, action, resource);';
  const losers = ({ loses }: Replayed) => loses.map(({ object, requests }) => [object, requests]);

  const reported = await replayOf({ name: 'x', text, mode: 'report' });
  assert.deepEqual([losers(reported), reported.asEnforced], [[['wiki', 1]], ['x']]);
  const created = await call('POST', '/api/v1/policies', { name: 'x', text, mode: 'report' });
  assert.equal(created.statusCode, 201, created.body);
  const saved = await replayOf({ name: 'x', text, mode: 'report' });
  assert.deepEqual([losers(saved), saved.asEnforced], [[['wiki', 1]], ['x']], 'saved, it is asked the same');
  const others = await replayOf({ name: 'y', text: 'permit (principal, action, resource);', mode: 'enforce' });
  assert.deepEqual([losers(others), others.asEnforced], [[], []], 'who only reports beside it goes on reporting');

  const headers = { 'if-match': '"1"' };
  const changed = await call('PATCH', `/api/v1/policies/${created.json().id}`, { mode: 'enforce' }, { headers });
  assert.equal(changed.statusCode, 200, changed.body);
  const eased = await replayOf({ name: 'x', text, mode: 'report' });
  assert.deepEqual([losers(eased), eased.gains.length, eased.asEnforced], [[], 1, []], 'easing counts at once');
});

eachDatabase('replay knows the requests that were approved when the accesses were', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gatewayId = (await ours.enrolGateway()).gateway.id;
  const asker = await ours.user('member');
  const created = await ours.call('POST', '/api/v1/resources', {
    ...{ name: 'asked', targets: [{ address: '10.0.0.1:80' }], access: { mode: 'policy' } },
  });
  assert.equal(created.statusCode, 201, created.body);
  const at = (minutes: number) => fixture.clock.nowMs + minutes * 60_000;
  const start = at(0);
  const as = { key: asker.key };
  const asked = await ours.call(
    'POST',
    '/api/v1/access-requests',
    { object: 'asked', reason: 'a look', minutes: 30 },
    as,
  );
  assert.equal(asked.statusCode, 201, asked.body);
  fixture.clock.nowMs = at(10);
  const approved = await ours.call('POST', `/api/v1/access-requests/${asked.json().id}/decisions`, {
    effect: 'approve',
  });
  assert.equal(approved.statusCode, 200, approved.body);
  fixture.clock.nowMs = at(120);
  const event = (seq: number, minutes: number, parts: object) =>
    testEvent({
      ...{ gatewayId, epoch: 'epoch-0001', seq, organizationId: ours.id, resourceId: created.json().id },
      ...{ credentialId: '', subject: asker.user.id, method: 'GET', path: '/', ...parts },
      at: new Date(start + minutes * 60_000).toISOString(),
    });
  const denied = { effect: 'deny', status: 403, reason: 'access.policy_forbids' };
  const events = [
    event(1, 5, { ...denied, reason: 'access.not_allowed' }),
    event(2, 20, { reason: 'access.granted' }),
    event(3, 30, denied),
    event(4, 60, { ...denied, reason: 'access.not_allowed' }),
    // A gateway lets in until it hears that the time is over.
    event(5, 41, { reason: 'access.granted' }),
  ];
  await fixture.context.store.transaction((queries) =>
    storeEvents(queries, fixture.context, ours.id, gatewayId, 'epoch-0001', events),
  );
  const replayOf = async (mode: string) => {
    const text = 'forbid (principal, action, resource);';
    const proposal = { policies: [{ name: 'x', text, mode }] };
    const { gains, loses } = (await ours.call('POST', '/api/v1/policies/replay', { proposal })).json();
    return { gains, loses } as Record<'gains' | 'loses', { before: string; after: string; examples: string[] }[]>;
  };
  const lost = await replayOf('enforce');
  assert.deepEqual(
    lost.loses.map(({ before, after, examples }) => [before, after, [...examples].sort()]),
    [['access.granted', 'access.policy_forbids', ['req_2', 'req_3', 'req_5']]],
  );
  assert.deepEqual(lost.gains, []);
  const text = 'forbid (principal, action, resource);';
  const made = await ours.call('POST', '/api/v1/policies', { name: 'x', text, mode: 'enforce' });
  assert.equal(made.statusCode, 201, made.body);
  const back = await replayOf('off');
  assert.deepEqual(
    back.gains.map(({ after, examples }) => [after, [...examples].sort()]),
    [['access.granted', ['req_2', 'req_3', 'req_5']]],
  );
});

type Replayed = {
  readonly [side in 'gains' | 'loses']: readonly { object: string; requests: number }[];
} & { readonly asEnforced: readonly string[] };

/** One resource, read once by a member of staff who was signed in. */
async function wikiThatWasRead(t: TestContext, database: TestDatabase) {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gatewayId = (await ours.enrolGateway()).gateway.id;
  const wiki = await ours.call('POST', '/api/v1/resources', {
    ...{ name: 'wiki', targets: [{ address: '10.0.0.1:80' }], access: { mode: 'login' } },
  });
  assert.equal(wiki.statusCode, 201, wiki.body);
  const event = testEvent({
    ...{ gatewayId, epoch: 'epoch-0001', seq: 1, organizationId: ours.id, resourceId: wiki.json().id },
    ...{ credentialId: '', subject: ours.owner.id, reason: 'access.session', method: 'GET', path: '/' },
    at: new Date(fixture.clock.nowMs - 60_000).toISOString(),
  });
  await fixture.context.store.transaction((queries) =>
    storeEvents(queries, fixture.context, ours.id, gatewayId, 'epoch-0001', [event]),
  );
  const replayOf = async (policy: object): Promise<Replayed> => {
    const answer = await ours.call('POST', '/api/v1/policies/replay', { proposal: { policies: [policy] } });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json();
  };
  return { replayOf, call: ours.call.bind(ours) };
}
