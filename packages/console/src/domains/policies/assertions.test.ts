import assert from 'node:assert/strict';
import { type AssertionResult, BROKEN_ASSERTIONS_HEADER } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture } from '../../testing/fixture.suite.ts';

eachDatabase('assertions say how they stand, and what holds is not broken by a policy', async (t, database) => {
  const fixture = await startFixture(t, database);
  const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
  const ok = async (method: string, url: string, body?: unknown, version?: number) => {
    const headers: Record<string, string> = version === undefined ? {} : { 'if-match': `"${version}"` };
    const answer = await ours.call(method, url, body, { headers });
    assert.ok(answer.statusCode < 300, answer.body);
    const header = answer.headers[BROKEN_ASSERTIONS_HEADER] as string | undefined;
    return { body: answer.body === '' ? null : answer.json(), told: header === undefined ? null : JSON.parse(header) };
  };
  const state = async () =>
    (await ok('GET', '/api/v1/policy-assertions/results')).body.results.map(
      ({ name, holds, effect, reason, policies, problem }: AssertionResult) => [
        ...[name, holds, effect ?? problem, reason],
        policies.map((policy) => policy.name).join(' '),
      ],
    );
  const person = await ours.user('member', { email: 'eve@example.com' });
  const wiki = (allow: string[]) => ({
    ...{ name: 'wiki', domains: ['wiki.example.com'], targets: [{ address: '10.0.0.1:80' }] },
    access: { mode: 'login', allow },
  });
  const created = (await ok('POST', '/api/v1/resources', wiki(['group:dev']))).body;
  const question = { user: 'eve@example.com', action: 'read', object: 'wiki', circumstances: {} };
  const assertions = [
    { ...question, name: 'Eve stays out – für immer', expect: 'deny' },
    { ...question, name: 'nobody strange reads', user: null, expect: 'challenge' },
  ];
  await ok('PUT', '/api/v1/policy-assertions', { assertions }, 1);
  const [eve, stranger] = assertions.map(({ name }) => name);
  assert.deepEqual(await state(), [
    [eve, true, 'deny', 'access.not_allowed', ''],
    [stranger, true, 'challenge', 'access.session_missing', ''],
  ]);

  // A policy that breaks what holds is refused whole; one that does not is not.
  const open = { name: 'open', text: 'permit (principal, action, resource);' };
  const refused = await ours.call('POST', '/api/v1/policies', open);
  assert.equal(refused.statusCode, 409);
  assert.deepEqual(
    refused.json().errors.map(({ message }: { message: string }) => message),
    [`${eve}: deny was expected, it is pass (access.policy)`],
  );
  for (const dryRun of [true, false]) {
    const applied = await ours.call('POST', '/api/v1/policies/apply', { policies: [open], dryRun });
    assert.equal(applied.json().reason, 'policy.assertion_failed', `dryRun ${dryRun}`);
  }
  assert.deepEqual((await ok('GET', '/api/v1/policies')).body.items, []);

  // A rule that breaks one is told of it, in a dry run and when it is done, and not refused.
  const file = { resources: [wiki(['eve@example.com'])] };
  const tried = (await ok('POST', '/api/v1/resources/apply', { ...file, dryRun: true })).body.brokenAssertions;
  const message = 'deny was expected, it is pass (access.session)';
  assert.deepEqual(tried, { newly: 1, before: 0, items: [{ name: eve, message, newly: true }] });
  assert.equal((await state())[0][1], true, 'a dry run changes nothing');
  const changed = await ok('PUT', `/api/v1/resources/${created.id}`, wiki(['eve@example.com']), created.version);
  assert.deepEqual(changed.told, tried);
  assert.deepEqual((await state())[0], [eve, false, 'pass', 'access.session', '']);

  // What is broken already stands in the way of no policy, and is told; what still holds is still guarded.
  const forbid = 'forbid (principal, action, resource) when { context.risk > 90 };';
  const saved = await ok('POST', '/api/v1/policies', { name: 'emergency', text: forbid });
  assert.deepEqual(saved.told, { newly: 0, before: 1, items: [{ name: eve, message, newly: false }] });
  const guarded = await ours.call('POST', '/api/v1/policies', {
    name: 'strangers',
    text: 'forbid (principal is Guest, action, resource);',
  });
  assert.equal(guarded.statusCode, 201, 'a stranger has to sign in first, whatever a policy says');
  const list = (await ok('GET', '/api/v1/policy-assertions')).body;
  const third = { ...question, name: 'Eve reads', expect: 'pass' };
  await ok('PUT', '/api/v1/policy-assertions', { assertions: [...assertions, third] }, list.version);
  const closed = await ours.call('POST', '/api/v1/policies', {
    name: 'all',
    text: 'forbid (principal, action, resource);',
  });
  assert.deepEqual(
    closed.json().errors.map(({ message: text }: { message: string }) => text),
    ['Eve reads: pass was expected, it is deny (access.policy_forbids)'],
  );
  // One that is new and does not hold is refused; those that were broken stay where they are.
  const wrong = await ours.call(
    'PUT',
    '/api/v1/policy-assertions',
    { assertions: [...assertions, third, { ...third, name: 'wrong', expect: 'challenge' }] },
    { headers: { 'if-match': `"${list.version + 1}"` } },
  );
  assert.deepEqual(
    wrong.json().errors.map(({ path }: { path: string }) => path),
    ['/assertions/3'],
  );

  // The same of people: who is gone cannot be asked about. A deciding policy is named.
  await ok('PUT', `/api/v1/risks/${person.user.id}`, { score: 95 });
  assert.deepEqual((await state())[0], [eve, true, 'deny', 'access.policy_forbids', 'emergency']);
  await ok('PUT', `/api/v1/risks/${person.user.id}`, { score: 0 });
  const { version } = (await ok('GET', `/api/v1/users/${person.user.id}`)).body;
  const disabled = await ok('PATCH', `/api/v1/users/${person.user.id}`, { status: 'disabled' }, version);
  assert.deepEqual(
    [disabled.told.newly, disabled.told.before, disabled.told.items.length],
    [1, 1, 2],
    JSON.stringify(disabled.told),
  );
  assert.deepEqual((await state())[2].slice(1, 3), [false, 'no active user eve@example.com']);

  // Who may not read assertions hears nothing of them, and another organization neither.
  const scoped = await ours.call('POST', '/api/v1/api-keys', {
    name: 'ci',
    role: 'admin',
    scopes: ['resources:write'],
  });
  assert.equal(scoped.statusCode, 201, scoped.body);
  const { key } = scoped.json();
  const quiet = await ours.call('POST', '/api/v1/resources/apply', file, { key });
  assert.equal(quiet.statusCode, 200, quiet.body);
  assert.deepEqual(quiet.json().brokenAssertions, { newly: 0, before: 0, items: [] });
  const gone = await ours.call('DELETE', `/api/v1/resources/${created.id}`, undefined, { key });
  assert.equal(gone.statusCode, 204);
  assert.equal(gone.headers[BROKEN_ASSERTIONS_HEADER], undefined);
  assert.deepEqual((await theirs.call('GET', '/api/v1/policy-assertions/results')).json().results, []);
});
