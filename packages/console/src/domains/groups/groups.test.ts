import assert from 'node:assert/strict';
import { eachDatabase } from '@zeronaut/testkit';
import { sql } from 'kysely';
import { startFixture } from '../../testing/fixture.suite.ts';
import { readOrganization } from '../organizations/organization-facts.ts';

const at = (version: number) => ({ headers: { 'if-match': `"${version}"` } });

eachDatabase(
  'groups are made by name or by putting somebody in, and go when nothing names them',
  async (t, database) => {
    const fixture = await startFixture(t, database);
    const { context } = fixture;
    const organization = await fixture.organization();
    const theirs = await fixture.organization('theirs');
    const { call } = organization;
    const groupsOf = async (id: string) => (await call('GET', `/api/v1/users/${id}`)).json().groups;
    const { user: ann } = await organization.user('member', { email: 'ann@example.com' });
    const { user: bob } = await organization.user('admin', { email: 'bob@example.com' });

    const made = await call('POST', '/api/v1/groups', { name: 'dev', description: 'Who builds it' });
    assert.equal(made.statusCode, 201, made.body);
    assert.equal((await call('POST', '/api/v1/groups', { name: 'dev' })).json().reason, 'api.name_taken');
    assert.equal((await theirs.call('POST', '/api/v1/groups', { name: 'dev' })).statusCode, 201, 'theirs is another');

    // In by the group, by the user, and by an account of a program.
    const add = await call('PATCH', '/api/v1/groups/dev', { add: [ann.id, bob.id] }, at(1));
    assert.deepEqual([add.json().people, add.json().version], [2, 2], add.body);
    const put = await call('PATCH', `/api/v1/users/${ann.id}`, { groups: ['dev', 'night-shift'] }, at(2));
    assert.equal(put.statusCode, 200, put.body);
    await call('POST', '/api/v1/service-accounts', { name: 'robot', groups: ['dev'] });
    const listed = (await call('GET', '/api/v1/groups')).json().items;
    assert.deepEqual(
      listed.map(({ name, people, programs }: Record<string, unknown>) => [name, people, programs]),
      [
        ['dev', 2, 1],
        ['night-shift', 1, 0],
      ],
    );
    assert.equal((await call('GET', '/api/v1/groups?q=builds')).json().items.length, 1);
    assert.equal((await theirs.call('GET', '/api/v1/groups')).json().items[0].people, 0);
    const facts = await readOrganization(context, ann.organizationId);
    assert.deepEqual(
      facts.users.find(({ id }) => id === ann.id)?.groups,
      ['dev', 'night-shift'],
      'as gateways have it',
    );

    // Who may not: another organization's users, a stale version, whoever may less than the member.
    const foreign = (await theirs.user('member')).user.id;
    assert.equal((await call('PATCH', '/api/v1/groups/dev', { add: [foreign] }, at(2))).statusCode, 404);
    const late = await call('PATCH', '/api/v1/groups/dev', { add: [ann.id] }, at(1));
    assert.equal(late.json().reason, 'api.precondition_failed');
    const { key: admin } = await organization.user('admin', { email: 'adm@example.com' });
    const { user: boss } = await organization.user('owner', { email: 'own@example.com' });
    const above = await call('PATCH', '/api/v1/groups/dev', { add: [boss.id] }, { ...at(2), key: admin });
    assert.equal(above.json().reason, 'api.forbidden', 'nobody changes who may more');

    // What names it keeps it, and its name; what does is said.
    const text = 'forbid (principal in Group::"dev", action, resource);';
    const policy = (await call('POST', '/api/v1/policies', { name: 'shut', text })).json();
    const wiki = { name: 'wiki', targets: [{ address: '10.0.0.1:80' }], access: { allow: ['group:dev'] } };
    const resource = (await call('POST', '/api/v1/resources', wiki)).json();
    const invited = await call('POST', '/api/v1/invitations', {
      email: 'new@example.com',
      groups: ['dev'],
      mail: false,
    });
    const party = { name: 'blog', redirectUris: ['https://blog.example/callback'], groups: ['dev'] };
    const relying = await call('POST', '/api/v1/relying-parties', party);
    assert.equal(relying.statusCode, 201, relying.body);
    const detail = (await call('GET', '/api/v1/groups/dev')).json();
    assert.deepEqual(detail.usedBy, [
      { kind: 'resource', name: 'wiki' },
      { kind: 'policy', name: 'shut' },
      { kind: 'invitation', name: 'new@example.com' },
      { kind: 'relying_party', name: 'blog' },
    ]);
    assert.deepEqual(detail.sources, [{ kind: 'hand', identityProvider: null, members: 3 }]);
    for (const refused of [
      await call('PATCH', '/api/v1/groups/dev', { name: 'builders' }, at(2)),
      await call('DELETE', '/api/v1/groups/dev', undefined, at(2)),
    ]) {
      assert.equal(refused.json().reason, 'group.in_use');
      assert.match(refused.json().detail, /resource wiki, policy shut/);
    }
    assert.deepEqual(await groupsOf(ann.id), ['dev', 'night-shift'], 'nothing was done by halves');
    await call('DELETE', `/api/v1/policies/${policy.id}`);
    await call('DELETE', `/api/v1/resources/${resource.id}`, undefined, at(resource.version));
    await call('DELETE', `/api/v1/invitations/${invited.json().invitation.id}`);
    await call('DELETE', `/api/v1/relying-parties/${relying.json().relyingParty.id}`);

    // Renamed, with all who are in it; described; emptied; removed.
    const both = await Promise.all([1, 2].map(() => call('PATCH', '/api/v1/groups/dev', { name: 'builders' }, at(2))));
    assert.deepEqual(both.map(({ statusCode }) => statusCode).sort(), [200, 404], 'once');
    assert.deepEqual(await groupsOf(ann.id), ['builders', 'night-shift']);
    assert.deepEqual(await groupsOf(bob.id), ['builders']);
    const clash = await call('PATCH', '/api/v1/groups/builders', { name: 'night-shift' }, at(3));
    assert.equal(clash.json().reason, 'api.name_taken');
    const out = await call('PATCH', '/api/v1/groups/builders', { description: 'Builds', remove: [bob.id] }, at(3));
    assert.deepEqual([out.json().people, out.json().description], [1, 'Builds'], out.body);
    assert.equal((await call('DELETE', '/api/v1/groups/builders')).json().reason, 'api.precondition_required');
    assert.equal((await call('DELETE', '/api/v1/groups/builders', undefined, at(4))).statusCode, 204);
    assert.deepEqual(await groupsOf(ann.id), ['night-shift']);
    assert.equal((await call('GET', '/api/v1/groups/builders')).statusCode, 404);
    const entries = (await call('GET', '/api/v1/audit?limit=500')).json().items;
    const actions = new Set(entries.map(({ action }: { action: string }) => action));
    for (const action of ['group.create', 'group.update', 'group.delete']) assert.ok(actions.has(action), action);
  },
);

eachDatabase('whoever is put into a group while it goes is in one that is there', async (t, database) => {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const { call } = organization;
  const { user } = await organization.user('member');
  const userNow = async () => (await call('GET', `/api/v1/users/${user.id}`)).json();
  for (let round = 0; round < 6; round++) {
    await call('POST', '/api/v1/groups', { name: 'dev' });
    const { version } = (await call('GET', '/api/v1/groups/dev')).json();
    const before = await userNow();
    const [gone, changed] = await Promise.all([
      call('DELETE', '/api/v1/groups/dev', undefined, at(version)),
      call('PATCH', `/api/v1/users/${user.id}`, { groups: ['dev'] }, at(before.version)),
    ]);
    assert.ok([204, 404, 412].includes(gone.statusCode), gone.body);
    assert.ok([200, 412].includes(changed.statusCode), changed.body);
    const { rows } = await sql<{ name: string }>`
      select name from groups where organization_id = ${user.organizationId}`.execute(fixture.context.store.db);
    const held: string[] = (await userNow()).groups;
    assert.ok(
      held.every((name) => rows.some((row) => row.name === name)),
      'no word without a group',
    );
  }
});
