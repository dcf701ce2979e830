import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { eachDatabase, temporaryDirectory } from '@zeronaut/testkit';
import { type Fixture, startFixture, type TestOrganization } from '../../testing/fixture.suite.ts';

const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of many shapes.
  readonly body: any;
}

interface World {
  readonly fixture: Fixture;
  readonly organization: TestOrganization;
  readonly providerId: string;
  readonly key: string;
  scim(
    method: string,
    path: string,
    body?: unknown,
    more?: { key?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
}

function sqlite(t: TestContext) {
  const file = `${temporaryDirectory(t)}/z.db`;
  return { kind: 'sqlite' as const, file, url: `sqlite:${file}` };
}

async function providerOf(organization: TestOrganization, domain = 'corp.example') {
  const answer = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'corp',
    settings: { kind: 'oidc', issuer: 'https://id.corp.example', clientId: 'x' },
    secret: 'y',
    groupMappings: [
      { from: 'Engineering', group: 'dev' },
      { from: 'Platform Admins', group: 'ops', role: 'admin' },
      { from: 'Founders', role: 'owner' },
      { from: '0b7c-entra-object-id', group: 'finance' },
    ],
  });
  assert.equal(answer.statusCode, 201, answer.body);
  const { id, version, addresses } = answer.json();
  await organization.call('POST', `/api/v1/identity-providers/${id}/domains`, { domain, proof: 'owner' });
  return { id: id as string, version: version as number, scim: addresses.scim as string };
}

async function keyOf(organization: TestOrganization, scopes: string[] | null, role = 'admin'): Promise<string> {
  const account = await organization.call('POST', '/api/v1/service-accounts', {
    name: `scim-${Math.random().toString(36).slice(2, 10)}`,
    role,
  });
  const answer = await organization.call('POST', '/api/v1/api-keys', {
    name: 'scim',
    role,
    scopes,
    serviceAccountId: account.json().id,
  });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json().key;
}

async function scimWorld(t: TestContext, database: Parameters<typeof startFixture>[1]): Promise<World> {
  const fixture = await startFixture(t, database);
  const organization = await fixture.organization();
  const provider = await providerOf(organization);
  const key = await keyOf(organization, [`scim:write@${provider.id}`]);
  const base = new URL(provider.scim).pathname;
  return {
    fixture,
    organization,
    providerId: provider.id,
    key,
    async scim(method, path, body, more = {}) {
      const answer = await organization.call(method, path.startsWith('/scim/') ? path : `${base}${path}`, body, {
        key: more.key ?? key,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...more.headers },
      });
      const text = answer.body;
      return { status: answer.statusCode, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
    },
  };
}

const userOf = async ({ organization }: World, id: string) =>
  (await organization.call('GET', `/api/v1/users/${id}`)).json();
const filterOf = (filter: string) => `?filter=${encodeURIComponent(filter)}`;
const patchOf = (...Operations: unknown[]) => ({ schemas: [PATCH_OP], Operations });

/** A session of that person, and whether the console still takes it. */
async function sessionOf(world: World, userId: string): Promise<() => Promise<boolean>> {
  const { context } = world.fixture;
  const { completeSignIn } = await import('../sessions/complete-sign-in.ts');
  const origin = { address: '127.0.0.1', userAgent: 'test', requestId: 'req_test' };
  const opened = await context.store.transaction((queries) =>
    completeSignIn(
      queries,
      context,
      {
        userId,
        organizationId: world.organization.id,
        kind: 'console',
        factors: [{ kind: 'provider', atMs: context.clock() }],
        provider: { id: world.providerId, subject: userId, providerSessionId: null },
        canGoOn: false,
      },
      origin,
    ),
  );
  const { token } = opened as { token: string };
  return async () => (await world.organization.call('GET', '/api/v1/me', undefined, { key: token })).statusCode === 200;
}

eachDatabase('Okta: look, create, push groups, deactivate, reactivate, rename', async (t, database) => {
  const world = await scimWorld(t, database);
  const { scim } = world;
  assert.equal((await scim('GET', '/ServiceProviderConfig')).body.patch.supported, true);
  const nobody = await scim('GET', `/Users${filterOf('userName eq "ann@corp.example"')}&startIndex=1&count=100`);
  assert.deepEqual([nobody.status, nobody.body.totalResults, nobody.body.Resources], [200, 0, []]);
  const made = await scim('POST', '/Users', {
    schemas: [USER],
    userName: 'Ann@corp.example',
    name: { givenName: 'Ann', familyName: 'Example' },
    emails: [{ primary: true, value: 'ann@corp.example', type: 'work' }],
    displayName: 'Ann Example',
    locale: 'en-US',
    externalId: '00ujl29u0le5T6Aj10h7',
    groups: [],
    password: '1mz050nq',
    active: true,
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const { id } = made.body;
  assert.match(String(made.headers['content-type']), /^application\/scim\+json/);
  assert.equal(made.headers.location, made.body.meta.location);
  assert.equal(made.headers.etag, made.body.meta.version);
  assert.deepEqual(
    [
      made.body.userName,
      made.body.displayName,
      made.body.name,
      made.body.externalId,
      made.body.active,
      made.body.password,
    ],
    [
      'ann@corp.example',
      'Ann Example',
      { formatted: 'Ann Example', givenName: 'Ann', familyName: 'Example' },
      '00ujl29u0le5T6Aj10h7',
      true,
      undefined,
    ],
  );
  const again = await scim('POST', '/Users', { schemas: [USER], userName: 'ann@corp.example' });
  assert.deepEqual([again.status, again.body.scimType, again.body.status], [409, 'uniqueness', '409']);
  const user = await userOf(world, id);
  assert.deepEqual([user.email, user.role, user.groups, user.status], ['ann@corp.example', 'member', [], 'active']);

  // Groups are pushed by name, and then by member.
  const engineering = await scim('POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'engineering',
    members: [{ value: id, display: 'ann' }],
  });
  assert.equal(engineering.status, 201, JSON.stringify(engineering.body));
  assert.deepEqual(
    engineering.body.members.map(({ value }: { value: string }) => value),
    [id],
  );
  assert.deepEqual((await userOf(world, id)).groups, ['dev']);
  world.fixture.clock.nowMs++;
  const admins = await scim('POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'Platform Admins',
    externalId: 'okta-1',
  });
  const groupPath = `/Groups/${admins.body.id}`;
  const isOpen = await sessionOf(world, id);
  assert.equal(await isOpen(), true);
  const added = await scim('PATCH', groupPath, patchOf({ op: 'add', path: 'members', value: [{ value: id }] }));
  assert.equal(added.status, 200);
  assert.deepEqual([(await userOf(world, id)).role, (await userOf(world, id)).groups], ['admin', ['dev', 'ops']]);
  assert.equal(await isOpen(), false, 'opened under another role');
  assert.deepEqual(
    (await scim('GET', `/Users/${id}`)).body.groups.map(({ display }: { display: string }) => display),
    ['engineering', 'Platform Admins'],
  );
  const renamed = await scim(
    'PATCH',
    groupPath,
    patchOf({ op: 'replace', value: { id: admins.body.id, displayName: 'Renamed' } }),
  );
  assert.equal(renamed.body.displayName, 'Renamed');
  assert.deepEqual(
    [(await userOf(world, id)).role, (await userOf(world, id)).groups],
    ['member', ['dev']],
    'no mapping names it',
  );
  await scim('PATCH', groupPath, patchOf({ op: 'replace', path: 'displayName', value: 'platform admins' }));
  assert.equal((await userOf(world, id)).role, 'admin');
  const left = await scim('PATCH', groupPath, patchOf({ op: 'remove', path: `members[value eq "${id}"]` }));
  assert.deepEqual([left.body.members, (await userOf(world, id)).role], [[], 'member']);
  await scim('PUT', groupPath, { schemas: [GROUP], displayName: 'Platform Admins', members: [{ value: id }] });
  assert.equal((await userOf(world, id)).role, 'admin');
  assert.equal((await scim('DELETE', groupPath)).status, 204);
  assert.equal((await userOf(world, id)).role, 'member', 'what a group gave goes with it');
  assert.equal((await scim('GET', groupPath)).status, 404);

  // Deactivated, sessions end at once, and gateways hear of it.
  const stillThere = await sessionOf(world, id);
  assert.equal(await stillThere(), true);
  const told: (string | null)[] = [];
  t.after(world.fixture.context.store.onChange((organizationId) => told.push(organizationId)));
  const off = await scim('PATCH', `/Users/${id}`, patchOf({ op: 'replace', value: { active: false } }));
  assert.deepEqual([off.status, off.body.active], [200, false]);
  assert.equal(await stillThere(), false);
  assert.deepEqual(told, [world.organization.id]);
  assert.equal((await userOf(world, id)).status, 'disabled');
  const on = await scim('PUT', `/Users/${id}`, {
    schemas: [USER],
    id,
    userName: 'ann.married@corp.example',
    name: { givenName: 'Ann', familyName: 'Married' },
    active: true,
  });
  assert.deepEqual([on.body.active, on.body.userName], [true, 'ann.married@corp.example']);
  assert.equal(await stillThere(), false, 'a session that ended stays ended');
  assert.deepEqual(
    [(await userOf(world, id)).email, (await userOf(world, id)).groups],
    ['ann.married@corp.example', ['dev']],
  );

  const audit = (await world.organization.call('GET', '/api/v1/audit?limit=100')).json();
  const actions = new Set(audit.items.map(({ action }: { action: string }) => action));
  for (const action of [
    'user.create',
    'user.update',
    'scim_group.create',
    'scim_group.members',
    'scim_group.update',
    'scim_group.delete',
  ]) {
    assert.ok(actions.has(action), action);
  }
  assert.ok(
    audit.items.some(
      ({ action, actor }: { action: string; actor: { kind: string } }) =>
        action === 'user.create' && actor.kind === 'api_key',
    ),
  );
});

eachDatabase(
  'Entra: test connection, provision, its own spellings, group cycles, delete and come back',
  async (t, database) => {
    const world = await scimWorld(t, database);
    const { scim } = world;
    // The test of the connection asks for somebody who cannot exist.
    const probe = await scim('GET', `/Users${filterOf('userName eq "0f9d1a5e-probe@corp.example"')}`);
    assert.deepEqual([probe.status, probe.body.totalResults], [200, 0]);
    const made = await scim('POST', '/Users', {
      schemas: [USER, ENTERPRISE],
      externalId: 'b0b-mail-nickname',
      userName: 'bob@corp.example',
      active: true,
      displayName: 'Bob',
      emails: [{ primary: true, type: 'work', value: 'bob@corp.example' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Bob Builder', familyName: 'Builder', givenName: 'Bob' },
      title: 'Builder',
      roles: [],
      [ENTERPRISE]: { department: 'Building', manager: 'x' },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id } = made.body;
    for (const filter of [
      'externalId eq "b0b-mail-nickname"',
      'emails[type eq "work"].value eq "x"',
      'emails[type eq "work" and value eq "BOB@corp.example"]',
      `${USER}:userName eq "bob@corp.example"`,
      'userName sw "bo" and not (active eq false)',
      'name.familyName co "uild" or externalId eq "nobody"',
      'externalId pr and active eq "True"',
      'meta.created gt "2020-01-01T00:00:00Z"',
      `id eq "${id}"`,
    ]) {
      const found = await scim('GET', `/Users${filterOf(filter)}`);
      // What stands after a bracket is of a PATCH, not of a filter.
      const expected = filter.endsWith('"x"') ? [400, undefined] : [200, 1];
      assert.deepEqual([found.status, found.body.totalResults], expected, filter);
    }
    const changed = await scim(
      'PATCH',
      `/Users/${id}`,
      patchOf(
        { op: 'Replace', path: 'emails[type eq "work"].value', value: 'bob@corp.example' },
        { op: 'Add', path: 'name.familyName', value: 'Baumeister' },
        { op: 'Replace', path: `${ENTERPRISE}:department`, value: 'Bau' },
        {
          op: 'Replace',
          value: { displayName: 'Bob der Baumeister', 'name.givenName': 'Robert', [`${ENTERPRISE}:manager`]: 'y' },
        },
      ),
    );
    assert.deepEqual(
      [changed.status, changed.body.displayName, changed.body.name.familyName, changed.body.name.givenName],
      [200, 'Bob der Baumeister', 'Baumeister', 'Robert'],
    );
    const off = await scim('PATCH', `/Users/${id}`, patchOf({ op: 'Replace', path: 'active', value: 'False' }));
    assert.equal(off.body.active, false);
    const on = await scim('PATCH', `/Users/${id}`, patchOf({ op: 'Add', path: 'active', value: 'True' }));
    assert.equal(on.body.active, true);

    // Groups: found by name without members, members in a list of objects, removed by value in the body.
    const group = await scim('POST', '/Groups', {
      schemas: [GROUP],
      externalId: '0b7c-entra-object-id',
      displayName: 'Finance EU',
    });
    assert.equal(group.status, 201);
    const found = await scim('GET', `/Groups${filterOf('displayName eq "finance eu"')}&excludedAttributes=members`);
    assert.deepEqual([found.body.totalResults, found.body.Resources[0].members], [1, undefined]);
    const path = `/Groups/${group.body.id}`;
    await scim('PATCH', path, patchOf({ op: 'Add', path: 'members', value: [{ $ref: null, value: id }] }));
    assert.deepEqual((await userOf(world, id)).groups, ['finance'], 'mapped by the id that Entra has for it');
    const mine = await scim('GET', `/Groups${filterOf(`id eq "${group.body.id}" and members eq "${id}"`)}`);
    assert.equal(mine.body.totalResults, 1);
    await scim('PATCH', path, patchOf({ op: 'Remove', path: 'members', value: [{ $ref: null, value: id }] }));
    assert.deepEqual((await userOf(world, id)).groups, []);
    await scim('PATCH', path, patchOf({ op: 'Add', path: 'members', value: [{ value: id }] }));

    // Deleted: removed here, too; a new POST makes somebody new.
    const stillThere = await sessionOf(world, id);
    assert.equal((await scim('DELETE', `/Users/${id}`)).status, 204);
    assert.equal(await stillThere(), false);
    for (const gone of [await scim('GET', `/Users/${id}`), await scim('DELETE', `/Users/${id}`)])
      assert.equal(gone.status, 404);
    assert.equal((await world.organization.call('GET', `/api/v1/users/${id}`)).statusCode, 404);
    assert.deepEqual((await scim('GET', path)).body.members, []);
    const back = await scim('POST', '/Users', { schemas: [USER], userName: 'bob@corp.example', active: 'True' });
    assert.deepEqual([back.status, back.body.id === id, back.body.active], [201, false, true]);
  },
);

test('what a directory has pushed is shown to people', async (t) => {
  const world = await scimWorld(t, sqlite(t));
  const { scim, organization, providerId } = world;
  const show = async () =>
    (await organization.call('GET', `/api/v1/identity-providers/${providerId}/directory`)).json();
  assert.deepEqual([(await show()).users, (await show()).changedAt, (await show()).groups], [0, null, []]);
  const { id } = (await scim('POST', '/Users', { schemas: [USER], userName: 'ann@corp.example' })).body;
  await scim('POST', '/Users', { schemas: [USER], userName: 'bob@corp.example', active: false });
  await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'platform admins', members: [{ value: id }] });
  await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'All' });
  const { users, activeUsers, groups, url } = await show();
  assert.deepEqual([users, activeUsers, url.endsWith(`/scim/v2/${providerId}`)], [2, 1, true]);
  assert.deepEqual(
    groups.map(({ displayName, members, group, role }: Record<string, unknown>) => [displayName, members, group, role]),
    [
      ['All', 0, null, null],
      ['platform admins', 1, 'ops', 'admin'],
    ],
  );
});

test('pages, entity tags, schemas and what is left out', async (t) => {
  const { scim, fixture } = await scimWorld(t, sqlite(t));
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    // Ids sort by the millisecond.
    fixture.clock.nowMs++;
    ids.push((await scim('POST', '/Users', { schemas: [USER], userName: `${name}@corp.example` })).body.id);
  }
  const page = async (query: string) => {
    const { body } = await scim('GET', `/Users?${query}`);
    return [
      body.totalResults,
      body.startIndex,
      body.itemsPerPage,
      body.Resources.map(({ id }: { id: string }) => ids.indexOf(id)),
    ];
  };
  assert.deepEqual(await page('startIndex=2&count=1'), [3, 2, 1, [1]]);
  assert.deepEqual(await page('startIndex=-5&count=2'), [3, 1, 2, [0, 1]]);
  assert.deepEqual(await page('count=0'), [3, 1, 0, []]);
  assert.deepEqual(await page('count=-1'), [3, 1, 0, []]);
  assert.deepEqual(await page('startIndex=9'), [3, 9, 0, []]);
  assert.equal((await scim('GET', '/Users?count=many')).body.scimType, 'invalidValue');

  const one = await scim('GET', `/Users/${ids[0]}`);
  const tag = String(one.headers.etag);
  assert.equal((await scim('GET', `/Users/${ids[0]}`, undefined, { headers: { 'if-none-match': tag } })).status, 304);
  const patch = patchOf({ op: 'replace', path: 'displayName', value: 'A' });
  assert.equal((await scim('PATCH', `/Users/${ids[0]}`, patch, { headers: { 'if-match': 'W/"99"' } })).status, 412);
  const written = await scim('PATCH', `/Users/${ids[0]}`, patch, { headers: { 'if-match': tag } });
  assert.equal(written.status, 200);
  assert.notEqual(written.headers.etag, tag);
  assert.equal((await scim('DELETE', `/Users/${ids[0]}`, undefined, { headers: { 'if-match': tag } })).status, 412);

  const { body: schemas } = await scim('GET', '/Schemas');
  assert.deepEqual(
    schemas.Resources.map(({ id }: { id: string }) => id),
    [USER, GROUP],
  );
  assert.equal((await scim('GET', `/Schemas/${USER}`)).body.name, 'User');
  assert.equal((await scim('GET', '/ResourceTypes/Group')).body.endpoint, '/Groups');
  for (const nothing of ['/Schemas/x', '/ResourceTypes/x', '/Users/usr_x', '/Groups/sgr_x', '/Bulk']) {
    const answer = await scim('GET', nothing);
    assert.deepEqual(
      [answer.status, answer.body.schemas],
      [404, ['urn:ietf:params:scim:api:messages:2.0:Error']],
      nothing,
    );
  }
});

test('a changed mapping counts at once, and a sign-in does not take back what the directory gives', async (t) => {
  const world = await scimWorld(t, sqlite(t));
  const { scim, organization, providerId, fixture } = world;
  const { id } = (await scim('POST', '/Users', { schemas: [USER], userName: 'ann@corp.example' })).body;
  await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'Engineering', members: [{ value: id }] });
  const provider = (await organization.call('GET', `/api/v1/identity-providers/${providerId}`)).json();
  const change = async (groupMappings: unknown[]) => {
    const { version } = (await organization.call('GET', `/api/v1/identity-providers/${providerId}`)).json();
    const body = { name: 'corp', settings: provider.settings, groupMappings };
    const answer = await organization.call('PUT', `/api/v1/identity-providers/${providerId}`, body, {
      headers: { 'if-match': `"${version}"` },
    });
    assert.equal(answer.statusCode, 200, answer.body);
  };
  await change([{ from: 'engineering', group: 'builders', role: 'operator' }]);
  assert.deepEqual([(await userOf(world, id)).groups, (await userOf(world, id)).role], [['builders'], 'operator']);

  const { signInExternally } = await import('../identity-providers/external-sign-in.ts');
  const { findEnabledProvider } = await import('../identity-providers/provider-rows.ts');
  const found = await findEnabledProvider(fixture.context.store.db, providerId);
  const identity = {
    subject: 'ann',
    email: 'ann@corp.example',
    name: null,
    groups: ['finance'],
    providerSessionId: null,
  };
  const origin = { address: '127.0.0.1', userAgent: '', requestId: 'req_x' };
  for (let i = 0; i < 2; i++) {
    await signInExternally(fixture.context, found as never, identity, { kind: 'console', canGoOn: false }, origin);
    assert.deepEqual([(await userOf(world, id)).groups, (await userOf(world, id)).role], [['builders'], 'operator']);
  }
  await change([]);
  assert.deepEqual([(await userOf(world, id)).groups, (await userOf(world, id)).role], [[], 'member']);
});

test('attacks on the directory interface', async (t) => {
  const world = await scimWorld(t, sqlite(t));
  const { scim, organization, fixture, providerId } = world;
  const ann = (await scim('POST', '/Users', { schemas: [USER], userName: 'ann@corp.example' })).body;
  const refused: Record<string, [number, string]> = {};
  const expect = (name: string, answer: Answer) => {
    refused[name] = [answer.status, answer.body?.reason];
    assert.deepEqual(answer.body?.schemas, ['urn:ietf:params:scim:api:messages:2.0:Error'], name);
  };

  // Credentials.
  const other = await fixture.organization('other');
  const theirs = await providerOf(other, 'other.example');
  const theirKey = await keyOf(other, ['scim:write']);
  const second = await organization.call('POST', '/api/v1/identity-providers', {
    name: 'second',
    settings: { kind: 'oidc', issuer: 'https://id.second.example', clientId: 'x' },
    secret: 'y',
  });
  expect('no credential', await scim('GET', '/Users', undefined, { key: 'nonsense' }));
  expect('an owner with everything', await scim('GET', '/Users', undefined, { key: organization.key }));
  expect(
    'a key with another scope',
    await scim('GET', '/Users', undefined, { key: await keyOf(organization, ['users:write']) }),
  );
  expect(
    'a key of a role that may not',
    await scim('GET', '/Users', undefined, { key: await keyOf(organization, ['scim:write'], 'operator') }),
  );
  expect('a key for another provider', await scim('GET', `/scim/v2/${second.json().id}/Users`));
  expect('a key of another organization', await scim('GET', `/Users/${ann.id}`, undefined, { key: theirKey }));
  expect(
    'a provider of another organization',
    await scim('GET', `/scim/v2/${theirs.id}/Users`, undefined, { key: await keyOf(organization, ['scim:write']) }),
  );

  // People of others.
  const bob = (
    await scim(
      'POST',
      `/scim/v2/${theirs.id}/Users`,
      { schemas: [USER], userName: 'bob@other.example' },
      { key: theirKey },
    )
  ).body;
  const byHand = (await organization.user('member', { email: 'hand@corp.example' })).user;
  for (const [name, id] of [
    ['of another organization', bob.id],
    ['made by hand', byHand.id],
    ['the owner', organization.owner.id],
  ]) {
    expect(`read ${name}`, await scim('GET', `/Users/${id}`));
    expect(
      `change ${name}`,
      await scim('PATCH', `/Users/${id}`, patchOf({ op: 'replace', path: 'active', value: false })),
    );
    expect(`delete ${name}`, await scim('DELETE', `/Users/${id}`));
    expect(
      `put into a group ${name}`,
      await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'x', members: [{ value: id }] }),
    );
  }
  assert.equal((await scim('GET', '/Users')).body.totalResults, 1, 'nor are they listed');
  assert.equal((await userOf(world, byHand.id)).status, 'active');
  expect('a mail domain of others', await scim('POST', '/Users', { schemas: [USER], userName: 'x@other.example' }));
  expect(
    'an address below the domain',
    await scim('POST', '/Users', { schemas: [USER], userName: 'x@sub.corp.example' }),
  );
  expect(
    'a move to a domain of others',
    await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'replace', path: 'userName', value: 'x@other.example' })),
  );
  expect(
    'a move to the address of somebody else',
    await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'replace', path: 'userName', value: 'hand@corp.example' })),
  );

  // An owner who is taken over by making them again.
  const owner = (await organization.user('owner', { email: 'boss@corp.example' })).user;
  expect(
    'an owner, disabled',
    await scim('POST', '/Users', { schemas: [USER], userName: 'boss@corp.example', active: false }),
  );
  const linked = await scim('POST', '/Users', { schemas: [USER], userName: 'boss@corp.example' });
  assert.deepEqual([linked.status, linked.body.id], [201, owner.id]);
  expect(
    'an owner, later',
    await scim('PATCH', `/Users/${owner.id}`, patchOf({ op: 'replace', path: 'active', value: 'false' })),
  );
  expect('an owner, deleted', await scim('DELETE', `/Users/${owner.id}`));
  await scim('POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'Founders',
    members: [{ value: ann.id }, { value: owner.id }],
  });
  assert.deepEqual(
    [(await userOf(world, ann.id)).role, (await userOf(world, owner.id)).role],
    ['member', 'owner'],
    'a mapping makes no owner',
  );

  // Mass assignment.
  const eve = await scim('POST', '/Users', {
    schemas: [USER],
    userName: 'eve@corp.example',
    id: organization.owner.id,
    role: 'owner',
    roles: [{ value: 'owner', primary: true }],
    groups: [{ value: 'ops' }],
    entitlements: [{ value: 'everything' }],
    password: 'correct horse battery staple',
    organizationId: other.id,
    organization_id: other.id,
    kind: 'local',
    meta: { version: 'W/"77"', created: '2001-01-01T00:00:00Z' },
  });
  await scim(
    'PATCH',
    `/Users/${eve.body.id}`,
    patchOf(
      { op: 'add', path: 'roles', value: [{ value: 'owner' }] },
      { op: 'add', path: 'groups', value: [{ value: 'ops' }] },
      { op: 'replace', path: 'id', value: 'usr_x' },
      { op: 'add', value: { role: 'owner', granted_role: 'owner', password: 'correct horse battery staple' } },
    ),
  );
  const made = await userOf(world, eve.body.id);
  assert.deepEqual(
    [made.id, made.role, made.groups, made.kind, made.organizationId],
    [eve.body.id, 'member', [], 'person', organization.id],
  );
  const hashes = await fixture.context.store.db
    .selectFrom('password_hashes')
    .selectAll()
    .where('user_id', '=', eve.body.id)
    .execute();
  assert.deepEqual(hashes, []);

  const poisoned = JSON.parse('{"schemas":[],"userName":"q@corp.example","__proto__":{"role":"owner"}}');
  expect('a prototype', await scim('POST', '/Users', poisoned));

  // Bombs and nonsense.
  const many = (count: number, text: string) => Array.from({ length: count }, () => text).join(' or ');
  expect('a filter of 21 comparisons', await scim('GET', `/Users${filterOf(many(21, 'id eq "a"'))}`));
  expect('a filter of 2,000 characters', await scim('GET', `/Users${filterOf(`id eq "${'a'.repeat(2_000)}"`)}`));
  expect('a filter of 12 levels', await scim('GET', `/Users${filterOf(`${'('.repeat(12)}id pr${')'.repeat(12)}`)}`));
  for (const filter of [
    'id',
    'id eq',
    'id eq x',
    'id zz "x"',
    '(id pr',
    'id pr)',
    'id pr id pr',
    'emails[emails[id pr]]',
    'password eq "x"',
    'role eq "owner"',
    "id eq 'x'",
    'id eq "x',
    'active eq "maybe"',
    'active gt true',
    'constructor pr',
    'meta.created gt "soon"',
    'not id pr',
    '\u0000',
  ]) {
    expect(`the filter ${filter}`, await scim('GET', `/Users${filterOf(filter)}`));
  }
  for (const text of ['%', '_', '\\', "' or 1=1 --", '"; drop table users; --'.replaceAll('"', '\\"')]) {
    const found = await scim(
      'GET',
      `/Users${filterOf(`displayName eq "${text.replaceAll('\\', text === '\\' ? '\\\\' : '\\')}" or userName co "${text === '\\' ? '\\\\' : text}"`)}`,
    );
    assert.deepEqual([found.status, found.body.totalResults], [200, 0], text);
  }
  expect(
    '101 operations',
    await scim(
      'PATCH',
      `/Users/${ann.id}`,
      patchOf(...Array.from({ length: 101 }, () => ({ op: 'add', path: 'title', value: 'x' }))),
    ),
  );
  expect(
    '2,000 members in one operation',
    await scim('POST', '/Groups', {
      schemas: [GROUP],
      displayName: 'y',
      members: Array.from({ length: 2_000 }, (_, i) => ({ value: `usr_${i}` })),
    }),
  );
  const group = (await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'z' })).body;
  const portion = { op: 'add', path: 'members', value: Array.from({ length: 600 }, (_, i) => ({ value: `usr_${i}` })) };
  expect('2,000 members in several', await scim('PATCH', `/Groups/${group.id}`, patchOf(portion, portion)));
  expect(
    'a group of the same name, in another case',
    await scim('POST', '/Groups', { schemas: [GROUP], displayName: 'Z' }),
  );
  expect('no such operation', await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'move', path: 'active' })));
  expect('no operations', await scim('PATCH', `/Users/${ann.id}`, { schemas: [PATCH_OP] }));
  expect(
    'no schema',
    await scim('PATCH', `/Users/${ann.id}`, { Operations: [{ op: 'add', path: 'title', value: '' }] }),
  );
  expect('a removal of nothing in particular', await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'remove' })));
  expect('a removal of the name', await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'remove', path: 'userName' })));
  expect('a path that is none', await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'add', path: 'a[b', value: 1 })));
  expect(
    'a path of 400 characters',
    await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'add', path: 'a'.repeat(400), value: 1 })),
  );
  expect('an address that is none', await scim('POST', '/Users', { schemas: [USER], userName: 'ann' }));
  expect(
    'a name of 4,000 characters',
    await scim('POST', '/Users', { schemas: [USER], userName: 'q@corp.example', displayName: 'q'.repeat(4_000) }),
  );
  expect(
    'a number for a name',
    await scim('POST', '/Users', { schemas: [USER], userName: 'q@corp.example', displayName: 7 }),
  );
  expect(
    'active and not a truth',
    await scim('PATCH', `/Users/${ann.id}`, patchOf({ op: 'replace', path: 'active', value: 'maybe' })),
  );
  expect('a list for a body', await scim('POST', '/Users', [1, 2]));
  expect(
    'two megabytes',
    await scim('POST', '/Users', { schemas: [USER], userName: 'q@corp.example', title: 'x'.repeat(2_000_000) }),
  );
  const broken = await organization.call(
    'POST',
    new URL(`/scim/v2/${providerId}/Users`, 'http://x').pathname,
    undefined,
    {
      key: world.key,
      headers: { 'content-type': 'application/scim+json', 'content-length': '1' },
    },
  );
  assert.ok(broken.statusCode >= 400 && broken.statusCode < 500, String(broken.statusCode));

  const people = ['of another organization', 'made by hand', 'the owner'];
  const taken: Record<string, [number, string]> = {};
  for (const [name, answer] of Object.entries(refused)) if (!name.startsWith('the filter')) taken[name] = answer;
  assert.deepEqual(taken, {
    'no credential': [401, 'api.unauthenticated'],
    'an owner with everything': [403, 'scim.not_allowed'],
    'a key with another scope': [403, 'scim.not_allowed'],
    'a key of a role that may not': [403, 'scim.not_allowed'],
    'a key for another provider': [403, 'scim.not_allowed'],
    'a key of another organization': [404, 'idp.not_found'],
    'a provider of another organization': [404, 'idp.not_found'],
    ...Object.fromEntries(
      people.flatMap((name) => [
        [`read ${name}`, [404, 'api.not_found']],
        [`change ${name}`, [404, 'api.not_found']],
        [`delete ${name}`, [404, 'api.not_found']],
        [`put into a group ${name}`, [400, 'scim.value_invalid']],
      ]),
    ),
    'a mail domain of others': [403, 'idp.email_not_owned'],
    'an address below the domain': [403, 'idp.email_not_owned'],
    'a move to a domain of others': [403, 'idp.email_not_owned'],
    'a move to the address of somebody else': [409, 'scim.taken'],
    'an owner, disabled': [403, 'scim.owner'],
    'an owner, later': [403, 'scim.owner'],
    'an owner, deleted': [403, 'scim.owner'],
    'a prototype': [400, 'api.invalid'],
    'a filter of 21 comparisons': [400, 'scim.filter_invalid'],
    'a filter of 2,000 characters': [400, 'scim.filter_invalid'],
    'a filter of 12 levels': [400, 'scim.filter_invalid'],
    '101 operations': [413, 'scim.too_many'],
    '2,000 members in one operation': [413, 'scim.too_many'],
    '2,000 members in several': [413, 'scim.too_many'],
    'a group of the same name, in another case': [409, 'scim.taken'],
    'no such operation': [400, 'scim.syntax_invalid'],
    'no operations': [400, 'scim.syntax_invalid'],
    'no schema': [400, 'scim.syntax_invalid'],
    'a removal of nothing in particular': [400, 'scim.path_invalid'],
    'a removal of the name': [400, 'scim.read_only'],
    'a path that is none': [400, 'scim.path_invalid'],
    'a path of 400 characters': [400, 'scim.path_invalid'],
    'an address that is none': [400, 'scim.value_invalid'],
    'a name of 4,000 characters': [400, 'scim.value_invalid'],
    'a number for a name': [400, 'scim.value_invalid'],
    'active and not a truth': [400, 'scim.value_invalid'],
    'a list for a body': [400, 'scim.syntax_invalid'],
    'two megabytes': [413, 'api.too_large'],
  });
  for (const [name, [status, reason]] of Object.entries(refused)) {
    if (name.startsWith('the filter')) assert.deepEqual([status, reason], [400, 'scim.filter_invalid'], name);
  }
  assert.equal((await userOf(world, ann.id)).name, 'ann@corp.example', 'nothing of it was done by half');

  // A flood: the key waits, others do not.
  let last = 200;
  for (let i = 0; i < 600 && last === 200; i++) last = (await scim('GET', '/ServiceProviderConfig')).status;
  assert.equal(last, 429);
  const elsewhere = await scim('GET', `/scim/v2/${theirs.id}/Users`, undefined, { key: theirKey });
  assert.equal(elsewhere.status, 200);
});
