import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('administering can be simulated, and answers as the call does', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const admin = await ours.user('admin');
  const operator = await ours.user('operator');
  const text = `@step_up\nforbid (principal, action == Action::"administer", resource)
    unless { context.by == "api_key" || context.factors.contains("totp") && context.address.isInRange(ip("198.51.100.0/24")) };`;
  const ask = async (more: object, organization = ours) => {
    const body = { user: admin.user.id, action: 'administer', object: 'users:write', ...more };
    const answer = await organization.call('POST', '/api/v1/policies/simulate', body);
    return answer.json();
  };
  const inside = { address: '198.51.100.7', factors: ['password', 'totp'] };
  assert.deepEqual([(await ask({})).effect, (await ask({})).rule.effect], ['pass', 'pass'], 'no policy yet');
  const proposal = { policies: [{ name: 'office', text }], prune: false };
  assert.equal((await ask({ proposal })).effect, 'challenge', 'as it would be');
  assert.equal((await ours.call('POST', '/api/v1/policies', { name: 'office', text })).statusCode, 201);

  const outside = await ask({});
  assert.deepEqual([outside.effect, outside.reason], ['challenge', 'access.step_up_required']);
  assert.deepEqual(
    outside.policies.map(({ name, holds, decides }: Record<string, unknown>) => [name, holds, decides]),
    [['office', 'yes', true]],
  );
  assert.equal(outside.policies[0].facts.by, 'session');
  const half = await ask({ circumstances: { address: '198.51.100.7' } });
  assert.deepEqual(half.wouldChange, [{ fact: 'factors', value: 'totp', effect: 'pass', also: [] }]);
  assert.equal((await ask({ circumstances: inside })).effect, 'pass');
  assert.equal((await ask({ by: 'api_key' })).effect, 'pass');
  assert.equal((await ask({ by: 'workload' })).reason, 'api.administration_forbidden');
  // What the role does not give, no circumstance gives; what everybody may is no administration.
  const lacking = await ask({ user: operator.user.id, circumstances: inside });
  assert.deepEqual([lacking.effect, lacking.reason, lacking.rule.effect], ['deny', 'api.forbidden', 'deny']);
  assert.deepEqual([(await ask({ object: 'resources:read' })).effect], ['pass']);
  for (const wrong of [
    { user: null },
    { user: 'nobody@example.com' },
    { object: 'nothing:write' },
    { object: '__proto__' },
  ]) {
    assert.equal((await ask(wrong)).status, 404, JSON.stringify(wrong));
  }
  assert.equal((await ask({}, theirs)).status, 404);
});

eachDatabase(
  'in report mode a policy of administration refuses nothing and tells what it would have',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const ours = await fixture.organization();
    const admin = await ours.user('admin');
    const told = async () =>
      (await ours.call('GET', '/api/v1/audit?action=policy.would_refuse'))
        .json()
        .items.map((entry: { actor: { id: string }; after: unknown }) => [entry.actor.id, entry.after]);
    const text =
      'forbid (principal in Role::"admin", action == Action::"administer", resource) when { context.risk < 50 };';
    const saved = await ours.call('POST', '/api/v1/policies', { name: 'all', text, mode: 'report' });
    assert.equal(saved.statusCode, 201, saved.body);
    const get = (path: string) => ours.call('GET', path, undefined, { key: admin.key });
    assert.equal((await get('/api/v1/me')).statusCode, 200);
    assert.equal((await get('/api/v1/resources')).statusCode, 200);
    assert.deepEqual(await told(), [], 'what every member may');
    for (let twice = 0; twice < 2; twice++) assert.equal((await get('/api/v1/users')).statusCode, 200);
    const [[actor, after], ...others] = await told();
    assert.equal(others.length, 0, 'once for each credential, policy and permission');
    assert.deepEqual(after, { policy: 'all', route: 'users.list', permission: 'users:read', by: 'api_key' });
    assert.notEqual(actor, ours.owner.id);
    await ours.call('GET', '/api/v1/users');
    assert.equal((await told()).length, 1, 'of whom it does not speak');
    assert.equal((await get('/api/v1/policies')).statusCode, 200);
    assert.equal((await told()).length, 2, 'another permission');
  },
);
