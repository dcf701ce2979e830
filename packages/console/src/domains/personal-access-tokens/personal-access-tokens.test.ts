import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { AccessEvent } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { readOrganization } from '../organizations/organization-facts.ts';

const TOKENS = '/api/v1/personal-access-tokens';
const ALL = '/api/v1/organizations/current/personal-access-tokens';

eachDatabase('a personal access token is the matter of its person, and of administrators', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context, clock } = fixture;
  const ours = await fixture.organization();
  const theirs = await fixture.organization();
  const target = { address: '10.0.0.1:80' };
  const resource = (await ours.call('POST', '/api/v1/resources', { name: 'git', targets: [target] })).json();
  const raw = (
    await ours.call('POST', '/api/v1/resources', {
      name: 'ssh',
      protocol: 'tcp',
      port: 2222,
      targets: [{ address: '10.0.0.1:22' }],
    })
  ).json();
  const foreign = (await theirs.call('POST', '/api/v1/resources', { name: 'x', targets: [target] })).json();
  const [ann, bob] = [await ours.user('member'), await ours.user('member')];

  for (const id of [foreign.id, raw.id, 'nothing']) {
    const refused = await ours.call('POST', TOKENS, { name: 'a', resources: ['git', id] }, { key: ann.key });
    assert.equal(refused.json().errors?.[0].path, '/resources/1', `${id} ${refused.body}`);
  }
  const body = { name: 'laptop', resources: ['git', resource.id], expiresInSeconds: 3600 };
  const created = (await ours.call('POST', TOKENS, body, { key: ann.key })).json();
  const { id } = created.personalAccessToken;
  assert.match(created.token, /^znp_[\w-]{43}$/);
  assert.deepEqual(created.personalAccessToken.resourceIds, [resource.id], 'once');

  // Stored and sent to gateways by hash alone.
  const facts = await readOrganization(context, ours.id);
  assert.deepEqual(facts.personalAccessTokens, [
    {
      id,
      userId: ann.user.id,
      hash: createHash('sha256').update(created.token).digest('base64url'),
      resourceIds: [resource.id],
      expiresAt: created.personalAccessToken.expiresAt,
    },
  ]);
  assert.deepEqual((await readOrganization(context, theirs.id)).personalAccessTokens, []);
  const kept = await context.store.db.selectFrom('personal_access_tokens').selectAll().execute();
  const audited = await context.store.db.selectFrom('audit_entries').select('body').execute();
  assert.ok(!JSON.stringify([kept, audited, facts]).includes(created.token));
  // It is no credential of the API.
  const asKey = await ours.call('GET', '/api/v1/me', undefined, { key: created.token });
  assert.equal(asKey.json().reason, 'api.unauthenticated');

  const seen = async (url: string, key: string) =>
    (await ours.call('GET', url, undefined, { key })).json().items.map((item: { id: string }) => item.id);
  assert.deepEqual(await seen(TOKENS, ann.key), [id]);
  assert.deepEqual(await seen(TOKENS, bob.key), []);
  assert.deepEqual(await seen(ALL, ours.key), [id]);
  assert.equal((await ours.call('GET', ALL, undefined, { key: bob.key })).statusCode, 403);
  assert.equal((await ours.call('DELETE', `${TOKENS}/${id}`, undefined, { key: bob.key })).statusCode, 404);

  // What gateways report, in any order, moves the last use forward only.
  const gateway = (await ours.enrolGateway()).gateway;
  const event = (seq: number, offsetMs: number, parts: Partial<AccessEvent> = {}) =>
    testEvent({
      ...{ gatewayId: gateway.id, epoch: 'epoch-0001', seq, at: new Date(clock.nowMs + offsetMs).toISOString() },
      ...{ resourceId: resource.id, reason: 'access.personal_access_token', credentialId: id },
      sourceAddress: '192.0.2.7',
      ...parts,
    });
  await context.store.transaction((queries) =>
    storeEvents(queries, context, ours.id, gateway.id, 'epoch-0001', [
      event(1, 5_000),
      event(2, 1_000, { sourceAddress: '192.0.2.8' }),
      event(3, 9_000, { effect: 'deny', reason: 'access.personal_access_token_invalid' }),
    ]),
  );
  const [used] = (await ours.call('GET', TOKENS, undefined, { key: ann.key })).json().items;
  assert.equal(Date.parse(used.lastUsedAt), clock.nowMs + 5_000);
  assert.equal(used.lastUsedAddress, '192.0.2.7');
  // A gateway of another organization says nothing about it.
  await context.store.transaction((queries) =>
    storeEvents(queries, context, theirs.id, gateway.id, 'epoch-0002', [event(1, 900_000)]),
  );
  const [same] = (await ours.call('GET', TOKENS, undefined, { key: ann.key })).json().items;
  assert.equal(same.lastUsedAt, used.lastUsedAt);

  assert.equal((await ours.call('DELETE', `${TOKENS}/${id}`, undefined, { key: ann.key })).statusCode, 204);
  assert.deepEqual((await readOrganization(context, ours.id)).personalAccessTokens, []);
  const second = (await ours.call('POST', TOKENS, body, { key: ann.key })).json();
  clock.nowMs += 3_600_000;
  assert.deepEqual((await readOrganization(context, ours.id)).personalAccessTokens, [], 'expired');
  assert.equal((await ours.call('DELETE', `${ALL}/${second.personalAccessToken.id}`)).statusCode, 204);
});
