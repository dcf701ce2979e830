import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const KEYS = '/api/v1/api-keys';
const target = { address: '10.0.0.1:80' };

async function newKey(organization: TestOrganization, body: Record<string, unknown>, key?: string) {
  const answer = await organization.call(
    'POST',
    KEYS,
    { name: 'ci', role: 'operator', ...body },
    key === undefined ? {} : { key },
  );
  return { status: answer.statusCode, reason: answer.json().reason, ...answer.json() };
}

eachDatabase('a scoped key does what its scopes name, and nothing else', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const resource = async (name: string) =>
    (await ours.call('POST', '/api/v1/resources', { name, targets: [target] })).json() as { id: string };
  const [one, two] = [await resource('one'), await resource('two')];
  const share = async (id: string) =>
    (await ours.call('POST', `/api/v1/resources/${id}/shares`, { ttlSeconds: 60 })).json().share.id as string;
  const [shareOne, shareTwo] = [await share(one.id), await share(two.id)];
  const scopes = [`resources:write@${one.id}`, 'sites:read', `resources:read@${one.id}`, `events:read@${one.id}`];
  const { key } = await newKey(ours, { scopes });

  const cases: [string, string, unknown, number][] = [
    ['GET', '/api/v1/sites', undefined, 200],
    ['GET', `/api/v1/resources/${one.id}`, undefined, 200],
    ['GET', '/api/v1/resources/one', undefined, 200],
    ['GET', `/api/v1/resources/${one.id}/shares`, undefined, 200],
    ['POST', `/api/v1/resources/${one.id}/shares`, { ttlSeconds: 60 }, 201],
    ['DELETE', `/api/v1/shares/${shareOne}`, undefined, 204],
    ['GET', `/api/v1/access-events?resourceId=${one.id}`, undefined, 200],
    // The other resource, all of them, and none that exists.
    ['GET', `/api/v1/resources/${two.id}`, undefined, 403],
    ['GET', '/api/v1/resources/two', undefined, 403],
    ['GET', '/api/v1/resources', undefined, 403],
    ['GET', '/api/v1/resources/nothing', undefined, 403],
    ['GET', `/api/v1/access-events?resourceId=${two.id}`, undefined, 403],
    ['GET', '/api/v1/access-events', undefined, 403],
    ['DELETE', `/api/v1/shares/${shareTwo}`, undefined, 403],
    ['DELETE', `/api/v1/resources/${two.id}`, undefined, 403],
    ['POST', '/api/v1/resources', { name: 'three', targets: [target] }, 403],
    // Permissions of the role that no scope names.
    ['GET', '/api/v1/me', undefined, 403],
    ['GET', '/api/v1/devices', undefined, 403],
    ['GET', '/api/v1/gateways', undefined, 403],
  ];
  for (const [method, url, body, status] of cases) {
    const answer = await ours.call(method, url, body, { key });
    assert.equal(answer.statusCode, status, `${method} ${url}: ${answer.body}`);
    if (status === 403) assert.equal(answer.json().reason, 'api.scope_missing', url);
  }
  // A scope gives nothing that the role lacks.
  const { key: weak } = await newKey(ours, { role: 'member', scopes: ['resources:write'] });
  const refused = await ours.call('POST', '/api/v1/resources', { name: 'four', targets: [target] }, { key: weak });
  assert.equal(refused.json().reason, 'api.forbidden');
});

eachDatabase('nobody makes a key that can do more than theirs', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const admin = await ours.user('admin');
  assert.equal((await newKey(ours, { role: 'owner' }, admin.key)).reason, 'api.forbidden');
  const narrow = await newKey(ours, { role: 'admin', scopes: ['api_keys:write', 'resources:read'] }, admin.key);
  assert.equal(narrow.status, 201);
  for (const scopes of [null, ['users:read'], ['resources:read', 'resources:write']]) {
    assert.equal((await newKey(ours, { scopes }, narrow.key)).reason, 'api.scope_missing', String(scopes));
  }
  assert.equal((await newKey(ours, { scopes: ['resources:read@res_1'] }, narrow.key)).status, 201);
  for (const scopes of [
    [],
    ['nonsense'],
    ['users:read@res_1'],
    ['resources:read@usr_1'],
    ['sites:read', 'sites:read'],
  ]) {
    assert.equal((await newKey(ours, { scopes })).reason, 'api.invalid', String(scopes));
  }
});

eachDatabase('a rotated key overlaps with its successor for as long as was asked', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const first = await newKey(ours, { scopes: ['sites:read', 'self:write'], expiresInSeconds: 3600 });
  fixture.clock.nowMs += 1_800_000;
  const sites = async (key: string) => (await ours.call('GET', '/api/v1/sites', undefined, { key })).statusCode;

  const answers = await Promise.all(
    [1, 2].map(() => ours.call('POST', `${KEYS}/current/rotation`, { overlapSeconds: 60 }, { key: first.key })),
  );
  assert.deepEqual(answers.map((answer) => answer.statusCode).sort(), [201, 409]);
  const second = answers.find((answer) => answer.statusCode === 201)!.json();
  assert.deepEqual(second.apiKey.scopes, ['sites:read', 'self:write']);
  assert.equal(Date.parse(second.apiKey.expiresAt), fixture.clock.nowMs + 3_600_000);
  assert.equal(await sites(first.key), 200);
  assert.equal(await sites(second.key), 200);
  fixture.clock.nowMs += 61_000;
  assert.equal(await sites(first.key), 410);
  assert.equal(await sites(second.key), 200);
  const listed = (await ours.call('GET', KEYS))
    .json()
    .items.find((item: { id: string }) => item.id === first.apiKey.id);
  assert.equal(listed.replacedBy, second.apiKey.id);

  // A key acts as its user: rotating somebody else's would be becoming them.
  const admin = await ours.user('admin');
  const foreign = await ours.call('POST', `${KEYS}/${second.apiKey.id}/rotation`, {}, { key: admin.key });
  assert.equal(foreign.json().reason, 'api.forbidden');
  await ours.call('DELETE', `${KEYS}/${second.apiKey.id}`);
  assert.equal(await sites(second.key), 401);
  assert.equal((await ours.call('POST', `${KEYS}/${second.apiKey.id}/rotation`, {})).statusCode, 409);
});

eachDatabase('last use is written once a minute at most', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization();
  const { key, apiKey } = await newKey(ours, {});
  const use = async () => {
    await ours.call('GET', '/api/v1/sites', undefined, { key });
    const { items } = (await ours.call('GET', KEYS)).json();
    return items.find((item: { id: string }) => item.id === apiKey.id) as {
      lastUsedAt: string;
      lastUsedAddress: string;
    };
  };
  const first = await use();
  assert.equal(Date.parse(first.lastUsedAt), fixture.clock.nowMs);
  assert.equal(first.lastUsedAddress, '127.0.0.1');
  fixture.clock.nowMs += 30_000;
  assert.equal((await use()).lastUsedAt, first.lastUsedAt);
  fixture.clock.nowMs += 31_000;
  assert.equal(Date.parse((await use()).lastUsedAt), fixture.clock.nowMs);
});
