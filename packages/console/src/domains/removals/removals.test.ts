import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { NOTHING } from './what-ends.ts';

eachDatabase('what a removal would end is said, and nothing is changed', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const { call } = ours;
  const gatewayId = (await ours.enrolGateway()).gateway.id;
  const device = await ours.enrolDevice();
  const service = await call('POST', '/api/v1/services', {
    ...{ deviceId: device.id, protocol: 'http', address: 'localhost:3000', name: 'shop' },
  });
  const { id } = service.json();
  const site = await call('POST', '/api/v1/sites', {
    ...{ name: 'corp', connection: 'tunnel', deviceId: device.id, destinations: ['db.corp:5432'] },
  });
  assert.equal(site.statusCode, 200, site.body);
  const path = `/api/v1/resources/${id}`;
  const preview = async (of: string) => (await call('GET', `/api/v1/${of}/removal`)).json();
  assert.deepEqual(await preview('resources/shop'), {
    ...{ ends: NOTHING, lastUsedAt: null, unreachable: [], namedBy: [] },
  });

  await call('POST', `${path}/shares`, { ttlSeconds: 600 });
  const gone = (await call('POST', `${path}/shares`, { ttlSeconds: 600 })).json();
  await call('DELETE', `/api/v1/shares/${gone.share.id}`);
  assert.equal((await call('PUT', `/api/v1/approval-rules/${id}`, { approvers: ['role:owner'] })).statusCode, 200);
  const policy = (name: string, text: string) => call('POST', '/api/v1/policies', { name, text, mode: 'report' });
  assert.equal((await policy('night', `forbid (principal, action, resource == Resource::"${id}");`)).statusCode, 201);
  await policy('else', `forbid (principal, action, resource) when { context.address == "${id}" };`);
  const event = (seq: number, agoMs: number, parts: object) =>
    testEvent({
      ...{ gatewayId, epoch: 'epoch-0001', seq, organizationId: ours.id, resourceId: id },
      ...{ at: new Date(clock.nowMs - agoMs).toISOString(), ...parts },
    });
  await context.store.transaction((queries) =>
    storeEvents(queries, context, ours.id, gatewayId, 'epoch-0001', [
      event(1, 90_000_000, { subject: 'usr_old' }),
      event(2, 60_000, { subject: 'usr_ann' }),
      event(3, 50_000, { subject: 'usr_ann' }),
      event(4, 40_000, { subject: 'usr_bob' }),
      event(5, 30_000, { subject: '' }),
      event(6, 20_000, { subject: 'usr_eve', effect: 'deny', reason: 'access.not_allowed' }),
    ]),
  );
  assert.deepEqual(await preview(`resources/${id}`), {
    ends: { ...NOTHING, visitors: 2, accesses: 4, shares: 1 },
    lastUsedAt: null,
    unreachable: [],
    namedBy: [
      { kind: 'approval_rule', name: 'shop' },
      { kind: 'policy', name: 'night' },
    ],
  });
  assert.deepEqual((await preview(`devices/${device.id}`)).unreachable, [
    { kind: 'resource', name: 'shop' },
    { kind: 'site', name: 'corp' },
  ]);
  assert.deepEqual((await preview(`sites/${site.json().id}`)).ends, NOTHING);
  assert.equal((await call('GET', path)).json().version, 1, 'it was only asked');
  const foreign = await theirs.call('GET', `${path}/removal`);
  assert.equal(foreign.statusCode, 404);
});

eachDatabase('of an identity provider, those are counted who have no other way in', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const { db } = fixture.context.store;
  const make = async (name: string): Promise<string> => {
    const settings = { kind: 'oidc', issuer: 'https://idp.example.com', clientId: 'c', scopes: ['openid'] };
    const answer = await ours.call('POST', '/api/v1/identity-providers', {
      ...{ name, displayName: name, settings, secret: 'a secret' },
    });
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json().id;
  };
  const [corp, other] = [await make('corp'), await make('other')];
  const people = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => ours.user('member', { email: `${name}@example.com` })),
  );
  const link = (providerId: string, userId: string) =>
    db
      .insertInto('external_identities')
      .values({
        ...{ organization_id: ours.id, provider_id: providerId, subject: userId, user_id: userId },
        ...{ granted_groups: '[]', granted_role: null, created_at: 1, last_used_at: 1 },
      })
      .execute();
  const ids = people.map(({ user }) => user.id);
  for (const id of ids) await link(corp, id);
  const count = async () => (await ours.call('GET', `/api/v1/identity-providers/${corp}/removal`)).json().ends.people;
  // Some fixtures give everybody a password.
  await db.deleteFrom('password_hashes').where('user_id', 'in', ids).execute();
  assert.equal(await count(), 4);
  await link(other, ids[0]!);
  await db
    .insertInto('password_hashes')
    .values({ user_id: ids[1]!, organization_id: ours.id, hash: 'x', changed_at: 1 })
    .execute();
  await db.updateTable('users').set({ status: 'disabled' }).where('id', '=', ids[2]!).execute();
  assert.equal(await count(), 1);
});
