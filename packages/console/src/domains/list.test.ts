import assert from 'node:assert/strict';
import { type AccessEvent, createId } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../testing/access-event.suite.ts';
import { startFixture, type TestOrganization } from '../testing/fixture.suite.ts';
import { connectSync } from '../testing/sync-client.suite.ts';
import { storeEvents } from './access-events/access-events.ts';

interface Item {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly seq: number;
}

/** Every page of a list, one after the other. */
async function all(organization: TestOrganization, path: string, limit = 3): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor = ''; ; ) {
    const more = cursor === '' ? '' : `&cursor=${cursor}`;
    const answer = await organization.call(
      'GET',
      `/api/v1/${path}${path.includes('?') ? '&' : '?'}limit=${limit}${more}`,
    );
    assert.equal(answer.statusCode, 200, `${path}: ${answer.body}`);
    items.push(...answer.json().items);
    if (answer.json().nextCursor === null) return items;
    cursor = answer.json().nextCursor;
  }
}

const names = (items: readonly Item[]) => items.map(({ name }) => name);

eachDatabase('lists are searched, sorted and filtered, page by page, each item once', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  await theirs.call('POST', '/api/v1/resources', { name: 'alpha-theirs', targets: [{ address: '10.0.0.1:80' }] });
  for (const name of ['delta', 'alpha', 'echo', 'bravo', 'charlie', 'foxtrot']) {
    fixture.clock.nowMs++;
    const body = {
      name,
      targets: [{ address: '10.0.0.1:80' }],
      ...(name === 'echo' ? { domains: ['wiki.alpha.example'] } : {}),
    };
    const answer = await ours.call('POST', '/api/v1/resources', body);
    assert.equal(answer.statusCode, 201, answer.body);
  }
  const sorted = ['alpha', 'bravo', 'charlie', 'delta', 'echo', 'foxtrot'];
  assert.deepEqual(names(await all(ours, 'resources?sort=name&protocol=http')), sorted);
  assert.deepEqual(names(await all(ours, 'resources?sort=-name&protocol=http')), sorted.toReversed());
  assert.deepEqual(names(await all(ours, 'resources?protocol=http')), [
    'delta',
    'alpha',
    'echo',
    'bravo',
    'charlie',
    'foxtrot',
  ]);
  assert.deepEqual(names(await all(ours, 'resources?sort=-updated&protocol=http', 2)).slice(0, 2), [
    'foxtrot',
    'charlie',
  ]);
  assert.deepEqual(names(await all(ours, 'resources?q=ALPHA&sort=name')), ['alpha', 'echo'], 'names and domains');
  assert.deepEqual(names(await all(ours, 'resources?q=%25')), [], 'no pattern');
  assert.deepEqual(names(await all(ours, 'resources?q=_')), []);
  assert.deepEqual(names(await all(ours, "resources?q='%20or%201=1")), []);
  assert.deepEqual(names(await all(ours, 'resources?enabled=false')), []);
  assert.deepEqual(names(await all(ours, 'services')), []);

  const page = (await ours.call('GET', '/api/v1/resources?sort=name&limit=2')).json();
  for (const query of [
    `sort=-name&cursor=${page.nextCursor}`,
    'sort=port',
    `sort=name&cursor=${Buffer.from('["name",1,"x"]').toString('base64url')}`,
  ]) {
    assert.equal((await ours.call('GET', `/api/v1/resources?${query}`)).statusCode, 400, query);
  }
  // What is added meanwhile moves nothing.
  await ours.call('POST', '/api/v1/resources', { name: 'aardvark', targets: [{ address: '10.0.0.1:80' }] });
  const next = (await ours.call('GET', `/api/v1/resources?sort=name&limit=2&cursor=${page.nextCursor}`)).json();
  assert.deepEqual(names(next.items), ['charlie', 'delta']);

  for (const [email, role] of [
    ['zoe@example.com', 'auditor'],
    ['Max_1@example.com', 'member'],
    ['max21@example.com', 'member'],
  ] as const) {
    await ours.user(role, { email: email.toLowerCase() });
  }
  const emails = async (query: string) => (await all(ours, `users?${query}`)).map(({ email }) => email);
  assert.deepEqual(await emails('q=max_1'), ['max_1@example.com']);
  assert.deepEqual(await emails('role=auditor&kind=person'), ['zoe@example.com']);
  assert.deepEqual((await emails('sort=-email')).slice(0, 1), ['zoe@example.com']);
  const [zoe] = await all(ours, 'users?q=zoe');
  await ours.call(
    'PATCH',
    `/api/v1/users/${zoe!.id}`,
    { groups: ['ops', 'web'], status: 'disabled' },
    { headers: { 'if-match': '"1"' } },
  );
  assert.deepEqual(await emails('group=web'), ['zoe@example.com']);
  assert.deepEqual(await emails('group=we'), []);
  assert.deepEqual(await emails('status=disabled'), ['zoe@example.com']);

  const device = await ours.enrolDevice(ours.key, 'Laptop of Zoe');
  await ours.enrolDevice(ours.key, 'server');
  assert.deepEqual(names(await all(ours, 'devices?q=zoe&state=approved')), ['Laptop of Zoe']);
  await ours.call('DELETE', `/api/v1/devices/${device.id}`);
  assert.deepEqual(names(await all(ours, 'devices?state=approved&sort=-name')), ['server']);
  assert.deepEqual(names(await all(ours, 'devices?state=revoked')), ['Laptop of Zoe']);
  assert.deepEqual(names(await all(ours, 'devices?state=pending')), []);

  const sync = await fixture.startSync();
  const [one, two] = [await ours.enrolGateway({ region: 'north' }), await ours.enrolGateway()];
  const client = await connectSync(sync.port, one);
  client.send({ type: 'hello', protocol: 1, softwareVersion: '1.0.0', snapshotVersion: 0 });
  await client.next('snapshot');
  const ids = async (query: string) => (await all(ours, `gateways?${query}`)).map(({ id }) => id);
  assert.deepEqual(await ids('connected=true'), [one.gateway.id]);
  assert.deepEqual(await ids('connected=false'), [two.gateway.id]);
  assert.deepEqual(await ids('sort=-seen'), [one.gateway.id, two.gateway.id]);
  assert.deepEqual(await ids('sort=seen'), [two.gateway.id, one.gateway.id]);
  assert.deepEqual(await ids('region=north&q=gateway&status=active'), [one.gateway.id]);

  assert.equal((await all(ours, 'api-keys?usable=true&q=test')).length, 4);
  assert.equal((await all(ours, 'api-keys?usable=false')).length, 0);
  assert.equal((await all(ours, 'sessions?open=true&kind=console')).length, 0);
  assert.equal((await all(ours, 'sites?connection=local&sort=name')).length, 0);
});

eachDatabase('events and audit entries are found by what they say', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const [gateway, foreign] = [(await ours.enrolGateway()).gateway.id, (await theirs.enrolGateway()).gateway.id];
  const at = (seq: number) => new Date(clock.nowMs - 60_000 + seq).toISOString();
  const event = (gatewayId: string, seq: number, parts: Partial<AccessEvent>) =>
    testEvent({ gatewayId, epoch: 'epoch-0001', seq, at: at(seq), ...parts });
  const send = (organizationId: string, gatewayId: string, events: AccessEvent[]) =>
    context.store.transaction((queries) =>
      storeEvents(queries, context, organizationId, gatewayId, 'epoch-0001', events),
    );
  const requestId = createId('request', Date.parse(at(12)));
  const policyId = createId('policy', clock.nowMs);
  const many = Array.from({ length: 6_000 }, (_, index) =>
    event(gateway, index + 1, {
      ...(index % 1_000 === 0
        ? { effect: 'deny', reason: 'access.not_allowed', subject: 'usr_eve', sourceAddress: '203.0.113.9' }
        : {}),
      ...(index === 7 ? { path: '/"Needle" <b>' } : {}),
      ...(index === 11 ? { reason: 'access.policy', requestId } : {}),
      ...(index === 20 ? { explanation: { policies: [policyId], facts: {}, advice: '', reported: null } } : {}),
      ...(index === 21 ? { path: `/"${policyId}"`, host: 'x","status":500,"' } : {}),
      ...(index === 30 ? { status: 502 } : {}),
      ...(index === 31 ? { effect: 'deny', reason: 'target.dial_refused', status: 0 } : {}),
    }),
  );
  for (let index = 0; index < many.length; index += 2_000)
    await send(ours.id, gateway, many.slice(index, index + 2_000));
  await send(theirs.id, foreign, [
    event(foreign, 1, { effect: 'deny', reason: 'access.not_allowed', subject: 'usr_eve' }),
  ]);

  const seqs = async (query: string, limit = 5) =>
    (await all(ours, `access-events?${query}`, limit)).map(({ seq }) => seq);
  const denied = Array.from({ length: 6 }, (_, index) => 5_001 - index * 1_000);
  for (const query of [
    'effect=deny&failed=false',
    'reason=access.not_allowed',
    'subject=usr_eve',
    'sourceAddress=203.0.113.9',
    'effect=deny&subject=usr_eve',
    'effect=deny&failed=false&resourceId=res_1',
    `effect=deny&failed=false&gatewayId=${gateway}`,
    `reason=access.not_allowed&subject=usr_eve&gatewayId=${gateway}`,
  ]) {
    assert.deepEqual(await seqs(query), denied, query);
  }
  assert.equal((await seqs(`reason=access.session&from=${at(5_990)}`, 500)).length, 11);
  assert.deepEqual(await seqs(`from=${at(5)}&to=${at(7)}`), [6, 5]);
  assert.deepEqual(
    await seqs(`q=${encodeURIComponent('/"needle" <b>')}`),
    [8],
    'on a later page that was looked through',
  );
  assert.deepEqual(await seqs('failed=true'), [32, 31], 'what broke, and not what looks like it in a name');
  assert.deepEqual(await seqs('failed=true&effect=deny'), [32]);
  assert.deepEqual(await seqs(`policyId=${policyId}`), [21], 'and not who writes its id into a path');
  assert.deepEqual(await seqs('q=%25'), []);
  assert.deepEqual(await seqs('reason=access.policy'), [12], 'it passed, and is far from the newest');
  const { items, nextCursor } = (await ours.call('GET', `/api/v1/access-events?q=${requestId.toUpperCase()}`)).json();
  assert.deepEqual([items.map(({ seq }: Item) => seq), nextCursor], [[12], null], 'an id says when it was');
  const first = (await ours.call('GET', '/api/v1/access-events?q=needle')).json();
  assert.deepEqual([first.items, typeof first.nextCursor], [[], 'string']);
  assert.equal((await ours.call('GET', '/api/v1/access-events?from=yesterday')).statusCode, 400);

  const { id } = (
    await ours.call('POST', '/api/v1/resources', { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] })
  ).json();
  await ours.call('DELETE', `/api/v1/resources/${id}`);
  const actions = async (query: string) =>
    (await all(ours, `audit?${query}`)).map((entry) => (entry as unknown as { action: string }).action);
  assert.deepEqual(await actions(`objectId=${id}`), ['resource.delete', 'resource.create']);
  assert.deepEqual(await actions('action=resource.delete'), ['resource.delete']);
  assert.deepEqual(await actions('action=resource.*'), ['resource.delete', 'resource.create']);
  assert.deepEqual(await actions('action=resource_*'), []);
  assert.deepEqual(await actions('q=WIKI'), ['resource.delete', 'resource.create']);
  assert.deepEqual(await actions(`q=wiki&actorId=${gateway}`), []);
  assert.equal((await ours.call('GET', '/api/v1/audit/verification')).json().valid, true);
  await context.store.db
    .updateTable('audit_entries')
    .set({ actor_id: 'usr_else' })
    .where('action', '=', 'resource.delete')
    .execute();
  assert.equal(
    (await ours.call('GET', '/api/v1/audit/verification')).json().valid,
    false,
    'what it is found by is held against it',
  );
});
