import assert from 'node:assert/strict';
import type { AccessEvent, UnusedPermissions } from '@zeronaut/model';
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
  const caller = { organizationId: ours.id, userId: ours.owner.id } as Caller;
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

const byId = (id: string) => (one: { id: string }) => one.id === id;
