import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { eachDatabase } from '@zeronaut/testkit';
import { Refusal } from '../../store/refusal.ts';
import { gatewayEnrolment, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';
import { acceptInvitation } from '../invitations/invitations.ts';
import { readOrganization } from '../organizations/organization-facts.ts';

const PASSWORD = 'plum violin harbour seven';
const ORIGIN = { address: '127.0.0.1', userAgent: 'test', requestId: 'req_1' };
const EMAIL = 'ann@example.com';

async function signIn(organization: TestOrganization, email = EMAIL) {
  return await organization.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
}

eachDatabase('a removed user opens nothing, is nowhere, and can be somebody new', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context } = fixture;
  const organization = await fixture.organization();
  const theirs = await fixture.organization('theirs');
  const { call } = organization;
  const { user, key } = await organization.user('operator', { email: EMAIL, password: PASSWORD });
  const session: string = (await signIn(organization)).json().session.token;
  const device = await organization.enrolDevice(key);
  const wiki = { name: 'wiki', targets: [{ address: '10.0.0.1:80' }], access: { allow: [EMAIL] } };
  const resource = (await call('POST', '/api/v1/resources', wiki)).json();
  await organization.enrolGateway();
  const body = { deviceId: device.id, protocol: 'http', address: 'localhost:3000', name: 'shop' };
  const shop = await call('POST', '/api/v1/services', body, { key });
  assert.equal(shop.statusCode, 200, shop.body);
  const token = await call(
    'POST',
    '/api/v1/personal-access-tokens',
    { name: 'git', resources: [resource.id] },
    { key },
  );
  assert.equal(token.statusCode, 201, token.body);
  const asked = { object: 'shop', reason: 'to look', minutes: 60 };
  const request = await call('POST', '/api/v1/access-requests', asked, { key });
  assert.equal(request.statusCode, 201, request.body);
  const text = `permit (principal == User::"${user.id}", action, resource);`;
  assert.equal((await call('POST', '/api/v1/policies', { name: 'for-ann', text })).statusCode, 201);
  assert.equal((await call('PUT', `/api/v1/risks/${user.id}`, { score: 10 })).statusCode, 200);

  const path = `/api/v1/users/${user.id}`;
  const at = (version: number) => ({ headers: { 'if-match': `"${version}"` } });
  const preview = await call('GET', `${path}/removal`);
  assert.equal(preview.statusCode, 200, preview.body);
  const ends = {
    ...{ sessions: 1, devices: 1, apiKeys: 1, personalAccessTokens: 1, factors: 0 },
    ...{ accessRequests: 1, consents: 0, workloadTrusts: 0 },
    ...{ shares: 0, invitations: 0, enrolments: 0 },
  };
  const expected = {
    userId: user.id,
    ends,
    unreachable: [{ kind: 'resource', name: 'shop' }],
    namedBy: [
      { kind: 'resource', name: 'wiki' },
      { kind: 'policy', name: 'for-ann' },
    ],
    erasure: null,
  };
  assert.deepEqual(preview.json(), expected);
  assert.equal((await signIn(organization)).statusCode, 201, 'a preview ends nothing');

  assert.equal((await call('DELETE', path)).json().reason, 'api.precondition_required');
  assert.equal((await call('DELETE', path, undefined, at(7))).json().reason, 'api.precondition_failed');
  assert.equal((await theirs.call('DELETE', path, undefined, at(1))).statusCode, 404);
  const both = await Promise.all([1, 2].map(() => call('DELETE', path, undefined, at(1))));
  assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [200, 404], 'once');
  const removed = both.find(({ statusCode }) => statusCode === 200)!.json();
  assert.deepEqual(removed, { ...expected, ends: { ...ends, sessions: 2 } });

  assert.equal((await call('GET', '/api/v1/me', undefined, { key: session })).statusCode, 401);
  assert.equal((await call('GET', '/api/v1/me', undefined, { key })).statusCode, 401);
  assert.equal((await signIn(organization)).json().reason, 'api.credentials_invalid');
  for (const gone of [
    await call('GET', path),
    await call('PATCH', path, { status: 'active' }, at(2)),
    await call('DELETE', path, undefined, at(2)),
    await call('GET', `${path}/removal`),
  ]) {
    assert.equal(gone.statusCode, 404, gone.body);
  }
  const listed = (await call('GET', '/api/v1/users')).body;
  assert.ok(!listed.includes(user.id) && !listed.includes(EMAIL));
  const facts = await readOrganization(context, user.organizationId);
  assert.ok(!JSON.stringify([facts.users, facts.devices, facts.personalAccessTokens, facts.risks]).includes(user.id));
  assert.ok(facts.revokedSessions.length >= 2, 'what was open is revoked at gateways');

  // Nothing of the person is left outside the sealed parts of the log.
  const rows = await context.store.db.selectFrom('users').selectAll().where('id', '=', user.id).execute();
  const sessions = await context.store.db.selectFrom('sessions').selectAll().where('user_id', '=', user.id).execute();
  assert.ok(!JSON.stringify([rows, sessions]).match(/ann@|127\.0\.0\.1|light-my-request/i));
  const log = (await call('GET', '/api/v1/audit?action=user.delete')).json().items;
  assert.deepEqual([log.length, log[0].before.email, log[0].after.sessions], [1, EMAIL, 2]);

  // The same address later is somebody else, who has nothing of the first.
  const again = await organization.user('member', { email: EMAIL, password: PASSWORD });
  assert.notEqual(again.user.id, user.id);
  assert.equal((await call('GET', `/api/v1/users/${again.user.id}/removal`)).json().ends.devices, 0);

  // With the log: the person is erased in it by the same call, which takes the permission of erasing.
  const admin = await organization.user('admin', { email: 'adm@example.com' });
  const erasing = `/api/v1/users/${again.user.id}?eraseAudit=true`;
  const forbidden = await call('DELETE', erasing, undefined, { ...at(1), key: admin.key });
  assert.equal(forbidden.json().reason, 'api.forbidden');
  const erased = await call('DELETE', erasing, undefined, at(1));
  assert.equal(erased.statusCode, 200, erased.body);
  assert.ok(erased.json().erasure.entries > 0 && erased.json().erasure.subjects.length > 0);
  const after = (await call('GET', '/api/v1/audit?action=user.delete')).json().items;
  assert.ok(after.some((entry: { before: { email: string } }) => entry.before.email === '[erased]'));
  assert.equal((await call('GET', '/api/v1/audit/verification')).json().valid, true);
});

eachDatabase('who may not be removed: the last owner, owners by others, the machine itself', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { call } = organization;
  const owners = (await call('GET', '/api/v1/users?role=owner')).json().items;
  const at = { headers: { 'if-match': `"${owners[0].version}"` } };
  const path = `/api/v1/users/${owners[0].id}`;
  assert.equal((await call('DELETE', path, undefined, at)).json().reason, 'api.last_owner');
  const admin = await organization.user('admin', { email: 'adm@example.com' });
  const byAdmin = await call('DELETE', path, undefined, { ...at, key: admin.key });
  assert.equal(byAdmin.json().reason, 'api.forbidden');
  await fixture.context.store.db
    .updateTable('users')
    .set({ kind: 'local', role: 'member' })
    .where('id', '=', admin.user.id)
    .execute();
  const local = await call('DELETE', `/api/v1/users/${admin.user.id}`, undefined, { headers: { 'if-match': '"1"' } });
  assert.equal(local.json().reason, 'user.local');
  const second = await organization.user('owner', { email: 'own@example.com' });
  const other = await call('DELETE', `/api/v1/users/${second.user.id}`, undefined, { headers: { 'if-match': '"1"' } });
  assert.equal(other.statusCode, 200, other.body);
});

eachDatabase('what somebody handed out opens nothing once they may not open it themselves', async (t, database) => {
  const fixture = await startFixture(t, database);
  const { context } = fixture;
  const { call, ...organization } = await fixture.organization();
  await organization.enrolGateway();
  const wiki = { name: 'wiki', targets: [{ address: '10.0.0.1:80' }] };
  const resource = (await call('POST', '/api/v1/resources', wiki)).json();
  const handOut = async (email: string) => {
    const { user, key } = await organization.user('admin', { email });
    const post = async (url: string, body: object) => {
      const answer = await call('POST', url, body, { key });
      assert.equal(answer.statusCode, 201, answer.body);
      return answer.json();
    };
    const invite = (to: string, role: string) => post('/api/v1/invitations', { email: to, role, mail: false });
    const { share } = await post(`/api/v1/resources/${resource.id}/shares`, { ttlSeconds: 3_600 });
    const links = [await invite(`2nd-${email}`, 'admin'), await invite(`3rd-${email}`, 'member')];
    const { token } = await post('/api/v1/gateways/enrolments', {});
    return {
      user,
      isShared: async () => {
        const { shares } = await readOrganization(context, user.organizationId);
        return (shares.get(resource.id) ?? []).some(({ id }) => id === share.id);
      },
      joins: async () => {
        const answers = [];
        for (const { url } of links) {
          const invitation = new URL(url).searchParams.get('token')!;
          const joining = { name: 'Again', password: PASSWORD };
          answers.push(await acceptInvitation(context, invitation, joining, ORIGIN));
        }
        return answers.map((answer) => (answer instanceof Refusal ? answer.reason : 'joined'));
      },
      enrols: async () => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        const body = await gatewayEnrolment(token, privateKey);
        return (await call('POST', '/api/v1/gateways/enrol', body, { key: null })).statusCode;
      },
    };
  };
  const at = (version: number) => ({ headers: { 'if-match': `"${version}"` } });
  const refused = ['invitation.invalid', 'invitation.invalid'];

  const removed = await handOut('ann@example.com');
  const invited = await call('POST', '/api/v1/invitations', { email: 'ann@example.com', role: 'admin', mail: false });
  assert.equal(invited.statusCode, 201, invited.body);
  assert.equal(await removed.isShared(), true);
  const removal = await call('DELETE', `/api/v1/users/${removed.user.id}`, undefined, at(1));
  const { shares, invitations, enrolments } = removal.json().ends;
  assert.deepEqual([shares, invitations, enrolments], [1, 3, 1], 'an open one for their address, too');
  assert.deepEqual([await removed.isShared(), await removed.joins(), await removed.enrols()], [false, refused, 401]);
  const open = (await call('GET', '/api/v1/invitations')).json().items;
  assert.ok(open.every(({ revokedAt }: { revokedAt: string | null }) => revokedAt !== null));

  // Disabled, and then not: it counts again.
  const disabled = await handOut('bob@example.com');
  const path = `/api/v1/users/${disabled.user.id}`;
  assert.equal((await call('PATCH', path, { status: 'disabled' }, at(1))).statusCode, 200);
  assert.deepEqual([await disabled.isShared(), await disabled.joins(), await disabled.enrols()], [false, refused, 401]);
  assert.equal((await call('PATCH', path, { status: 'active' }, at(2))).statusCode, 200);
  assert.deepEqual(
    [await disabled.isShared(), await disabled.joins(), await disabled.enrols()],
    [true, ['joined', 'joined'], 201],
  );

  // Of an operator that was an admin, share links go on: operators make them.
  const lowered = await handOut('cyd@example.com');
  assert.equal((await call('PATCH', `/api/v1/users/${lowered.user.id}`, { role: 'operator' }, at(1))).statusCode, 200);
  assert.deepEqual([await lowered.isShared(), await lowered.joins(), await lowered.enrols()], [true, refused, 401]);
});
