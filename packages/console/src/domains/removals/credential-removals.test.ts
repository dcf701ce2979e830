import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { testEvent } from '../../testing/access-event.suite.ts';
import { startFixture } from '../../testing/fixture.suite.ts';
import { storeEvents } from '../access-events/access-events.ts';
import { NOTHING } from './what-ends.ts';

eachDatabase(
  'of what machines and services show it is said what would end, and nothing is changed',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const { context, clock } = fixture;
    const { db } = context.store;
    const [ours, theirs] = [await fixture.organization(), await fixture.organization()];
    const made = async (path: string, body: object) => {
      const answer = await ours.call('POST', `/api/v1/${path}`, body);
      assert.equal(answer.statusCode, 201, answer.body);
      return answer.json();
    };
    const preview = async (of: string, key?: string) => {
      const answer = await ours.call('GET', `/api/v1/${of}/removal`, undefined, key === undefined ? {} : { key });
      assert.equal(answer.statusCode, 200, answer.body);
      return answer.json();
    };
    const nothing = { ends: NOTHING, lastUsedAt: null, unreachable: [], namedBy: [] };

    const account = await made('service-accounts', { name: 'robot', role: 'admin' });
    assert.deepEqual(await preview(`service-accounts/${account.id}`), nothing);
    const key = await made('api-keys', { name: 'ci', role: 'admin', serviceAccountId: account.id });
    const gone = await made('api-keys', { name: 'old', role: 'member', serviceAccountId: account.id });
    await ours.call('DELETE', `/api/v1/api-keys/${gone.apiKey.id}`);
    assert.deepEqual(await preview(`api-keys/${key.apiKey.id}`), nothing);

    const group = await ours.call('POST', '/api/v1/groups', { name: 'by-key' }, { key: key.key });
    assert.equal(group.statusCode, 201, group.body);
    const used = await preview(`api-keys/${key.apiKey.id}`);
    assert.deepEqual(used.ends, { ...NOTHING, changes: 1 });
    assert.notEqual(used.lastUsedAt, null);
    clock.nowMs += 90_000_000;
    assert.deepEqual((await preview(`api-keys/${key.apiKey.id}`)).ends, NOTHING, 'that was the day before');

    const trust = await made('workload-trusts', {
      ...{ name: 'ci', serviceAccountId: account.id, issuer: 'https://ci.example', subject: 'repo:acme/app:*' },
    });
    const token = (id: string, endsInMs: number) => ({
      ...{ id, organization_id: ours.id, trust_id: trust.id, user_id: account.id, token_hash: id, subject: 's' },
      ...{ scopes: null, created_at: clock.nowMs, expires_at: clock.nowMs + endsInMs },
    });
    await db
      .insertInto('workload_tokens')
      .values([token('a', 60_000), token('b', 60_000), token('c', -1)])
      .execute();
    assert.deepEqual(await preview(`workload-trusts/${trust.id}`), { ...nothing, ends: { ...NOTHING, tokens: 2 } });
    const text = `forbid (principal == ServiceAccount::"${account.id}", action, resource);`;
    await made('policies', { name: 'careful', text, mode: 'report' });
    const all = await preview(`service-accounts/${account.id}`);
    assert.deepEqual(all, {
      ends: { ...NOTHING, apiKeys: 1, workloadTrusts: 1, tokens: 2 },
      lastUsedAt: used.lastUsedAt,
      unreachable: [],
      namedBy: [{ kind: 'policy', name: 'careful' }],
    });
    await ours.call('DELETE', `/api/v1/workload-trusts/${trust.id}`);
    assert.deepEqual((await preview(`service-accounts/${account.id}`)).ends, { ...NOTHING, apiKeys: 1 });

    const { relyingParty } = await made('relying-parties', {
      ...{ name: 'wiki', redirectUris: ['https://wiki.example/callback'] },
    });
    const members = [await ours.user('member'), await ours.user('member')];
    const session = (id: string, userId: string, revokedAt: number | null) => ({
      ...{ id, organization_id: ours.id, user_id: userId, kind: 'console' as const, token_hash: id, address: '' },
      ...{ user_agent: '', factors: '[]', authenticated_at: clock.nowMs, created_at: clock.nowMs },
      ...{ expires_at: clock.nowMs + 60_000, revoked_at: revokedAt },
    });
    const ids = members.map(({ user }) => user.id);
    await db
      .insertInto('sessions')
      .values([session('s1', ids[0]!, null), session('s2', ids[0]!, null), session('s3', ids[1]!, clock.nowMs)])
      .execute();
    const grant = (sessionId: string) => ({
      ...{ model: 'Grant', id_hash: sessionId, relying_party_id: relyingParty.id, session_id: sessionId, sealed: '' },
      ...{ grant_hash: null, uid: null, consumed_at: null, expires_at: clock.nowMs + 60_000 },
    });
    await db
      .insertInto('openid_records')
      .values([grant('s1'), grant('s2'), grant('s3')])
      .execute();
    for (const userId of ids) {
      const consent = { relying_party_id: relyingParty.id, user_id: userId, scopes: 'openid', given_at: 1 };
      await db.insertInto('relying_party_consents').values(consent).execute();
    }
    assert.deepEqual(await preview(`relying-parties/${relyingParty.id}`), {
      ...nothing,
      ends: { ...NOTHING, signedIn: 1, consents: 2 },
    });

    const resource = await made('resources', { name: 'shop', targets: [{ address: '10.0.0.1:80' }] });
    const [asker, other] = members;
    const asked = await ours.call(
      'POST',
      '/api/v1/access-requests',
      { object: 'shop', minutes: 60, reason: 'on call' },
      { key: asker!.key },
    );
    assert.equal(asked.statusCode, 201, asked.body);
    const { gateway } = await ours.enrolGateway();
    const at = new Date(clock.nowMs - 60_000).toISOString();
    await context.store.transaction((queries) =>
      storeEvents(
        queries,
        context,
        ours.id,
        gateway.id,
        'epoch-0001',
        [ids[0]!, ids[0]!, ids[1]!, ids[0]!].map((subject, index) =>
          testEvent({
            ...{ gatewayId: gateway.id, epoch: 'epoch-0001', seq: index + 1, organizationId: ours.id },
            ...{ resourceId: resource.id, subject, at },
            // Coming back from a sign-in lets nobody in yet.
            ...(index === 3 && { reason: 'access.portal', at: new Date(clock.nowMs - 1_000).toISOString() }),
          }),
        ),
      ),
    );
    const requestPath = `access-requests/${asked.json().id}`;
    assert.deepEqual(await preview(requestPath), { ...nothing, ends: { ...NOTHING, accesses: 2 }, lastUsedAt: at });
    const stranger = await ours.call('GET', `/api/v1/${requestPath}/removal`, undefined, { key: other!.key });
    assert.equal(stranger.statusCode, 404, 'who does not see the request is told nothing of it');
    const { email } = (await ours.call('GET', `/api/v1/users/${ids[1]}`)).json();
    const approvers = { approvers: [email], needed: 1 };
    const ruled = await ours.call('PUT', '/api/v1/approval-rules/shop', approvers);
    assert.equal(ruled.statusCode, 200, ruled.body);
    const approver = await ours.call('GET', `/api/v1/${requestPath}/removal`, undefined, { key: other!.key });
    assert.deepEqual(approver.json(), nothing, 'who approves and reads no accesses hears of none');

    for (const path of [`service-accounts/${account.id}`, `api-keys/${key.apiKey.id}`, `workload-trusts/${trust.id}`]) {
      assert.equal((await theirs.call('GET', `/api/v1/${path}/removal`)).statusCode, 404, path);
    }
    for (const path of [`relying-parties/${relyingParty.id}`, requestPath]) {
      assert.equal((await theirs.call('GET', `/api/v1/${path}/removal`)).statusCode, 404, path);
    }
  },
);
