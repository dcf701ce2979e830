import assert from 'node:assert/strict';
import { type AccessEvent, resourceInputOf, type UnusedPermissions } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { Refusal } from '../../store/refusal.ts';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { storeEvents } from '../access-events/access-events.ts';
import type { Caller } from '../context.ts';
import { unusedPermissions } from './unused.ts';

eachDatabase('unused permissions come with tighter policies that lose no recorded access', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gatewayId = (await ours.enrolGateway()).gateway.id;
  const call = async (method: string, url: string, body?: unknown, version?: number) => {
    const headers: Record<string, string> = version === undefined ? {} : { 'if-match': `"${version}"` };
    const answer = await ours.call(method, url, body, { headers });
    assert.ok(answer.statusCode < 300, answer.body);
    return answer.json();
  };
  const user = async (groups: string[]) => {
    const { user: made } = await ours.user('member');
    await call('PATCH', `/api/v1/users/${made.id}`, { groups }, made.version);
    return made.id;
  };
  const [ann, ben, cid] = [await user(['dev']), await user(['dev']), await user(['ops'])];
  const resource = async (name: string, segment: string) => {
    const made = await call('POST', '/api/v1/resources', {
      name,
      targets: [{ address: '10.0.0.1:80' }],
      access: { mode: 'policy' },
    });
    await call('PUT', `/api/v1/segments/${name}`, { segments: [segment] });
    return made.id as string;
  };
  const [wiki, shop] = [await resource('wiki', 'prod'), await resource('shop', 'prod')];
  const bench = await resource('bench', 'lab');
  const policy = async (name: string, text: string) => (await call('POST', '/api/v1/policies', { name, text })).id;
  const team = await policy(
    'team',
    'permit (principal, action, resource in Segment::"prod")\n' +
      'when { principal in Group::"dev" || principal in Group::"ops" || principal in Group::"gone" }\n' +
      'when { context.risk < 50 };',
  );
  const never = await policy('never', 'permit (principal in Group::"gone", action, resource);');
  const exact = await policy(
    'exact',
    `permit (principal == User::"${cid}", action == Action::"read", resource == Resource::"${bench}");`,
  );
  const odd = await policy(
    'odd',
    'permit (principal in Group::"dev", action, resource) when { context.risk + 1 < 3 };',
  );
  await policy('forbidding', 'forbid (principal in Group::"gone", action, resource);');

  let seq = 0;
  const used = (subject: string, resourceId: string, policies: string[], more: Partial<AccessEvent> = {}) =>
    testEvent({
      ...{ gatewayId, epoch: 'epoch-0001', seq: ++seq, organizationId: ours.id, resourceId, subject },
      at: new Date(fixture.clock.nowMs - 3_600_000 - seq).toISOString(),
      ...{ protocol: 'http', effect: 'pass', reason: 'access.policy', method: 'GET', status: 200 },
      explanation: { policies, facts: {}, reported: null, advice: '' },
      ...more,
    });
  const events = [
    ...Array.from({ length: 20 }, () => used(ann, wiki, [team, odd])),
    used(ben, wiki, [team], { method: 'POST' }),
    used(cid, bench, [exact]),
    // Not ours to count: refused, let in by the rule, of somebody who is gone, and a path that looks like an explanation.
    used(ann, shop, [team], { effect: 'deny', reason: 'access.policy_forbids' }),
    used('usr_0gone', shop, [team]),
    { ...used(ann, shop, []), path: '/"explanation":{', explanation: undefined },
    // Too long ago.
    used(ann, shop, [team], { at: new Date(fixture.clock.nowMs - 40 * 86_400_000).toISOString() }),
  ] as AccessEvent[];
  await fixture.context.store.transaction((queries) =>
    storeEvents(queries, fixture.context, ours.id, gatewayId, 'epoch-0001', events),
  );

  const report: UnusedPermissions = await call('GET', '/api/v1/policies/unused?days=30');
  assert.equal(report.complete, true);
  // While it is made, whoever asks for the same waits for it, and whoever asks for another is told to come later. Begun here
  // and not by requests: which of them is admitted first, and whether the others come while it is made, nobody can say.
  const permissions = new Set(['resources:read']);
  const caller = { organizationId: ours.id, userId: ours.owner.id, permissions, scopes: null } as unknown as Caller;
  const [same, again, longer] = await Promise.all(
    [30, 30, 31].map((days) => unusedPermissions(fixture.context, caller, { days })),
  );
  assert.deepEqual(same, report);
  assert.equal(again, same, 'made once');
  assert.ok(longer instanceof Refusal);
  assert.deepEqual([longer.reason, longer.retryAfterSeconds], ['api.rate_limited', 10]);
  const later = await unusedPermissions(fixture.context, caller, { days: 31 });
  assert.ok(!(later instanceof Refusal), 'when it is made, the next one can be');
  assert.equal(report.events, 24);
  const of = (id: string) => report.policies.find((one) => one.id === id)!;
  assert.deepEqual(report.policies.map(({ name }) => name).sort(), ['exact', 'never', 'odd', 'team']);
  assert.equal(of(never).without, 'never_used');
  assert.equal(of(odd).without, 'text_only');
  assert.equal(of(exact).without, 'all_used');
  assert.deepEqual(of(exact).unused, []);
  assert.equal(of(team).requests, 21);
  assert.equal(of(team).users, 3);
  assert.equal(of(team).unusedUsers.count, 1);
  const lines = of(team).unused.map(({ who, object, action }) => `${who!.id} ${object} ${action}`);
  assert.deepEqual(lines.filter((line) => line.startsWith('dev')).sort(), [
    'dev shop connect',
    'dev shop read',
    'dev shop write',
    'dev wiki connect',
  ]);
  assert.equal(lines.length, 4 + 6 + 6);
  const { proposal } = of(team);
  assert.deepEqual(proposal!.narrowed.sort(), ['actions', 'what', 'who']);
  assert.equal(proposal!.replayed, 21);
  assert.deepEqual(proposal!.form.who, [{ is: 'group', id: 'dev' }]);
  assert.deepEqual(proposal!.form.actions, ['read', 'write']);
  assert.deepEqual(proposal!.form.what, [{ is: 'resource', id: wiki }]);
  // It is what anybody else would find, too.
  const replayed = await call('POST', '/api/v1/policies/replay', {
    proposal: { policies: [{ name: 'team', text: proposal!.text }] },
  });
  assert.deepEqual([replayed.loses, replayed.gains], [[], []]);
  const applied = await call('POST', '/api/v1/policies/apply', {
    policies: [{ name: 'team', text: proposal!.text }],
    dryRun: false,
  });
  assert.equal(applied.changes[0].action, 'update');
  assert.equal((await call('GET', '/api/v1/policies/unused')).policies.find(byId(team)).without, 'all_used');
});

eachDatabase('what rules of resources name and nobody came by is told, with a narrower rule', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const gatewayId = (await ours.enrolGateway()).gateway.id;
  const call = async (method: string, url: string, body?: unknown, version?: number) => {
    const headers: Record<string, string> = version === undefined ? {} : { 'if-match': `"${version}"` };
    const answer = await ours.call(method, url, body, { headers });
    assert.ok(answer.statusCode < 300, answer.body);
    return answer.statusCode === 204 ? null : answer.json();
  };
  const user = async (groups: string[]) => {
    const { user: made } = await ours.user('member');
    await call('PATCH', `/api/v1/users/${made.id}`, { groups }, made.version);
    return made;
  };
  const [ann, ben, cid] = [await user(['dev']), await user(['ops']), await user(['dev', 'lab'])];
  const resource = async (name: string, access: object) =>
    (await call('POST', '/api/v1/resources', { name, targets: [{ address: '10.0.0.1:80' }], access })).id as string;
  const basic = [{ username: 'robot', password: 'a long password of a robot' }];
  const addresses = ['192.0.2.0/24', '198.51.100.0/24'];
  const wiki = await resource('wiki', {
    ...{ allow: ['group:dev', 'group:lab', 'group:gone', 'role:owner', ben.email, cid.email], addresses, basic },
  });
  const open = await resource('open', {});
  const machines = await resource('machines', { allow: ['group:ops'], addresses });
  const idle = await resource('idle', { allow: ['group:dev'] });
  const exact = await resource('exact', { allow: ['group:ops'] });
  const policy = await resource('by-policy', { mode: 'policy' });
  const anyone = await resource('public', { mode: 'public' });

  let seq = 0;
  const came = (resourceId: string, subject: string, reason: string, more: Partial<AccessEvent> = {}) =>
    testEvent({
      ...{ gatewayId, epoch: 'epoch-0001', seq: ++seq, organizationId: ours.id, resourceId, subject, reason },
      at: new Date(fixture.clock.nowMs - 3_600_000 - seq).toISOString(),
      ...{ effect: 'pass', sourceAddress: '203.0.113.9', ...more },
    });
  const events = [
    ...Array.from({ length: 3 }, () => came(wiki, ann.id, 'access.session')),
    came(wiki, '', 'access.address', { sourceAddress: '192.0.2.7' }),
    came(wiki, 'basic:robot', 'access.basic'),
    // No use of the rule: a policy, a request, a refusal, somebody who is gone, and too long ago.
    came(wiki, ben.id, 'access.policy'),
    came(wiki, ben.id, 'access.granted'),
    came(wiki, ben.id, 'access.session', { effect: 'deny' }),
    came(wiki, 'usr_0gone', 'access.session'),
    came(wiki, ben.id, 'access.session', { at: new Date(fixture.clock.nowMs - 40 * 86_400_000).toISOString() }),
    came(open, ben.id, 'access.personal_access_token'),
    came(open, ann.id, 'access.address_authorised'),
    came(machines, '', 'access.address', { sourceAddress: '198.51.100.9' }),
    // An earlier rule let her in.
    came(machines, ann.id, 'access.session'),
    came(exact, ben.id, 'access.session'),
    came(policy, ann.id, 'access.policy'),
    came(anyone, '', 'access.public'),
  ] as AccessEvent[];
  await fixture.context.store.transaction((queries) =>
    storeEvents(queries, fixture.context, ours.id, gatewayId, 'epoch-0001', events),
  );

  const report = async (): Promise<UnusedPermissions> => await call('GET', '/api/v1/policies/unused?days=30');
  const { rules } = await report();
  assert.deepEqual(
    rules.map(({ name, without, requests }) => [name, without, requests]),
    [
      ['idle', 'never_used', 0],
      ['machines', null, 2],
      ['open', null, 2],
      ['wiki', null, 6],
    ],
    'what is used as it is, what policies decide and what is public have nothing to say',
  );
  const of = (id: string) => rules.find(byId(id))!;
  assert.equal(of(idle).proposal, null);
  const narrower = of(wiki);
  assert.deepEqual(narrower.unused, [
    { kind: 'group', value: 'group:lab' },
    { kind: 'group', value: 'group:gone' },
    { kind: 'role', value: 'role:owner' },
    { kind: 'user', value: ben.email },
    { kind: 'user', value: cid.email },
    { kind: 'address', value: '198.51.100.0/24' },
  ]);
  assert.deepEqual([narrower.users, narrower.unusedUsers.count], [4, 3]);
  assert.deepEqual(narrower.proposal, {
    ...{ mode: 'login', allow: ['group:dev'], addresses: ['192.0.2.0/24'] },
    ...{ narrowed: ['allow', 'addresses'], replayed: 4 },
  });
  assert.equal(of(open).everybody, true);
  assert.deepEqual(of(open).proposal?.allow, [ann.email, ben.email].toSorted());
  // Nobody of those it names came: the list would be empty, which lets everybody in.
  assert.deepEqual(of(machines).proposal, {
    ...{ mode: 'policy', allow: [], addresses: ['198.51.100.0/24'], narrowed: ['mode', 'addresses'], replayed: 1 },
  });

  // Taken over in one step; a rule that was changed meanwhile is not overwritten.
  const shown = await call('GET', `/api/v1/resources/${wiki}`);
  const { narrowed: _, replayed: __, ...door } = narrower.proposal!;
  const body = { ...resourceInputOf(shown), access: { ...resourceInputOf(shown).access, ...door } };
  const taken = await call('PUT', `/api/v1/resources/${wiki}`, body, narrower.version);
  assert.deepEqual(
    [taken.access.allow, taken.access.addresses, taken.access.basic.length],
    [['group:dev'], ['192.0.2.0/24'], 1],
  );
  const headers = { 'if-match': `"${narrower.version}"` };
  assert.equal((await ours.call('PUT', `/api/v1/resources/${wiki}`, body, { headers })).statusCode, 412);
  assert.equal((await report()).rules.find(byId(wiki)), undefined, 'all of it is used now');

  // Who may not read resources is not told their rules.
  const key = await call('POST', '/api/v1/api-keys', { name: 'reader', role: 'auditor', scopes: ['policies:read'] });
  const other = await ours.call('GET', '/api/v1/policies/unused', undefined, { key: key.token ?? key.key });
  assert.equal(other.statusCode, 200, other.body);
  assert.deepEqual(other.json().rules, []);
});

const byId = (id: string) => (one: { id: string }) => one.id === id;
