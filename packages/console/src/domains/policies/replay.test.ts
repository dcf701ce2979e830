import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
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
