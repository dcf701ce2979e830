import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const PASSWORD = 'plum violin harbour seven';

type Answer = Awaited<ReturnType<TestOrganization['call']>>;
const outcome = (answer: Answer): string =>
  answer.statusCode < 300 ? String(answer.statusCode) : answer.json().reason;

/** Calls as one holder of a role. */
function actor(organization: TestOrganization, key: string) {
  return async (method: string, path: string, body?: unknown, version?: number): Promise<Answer> =>
    await organization.call(method, `/api/v1/${path}`, body, {
      key,
      ...(version === undefined ? {} : { headers: { 'if-match': `"${version}"` } }),
    });
}

eachDatabase('nobody gains anything through a role of their own', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization('ours');
  const theirs = await fixture.organization('theirs');
  const owner = actor(ours, ours.key);
  const admin = await ours.user('admin');
  const asAdmin = actor(ours, admin.key);
  const make = async (name: string, permissions: string[], as = owner) =>
    outcome(await as('POST', 'roles', { name, permissions }));

  assert.equal(await make('helpdesk', ['users:read', 'users:write'], asAdmin), '201');
  assert.equal(await make('manager', ['users:read', 'users:write', 'roles:read', 'roles:write']), '201');
  assert.equal(await make('wide', ['users:read', 'audit:read', 'api_keys:write']), '201');

  // What only owners have is in no role, also not in one that an owner makes.
  for (const permission of ['organization:write', 'identity_providers:write']) {
    const answer = await owner('POST', 'roles', { name: 'sly', permissions: ['users:read', permission] });
    assert.equal(answer.json().errors[0].path, '/permissions/1');
    assert.equal(outcome(await owner('PATCH', 'roles/wide', { permissions: [permission] }, 1)), 'api.invalid');
  }
  for (const name of ['owner', 'admin', 'member']) {
    assert.equal(await make(name, []), 'api.name_taken');
    assert.equal(outcome(await owner('PATCH', `roles/${name}`, { permissions: [] }, 1)), 'api.invalid');
    assert.equal(outcome(await owner('DELETE', `roles/${name}`)), 'api.invalid');
  }
  for (const name of ['Owner', 'own er', 'owner"', '../owner', '', 'x'.repeat(64)]) {
    assert.equal(await make(name, []), 'api.invalid', name);
  }
  assert.equal(await make('sly', ['users:delete']), 'api.invalid');
  assert.equal(await make('helpdesk', []), 'api.name_taken');

  const helper = await ours.user('helpdesk', { email: 'helper@example.com', password: PASSWORD });
  const manager = await ours.user('manager');
  const auditor = await ours.user('auditor');
  const member = await ours.user('member');
  const [asHelper, asManager] = [actor(ours, helper.key), actor(ours, manager.key)];

  // Somebody who manages users must not make, become, or take over, somebody who may more.
  const person = (role: string) => ({ email: `${role}@example.com`, name: 'X', password: PASSWORD, role });
  const refused: [string, Promise<Answer>][] = [
    ['makes an admin', asHelper('POST', 'users', person('admin'))],
    ['makes an owner', asHelper('POST', 'users', person('owner'))],
    ['makes an operator', asHelper('POST', 'users', person('operator'))],
    ['makes one of a wider role', asHelper('POST', 'users', person('wide'))],
    ['invites an auditor', asHelper('POST', 'invitations', { email: 'a@example.com', role: 'auditor' })],
    ['becomes an admin', asHelper('PATCH', `users/${helper.user.id}`, { role: 'admin' }, 1)],
    ['becomes a manager', asHelper('PATCH', `users/${helper.user.id}`, { role: 'manager' }, 1)],
    ['raises a member', asHelper('PATCH', `users/${member.user.id}`, { role: 'wide' }, 1)],
    ["sets an admin's password", asHelper('PATCH', `users/${admin.user.id}`, { password: PASSWORD }, 1)],
    ["sets an auditor's password", asHelper('PATCH', `users/${auditor.user.id}`, { password: PASSWORD }, 1)],
    ['disables an owner', asHelper('PATCH', `users/${ours.owner.id}`, { status: 'disabled' }, 1)],
    ['resets an admin', asHelper('DELETE', `users/${admin.user.id}/factors`)],
    ["takes an admin's factor", asHelper('DELETE', `users/${admin.user.id}/factors/pk_01`)],
    ['makes a role', asHelper('POST', 'roles', { name: 'sly', permissions: [] })],
    ['makes a wider role', asManager('POST', 'roles', { name: 'sly', permissions: ['audit:read'] })],
    ['widens the own role', asManager('PATCH', 'roles/manager', { permissions: ['audit:read', 'users:write'] }, 1)],
    ['narrows a wider role', asManager('PATCH', 'roles/wide', { permissions: [] }, 1)],
    ['describes a wider role', asManager('PATCH', 'roles/wide', { description: 'mine' }, 1)],
    ['removes a wider role', asManager('DELETE', 'roles/wide')],
    ['gives a wider role', asManager('PATCH', `users/${member.user.id}`, { role: 'wide' }, 1)],
  ];
  for (const [what, answer] of refused) assert.equal(outcome(await answer), 'api.forbidden', what);

  // What they do have they give and change.
  assert.equal(outcome(await asHelper('POST', 'users', person('member'))), '201');
  assert.equal(outcome(await asHelper('PATCH', `users/${member.user.id}`, { role: 'helpdesk' }, 1)), '200');
  assert.equal(outcome(await asManager('POST', 'roles', { name: 'reader', permissions: ['users:read'] })), '201');

  // A key that is narrowed hands on what it has, whoever its user is.
  const narrow = (await owner('POST', 'api-keys', { name: 'hr', role: 'owner', scopes: ['users:write'] })).json().key;
  const asNarrow = actor(ours, narrow);
  assert.equal(
    outcome(await asNarrow('POST', 'users', { ...person('admin'), email: 'n@example.com' })),
    'api.forbidden',
  );
  assert.equal(
    outcome(await asNarrow('POST', 'users', { ...person('owner'), email: 'n@example.com' })),
    'api.forbidden',
  );
  assert.equal(outcome(await asNarrow('PATCH', `users/${admin.user.id}`, { password: PASSWORD }, 1)), 'api.forbidden');
  assert.equal(outcome(await asNarrow('POST', 'users', { ...person('member'), email: 'n@example.com' })), '201');

  // Roles of another organization do not exist there.
  const stranger = actor(theirs, theirs.key);
  assert.equal(outcome(await stranger('GET', 'roles/helpdesk')), 'api.not_found');
  assert.equal(outcome(await stranger('PATCH', 'roles/helpdesk', { permissions: [] }, 1)), 'api.not_found');
  assert.equal(outcome(await stranger('DELETE', 'roles/helpdesk')), 'api.not_found');
  const foreign = await stranger('POST', 'users', { ...person('helpdesk'), email: 'z@example.com' });
  assert.deepEqual(foreign.json().errors, [{ path: '/role', message: 'no such role' }]);
  assert.ok(!(await stranger('GET', 'roles')).body.includes('helpdesk'));
  const unknown = await theirs.user('helpdesk');
  assert.equal(outcome(await actor(theirs, unknown.key)('GET', 'me')), 'api.forbidden', 'a role that is not there');
});

eachDatabase('a role counts at once, shows who has it, and goes when nobody has', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const owner = actor(organization, organization.key);
  const body = { name: 'helpdesk', description: 'First line', permissions: ['users:read', 'sessions:read'] };
  const made = await owner('POST', 'roles', body);
  assert.equal(made.statusCode, 201);
  assert.ok(made.json().permissions.includes('self:read'), 'what every member may is part of it');

  const user = await organization.user('helpdesk', { email: 'ann@example.com', password: PASSWORD });
  const signIn = { email: 'ann@example.com', password: PASSWORD };
  const session = (await owner('POST', 'sessions', signIn)).json().session.token;
  const [byKey, bySession] = [actor(organization, user.key), actor(organization, session)];
  const me = (await bySession('GET', 'me')).json();
  assert.equal(me.role, 'helpdesk');
  assert.ok(me.permissions.includes('users:read') && !me.permissions.includes('users:write'));
  for (const call of [byKey, bySession]) {
    assert.equal(outcome(await call('GET', 'users')), '200');
    assert.equal(outcome(await call('GET', 'audit')), 'api.forbidden');
  }

  const changed = await owner('PATCH', 'roles/helpdesk', { permissions: ['audit:read'] }, 1);
  assert.equal(changed.json().version, 2);
  for (const call of [byKey, bySession]) {
    assert.equal(outcome(await call('GET', 'users')), 'api.forbidden');
    assert.equal(outcome(await call('GET', 'audit')), '200');
  }

  // Whatever names it keeps it.
  const account = await owner('POST', 'service-accounts', { name: 'robot', role: 'helpdesk' });
  assert.equal(account.statusCode, 201);
  assert.equal(outcome(await owner('POST', 'api-keys', { name: 'k', role: 'helpdesk' })), '201');
  const invitation = await owner('POST', 'invitations', { email: 'bob@example.com', role: 'helpdesk', mail: false });
  const target = { address: '10.0.0.1:80' };
  const access = { allow: ['role:helpdesk'] };
  const resource = await owner('POST', 'resources', { name: 'wiki', targets: [target], access });
  assert.equal(resource.statusCode, 201, resource.body);
  await owner('PUT', 'approval-rules/wiki', { approvers: ['role:helpdesk'] });
  const text = 'forbid(principal in Role::"helpdesk", action, resource) when { context.risk > 90 };';
  assert.equal((await owner('POST', 'policies', { name: 'careful', text })).statusCode, 201);
  const provider = await owner('POST', 'identity-providers', {
    name: 'corp',
    settings: { kind: 'oidc', issuer: 'http://127.0.0.1:1/', clientId: 'z' },
    secret: 's',
    groupMappings: [{ from: 'desk', role: 'helpdesk' }],
  });
  assert.equal(provider.statusCode, 201, provider.body);
  const { settings } = provider.json();
  const groupMappings = [{ from: 'desk', role: 'nobody' }];
  const bad = await owner('POST', 'identity-providers', { name: 'more', settings, secret: 's', groupMappings });
  assert.equal(bad.json().errors[0].path, '/groupMappings/0/role');

  const shown = (await owner('GET', 'roles/helpdesk')).json();
  assert.match(shown.policy, /^permit \(\n {2}principal in Role::"helpdesk",\n/);
  const kinds: string[] = shown.usedBy.map((use: { kind: string }) => use.kind);
  assert.equal(
    kinds.sort().join(' '),
    'api_key api_key approval_rule identity_provider invitation policy resource service_account user',
  );
  const auditor = await organization.user('auditor');
  assert.equal((await actor(organization, auditor.key)('GET', 'roles/helpdesk')).json().usedBy.length, 9);
  const inUse = await owner('DELETE', 'roles/helpdesk');
  assert.equal(outcome(inUse), 'role.in_use');
  assert.match(inUse.json().detail, /\buser ann@example\.com\b/);

  assert.equal(outcome(await owner('PATCH', `users/${user.user.id}`, { role: 'member' }, 1)), '200');
  assert.equal(outcome(await byKey('GET', 'audit')), 'api.forbidden', 'its key falls back with it');
  const { id, version } = account.json();
  assert.equal(outcome(await owner('PATCH', `service-accounts/${id}`, { role: 'member' }, version)), '200');
  await owner('DELETE', `invitations/${invitation.json().invitation.id}`);
  for (const { kind, name: keyId } of (await owner('GET', 'roles/helpdesk')).json().usedBy) {
    if (kind === 'api_key') await owner('DELETE', `api-keys/${keyId}`);
  }
  await owner('DELETE', `resources/${resource.json().id}`);
  await owner('DELETE', 'policies/careful');
  await owner('DELETE', `identity-providers/${provider.json().id}`);
  assert.equal(outcome(await owner('DELETE', 'roles/helpdesk')), '204');
  assert.equal(outcome(await owner('GET', 'roles/helpdesk')), 'api.not_found');
});

eachDatabase('a role that is given and removed at once is either there or not given', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const owner = actor(organization, organization.key);
  for (let round = 0; round < 8; round++) {
    const name = `passing-${round}`;
    assert.equal(outcome(await owner('POST', 'roles', { name, permissions: [] })), '201');
    const [given, removed] = await Promise.all([
      owner('POST', 'users', { email: `${name}@example.com`, name: 'X', password: PASSWORD, role: name }),
      owner('DELETE', `roles/${name}`),
    ]);
    const both = `${outcome(given)} ${outcome(removed)}`;
    assert.ok(['201 role.in_use', 'api.invalid 204'].includes(both), both);
  }
  const actions = (await owner('GET', 'audit?limit=100')).json().items.map((entry: { action: string }) => entry.action);
  assert.ok(actions.includes('role.create'));
});
