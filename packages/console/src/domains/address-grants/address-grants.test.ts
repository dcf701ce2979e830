import assert from 'node:assert/strict';
import { createId, type ReportedAddressGrant, type Snapshot } from '@zeronaut/model';
import { eachDatabase, waitFor } from '@zeronaut/testkit';
import { type Fixture, startFixture, type TestGateway, type TestOrganization } from '../../testing/fixture.suite.ts';
import { connectSync } from '../../testing/sync-client.suite.ts';
import { tidy } from '../../workers/housekeeping.ts';
import { createReportLimit, takeAddressGrants } from './reports.ts';

const HOUR_MS = 3_600_000;
const HELLO = { type: 'hello', protocol: 1, softwareVersion: '0.1.0', snapshotVersion: 0 };

async function port(organization: TestOrganization, name = 'ssh'): Promise<string> {
  const body = { name, protocol: 'tcp', targets: [{ address: '10.0.0.1:22' }] };
  const answer = await organization.call('POST', '/api/v1/resources', body);
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().id;
}

function reported(
  fixture: Fixture,
  parts: Partial<ReportedAddressGrant> & Pick<ReportedAddressGrant, 'userId' | 'resourceId'>,
) {
  const { nowMs } = fixture.clock;
  return {
    ...{ id: createId('grant', nowMs), sessionId: createId('session'), address: '192.0.2.1' },
    ...{ createdAt: new Date(nowMs).toISOString(), expiresAt: new Date(nowMs + HOUR_MS).toISOString(), ended: null },
    ...parts,
  };
}
const over = (fixture: Fixture, why: 'expired' | 'extended' | 'revoked' | 'gone') => ({
  at: new Date(fixture.clock.nowMs).toISOString(),
  why,
});
const rowOf = ({ gateway }: TestGateway, { id }: TestOrganization) => ({ id: gateway.id, organization_id: id });
async function entries(organization: TestOrganization): Promise<string[]> {
  const { items } = (await organization.call('GET', '/api/v1/audit?action=address_grant.*&limit=100')).json();
  return items.map((entry: { action: string; objectId: string }) => `${entry.action} ${entry.objectId}`).toReversed();
}

eachDatabase(
  'what a gateway tells is listed, once in the audit log, and ends in the snapshot of that gateway',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const ours = await fixture.organization();
    const [here, there] = [await ours.enrolGateway(), await ours.enrolGateway()];
    const [ann, bob] = [await ours.user('member'), await ours.user('member')];
    const resourceId = await port(ours);
    const sync = await fixture.startSync();
    const links = [];
    for (const gateway of [here, there]) {
      const link = await connectSync(sync.port, gateway);
      t.after(() => link.socket.destroy());
      link.send({ ...HELLO, features: ['addresses'] });
      const first: Snapshot = JSON.parse((await link.next('snapshot')).snapshot.payload);
      assert.deepEqual(first.endedAddressGrants, []);
      links.push(link);
    }
    const link = links[0]!;
    let rpcId = 0;
    const tell = async (grants: ReportedAddressGrant[], open?: string[]) => {
      link.send({ type: 'address_grants', rpcId: ++rpcId, grants, ...(open && { open }) });
      const { taken, ended } = await link.next('address_grants_result');
      assert.equal(taken, grants.length);
      return ended;
    };
    const list = async (key: string, url = '/api/v1/me/addresses') =>
      (await ours.call('GET', url, undefined, { key })).json().items.map(({ id }: { id: string }) => id);

    const one = reported(fixture, { userId: ann.user.id, resourceId });
    const two = reported(fixture, { userId: bob.user.id, resourceId, address: '2001:DB8::1' });
    assert.deepEqual(await tell([one, two], [one.id, two.id]), []);
    // Told again, by a link that came back: nothing more.
    assert.deepEqual(await tell([one, two], [one.id, two.id]), []);
    assert.deepEqual(await entries(ours), [`address_grant.create ${one.id}`, `address_grant.create ${two.id}`]);
    const [shown] = (await ours.call('GET', '/api/v1/me/addresses', undefined, { key: bob.key })).json().items;
    assert.deepEqual(
      { ...shown, createdAt: 0, expiresAt: 0 },
      {
        ...{ id: two.id, organizationId: ours.id, userId: bob.user.id, resourceId, resource: 'ssh' },
        ...{ gatewayId: here.gateway.id, gateway: here.gateway.name, sessionId: two.sessionId },
        ...{ address: '2001:db8::1', createdAt: 0, expiresAt: 0, endedAt: null },
      },
    );
    assert.deepEqual(await list(ours.key, `/api/v1/addresses?userId=${ann.user.id}&open=true`), [one.id]);
    assert.deepEqual(await list(ours.key, '/api/v1/addresses?q=DB8'), [two.id]);
    assert.equal((await ours.call('GET', '/api/v1/addresses', undefined, { key: bob.key })).statusCode, 403);

    // Somebody else's does not exist.
    assert.equal(
      (await ours.call('DELETE', `/api/v1/me/addresses/${two.id}`, undefined, { key: ann.key })).statusCode,
      404,
    );
    assert.equal(
      (await ours.call('DELETE', `/api/v1/me/addresses/${one.id}`, undefined, { key: ann.key })).statusCode,
      204,
    );
    const sent: Snapshot = JSON.parse((await link.next('snapshot')).snapshot.payload);
    assert.deepEqual(sent.endedAddressGrants, [one.id]);
    assert.deepEqual(await list(ann.key), []);
    // A gateway that missed it, or has an older disk, hears it in the answer; that it ended there changes nothing more.
    assert.deepEqual(await tell([one], [one.id, two.id]), [one.id]);
    assert.deepEqual(await tell([{ ...one, ended: over(fixture, 'gone') }]), []);
    assert.deepEqual(await tell([one]), [one.id]);
    assert.deepEqual((await entries(ours)).slice(2), [`address_grant.revoke ${one.id}`]);

    // Ended there by the person: who it was is in the log.
    assert.deepEqual(await tell([{ ...two, ended: over(fixture, 'revoked') }]), []);
    assert.deepEqual(await tell([{ ...two, ended: over(fixture, 'revoked') }]), []);
    assert.deepEqual((await entries(ours)).slice(3), [`address_grant.revoke ${two.id}`]);
    const [last] = (await ours.call('GET', '/api/v1/audit?limit=1')).json().items;
    assert.equal(last.actor.id, bob.user.id);
    assert.equal(last.before.sourceAddress, '2001:db8::1');

    // What is missing in all that count counts no more; the other gateway's is not touched.
    const three = reported(fixture, { userId: ann.user.id, resourceId });
    const four = reported(fixture, { userId: ann.user.id, resourceId });
    await tell([three, four]);
    assert.deepEqual(await list(ann.key), [four.id, three.id].toSorted().toReversed());
    await tell([], [four.id]);
    assert.deepEqual(await list(ann.key), [four.id]);
    assert.deepEqual((await ours.call('DELETE', '/api/v1/me/addresses', undefined, { key: ann.key })).json(), {
      ended: 1,
    });
    const again: Snapshot = JSON.parse((await link.next('snapshot')).snapshot.payload);
    assert.deepEqual(again.endedAddressGrants, [one.id, four.id].toSorted());
    assert.equal(links[1]!.received.filter(({ type }) => type === 'snapshot').length, 0, 'it is none of its business');

    fixture.clock.nowMs += 8 * 24 * HOUR_MS;
    await tidy(fixture.context);
    assert.deepEqual(await list(ours.key, '/api/v1/addresses'), []);
  },
);

eachDatabase('a gateway speaks of its own organization alone, and of nothing that others told', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const [gateway, second] = [await ours.enrolGateway(), await ours.enrolGateway()];
  await theirs.enrolGateway();
  const [ann, eve] = [await ours.user('member'), await theirs.user('member')];
  const [ssh, foreign] = [await port(ours), await port(theirs)];
  const web = (
    await ours.call('POST', '/api/v1/resources', { name: 'web', targets: [{ address: '10.0.0.1:80' }] })
  ).json();
  const limit = createReportLimit();
  const tell = (by: TestGateway, grants: ReportedAddressGrant[], open?: string[]) =>
    takeAddressGrants(fixture.context, rowOf(by, ours), { grants, open }, limit);
  const good = reported(fixture, { userId: ann.user.id, resourceId: ssh });
  const bad = [
    reported(fixture, { userId: eve.user.id, resourceId: ssh }),
    reported(fixture, { userId: ann.user.id, resourceId: foreign }),
    reported(fixture, { userId: ann.user.id, resourceId: web.id }),
    reported(fixture, { userId: createId('user'), resourceId: ssh }),
  ];
  const result = await tell(gateway, [
    good,
    ...bad,
    { ...bad[0]!, id: createId('grant'), ended: over(fixture, 'revoked') },
  ]);
  assert.deepEqual(result, { taken: 6, ended: bad.map(({ id }) => id) });
  assert.deepEqual(await entries(ours), [`address_grant.create ${good.id}`]);
  assert.deepEqual(await entries(theirs), []);

  // Of another gateway: it neither ends it nor has it.
  assert.deepEqual(await tell(second, [good, { ...good, ended: over(fixture, 'revoked') }], []), {
    taken: 2,
    ended: [good.id],
  });
  const { items } = (await ours.call('GET', '/api/v1/addresses?open=true')).json();
  assert.deepEqual(
    items.map((item: { id: string; gatewayId: string }) => [item.id, item.gatewayId]),
    [[good.id, gateway.gateway.id]],
  );
  // Or as another person's.
  const bob = await ours.user('member');
  assert.deepEqual((await tell(gateway, [{ ...good, userId: bob.user.id }])).ended, [good.id]);

  // A clock that is wrong, or a lie: a day from now at most.
  const long = reported(fixture, {
    userId: ann.user.id,
    resourceId: ssh,
    createdAt: '2999-01-01T00:00:00.000Z',
    expiresAt: '2999-01-02T00:00:00.000Z',
  });
  await tell(gateway, [long]);
  const row = await fixture.context.store.db
    .selectFrom('address_grants')
    .selectAll()
    .where('id', '=', long.id)
    .executeTakeFirstOrThrow();
  assert.equal(row.expires_at, fixture.clock.nowMs + 24 * HOUR_MS);
  assert.equal(row.created_at, fixture.clock.nowMs);
});

eachDatabase('what a grant rests on ends it at a gateway that missed it', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gateway = await ours.enrolGateway();
  const ann = await ours.user('member');
  const resourceId = await port(ours);
  const { db } = fixture.context.store;
  const sessionId = createId('session');
  const nowMs = fixture.clock.nowMs;
  await db
    .insertInto('sessions')
    .values({
      ...{ id: sessionId, organization_id: ours.id, user_id: ann.user.id, kind: 'portal', token_hash: null },
      ...{ address: '192.0.2.1', user_agent: '', factors: '[]', created_at: nowMs, expires_at: nowMs + HOUR_MS },
      ...{ revoked_at: null, last_used_at: null, idle_ms: null, authenticated_at: nowMs },
    })
    .execute();
  const grant = reported(fixture, { userId: ann.user.id, resourceId, sessionId });
  const limit = createReportLimit();
  const tell = async (grants: ReportedAddressGrant[]) =>
    (await takeAddressGrants(fixture.context, rowOf(gateway, ours), { grants }, limit)).ended;
  assert.deepEqual(await tell([grant]), []);
  await ours.call('DELETE', `/api/v1/sessions/${sessionId}`);
  assert.deepEqual(await tell([grant]), [grant.id]);
  const other = reported(fixture, { userId: ann.user.id, resourceId });
  assert.deepEqual(await tell([other]), []);
  await ours.call('PATCH', `/api/v1/users/${ann.user.id}`, { status: 'disabled' }, { headers: { 'if-match': '"1"' } });
  assert.deepEqual(await tell([other]), [other.id]);
  await ours.call('DELETE', `/api/v1/gateways/${gateway.gateway.id}`);
  assert.deepEqual((await ours.call('GET', '/api/v1/addresses?open=true')).json().items, [], 'gone with its gateway');
});

eachDatabase('a gateway that makes up grants for ever fills nothing', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gateway = await ours.enrolGateway();
  const userId = ours.owner.id;
  const resourceId = await port(ours);
  const limit = createReportLimit();
  let stored = 0;
  for (let report = 0; report < 60; report++) {
    const grants = Array.from({ length: 200 }, () =>
      reported(fixture, { userId, resourceId, ended: over(fixture, 'revoked') }),
    );
    stored += (await takeAddressGrants(fixture.context, rowOf(gateway, ours), { grants }, limit)).taken;
  }
  assert.equal(stored, 10_000);
  fixture.clock.nowMs += 60_000;
  const more = Array.from({ length: 200 }, () => reported(fixture, { userId, resourceId }));
  const { taken } = await takeAddressGrants(fixture.context, rowOf(gateway, ours), { grants: more }, limit);
  assert.equal(taken, 6, 'one in ten seconds');
  const { count } = await fixture.context.store.db
    .selectFrom('address_grants')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  assert.equal(count, 10_006);
});

eachDatabase('the person’s own page hears of each change', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gateway = await ours.enrolGateway();
  const ann = await ours.user('member');
  const resourceId = await port(ours);
  const heard: string[] = [];
  fixture.context.live.subscribe(
    ours.id,
    {
      onItem: (item) => {
        if (item.part === 'changes' && item.change.noun === 'addresses')
          heard.push(`${item.change.action} ${item.change.ownerId}`);
      },
      onLost: () => undefined,
    },
    undefined,
  );
  const limit = createReportLimit();
  const tell = (grants: ReportedAddressGrant[], open?: string[]) =>
    takeAddressGrants(fixture.context, rowOf(gateway, ours), { grants, open }, limit);
  const [one, two, three] = Array.from({ length: 3 }, () => reported(fixture, { userId: ann.user.id, resourceId }));
  await tell([one!, two!, three!]);
  await tell([{ ...one!, ended: over(fixture, 'gone') }]);
  await tell([], [three!.id]);
  await ours.call('DELETE', `/api/v1/addresses/${three!.id}`);
  await waitFor(() => heard.length === 6, { what: 'all changes' });
  assert.deepEqual(heard, [
    ...Array.from({ length: 3 }, () => `address_grant.create ${ann.user.id}`),
    ...Array.from({ length: 2 }, () => `address_grant.end ${ann.user.id}`),
    `address_grant.revoke ${ann.user.id}`,
  ]);
});
