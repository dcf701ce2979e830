/**
 * Every route of the API, for every role and every kind of credential, against the one table of permissions. A request is
 * good in all but who makes it, so that what should be refused would be served if the check were missing.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  PERMISSIONS,
  type Permission,
  parseScope,
  type Reason,
  type Role,
  type RouteDefinition,
  type RouteId,
  roleHas,
  role as roleSchema,
  routes,
} from '@zeronaut/model';
import { temporaryDirectory } from '@zeronaut/testkit';
import { sql } from 'kysely';
import { makeBadCredentials } from '../testing/credentials.suite.ts';
import { type Fixture, startFixture, type TestOrganization } from '../testing/fixture.suite.ts';
import { ROUTE_CASES, type RouteCall, urlOf, type World } from '../testing/route-cases.suite.ts';

const PASSWORD = 'plum violin harbour seven';
const ORIGIN = 'http://localhost:8080';
const ROLES = roleSchema.options;
const ROWS = Object.entries(routes) as [RouteId, RouteDefinition & { permission: Permission | 'none' }][];
const GUARDED = ROWS.filter(([, route]) => route.permission !== 'none') as [
  RouteId,
  RouteDefinition & { permission: Permission },
][];

/**
 * What a key, of a person or of a service account, is told where the call is about what only its maker has: a session, a
 * factor of one's own, a request that nobody has decided.
 */
const ONLY_FOR_ITS_MAKER: Partial<Record<RouteId, Reason>> = {
  'accessRequests.end': 'request.closed',
  'factors.startTotp': 'factor.session_needed',
  'factors.confirmTotp': 'factor.session_needed',
  'factors.renewRecoveryCodes': 'factor.session_needed',
  'factors.delete': 'factor.session_needed',
  'passkeys.start': 'factor.session_needed',
  'passkeys.create': 'factor.session_needed',
  'sessions.deleteCurrent': 'api.invalid',
  'oauth.approve': 'api.forbidden',
};

/** What the API is, for everybody: made from the route table, not a part of it. */
const DESCRIPTIONS = ['GET /api/docs', 'GET /api/v1/openapi.json'];

/** A narrowed key calls these, but the good request asks for something without scopes, which is more than it has. */
const HANDS_ON: readonly RouteId[] = ['apiKeys.create', 'apiKeys.rotate', 'workloadTrusts.create'];

/** What a write says that comes a second time, just as it was. All others are served again. */
const AGAIN: Partial<Record<RouteId, Reason>> = {
  'auditExports.create': 'api.name_taken',
  'auditExports.delete': 'api.not_found',
  'identityProviders.create': 'api.name_taken',
  'identityProviders.update': 'api.precondition_failed',
  'identityProviders.delete': 'api.not_found',
  'identityProviders.addDomain': 'idp.domain_taken',
  'identityProviders.removeDomain': 'api.not_found',
  'signInPolicy.update': 'api.precondition_failed',
  'factors.confirmTotp': 'factor.not_started',
  'factors.delete': 'api.not_found',
  'passkeys.create': 'passkey.replayed',
  'passkeys.signIn': 'passkey.count',
  'users.deleteFactor': 'api.not_found',
  'policies.create': 'api.conflict',
  'policies.update': 'api.precondition_failed',
  'policies.delete': 'api.not_found',
  'policyAssertions.update': 'api.precondition_failed',
  'accessRequests.decide': 'request.closed',
  'accessRequests.end': 'request.closed',
  'approvalRules.delete': 'api.not_found',
  'setup.create': 'api.token_used',
  'sessions.deleteCurrent': 'access.session_revoked',
  'oauth.approve': 'api.not_found',
  'oauth.token': 'api.token_used',
  'users.create': 'api.conflict',
  'users.update': 'api.precondition_failed',
  'apiKeys.rotate': 'api.conflict',
  'apiKeys.rotateCurrent': 'api.conflict',
  'serviceAccounts.create': 'api.conflict',
  'serviceAccounts.update': 'api.precondition_failed',
  'devices.reportPosture': 'posture.date',
  'devicePolicy.update': 'api.precondition_failed',
  'gateways.enrol': 'api.token_used',
  'resources.create': 'api.name_taken',
  'resources.update': 'api.precondition_failed',
  'resources.delete': 'api.not_found',
  'services.delete': 'api.not_found',
  'sites.delete': 'api.not_found',
};

type Answer = Awaited<ReturnType<TestOrganization['call']>>;
type Expected = { readonly status: number } | { readonly reason: Reason };

/** Everybody who calls in this test, and what they answered to. */
async function startMatrix(t: TestContext) {
  const file = `${temporaryDirectory(t)}/console.db`;
  const database = { kind: 'sqlite', file, url: `sqlite:${file}` } as const;
  const fixture = await startFixture(t, database);
  // Thousands of commits, none of which has to survive a power cut.
  await sql`pragma synchronous = off`.execute(fixture.context.store.db);
  const ours = await fixture.organization('ours');
  const theirs = await fixture.organization('theirs');
  const bad = await makeBadCredentials(fixture, ours);
  await ours.enrolGateway();
  await theirs.enrolGateway();
  const ownerDeviceId = (await ours.enrolDevice()).id;

  async function worldOf(role: Role, key: string): Promise<World> {
    const device = await ours.enrolDevice(key);
    return { fixture, ours, role, key, deviceId: device.id, deviceKey: device.privateKey, ownerDeviceId };
  }
  const people = new Map<Role, World & { readonly email: string }>();
  const programs = new Map<Role, World>();
  const strangers = new Map<Role, string>();
  for (const role of ROLES) {
    const { user, key } = await ours.user(role, { password: PASSWORD });
    people.set(role, { ...(await worldOf(role, key)), email: user.email });
    const account = await ours.call('POST', '/api/v1/service-accounts', { name: `robot-${role}`, role });
    const input = { name: 'robot', role, serviceAccountId: account.json().id };
    const made = await ours.call('POST', '/api/v1/api-keys', input);
    assert.equal(made.statusCode, 201, made.body);
    programs.set(role, await worldOf(role, made.json().key));
    strangers.set(role, (await theirs.user(role)).key);
  }

  const sessions = new Map<Role, { token: string; atMs: number }>();
  const counts = { calls: 0 };
  return {
    fixture,
    ours,
    bad,
    people,
    programs,
    strangers,
    counts,
    owner: people.get('owner')!,
    make: async (id: RouteId, world: World): Promise<RouteCall> => (await ROUTE_CASES[id].prepare?.(world)) ?? {},
    async send(route: RouteDefinition, request: RouteCall, headers: Record<string, string>): Promise<Answer> {
      counts.calls++;
      const more = { key: null, headers: { ...request.headers, ...headers } };
      return await ours.call(route.method, urlOf(route, request), request.body, more);
    },
    /** A session of that role, not older than ten minutes. */
    async signIn(role: Role): Promise<string> {
      const known = sessions.get(role);
      if (known !== undefined && known.atMs > fixture.clock.nowMs - 600_000) return known.token;
      const { email } = people.get(role)!;
      const answer = await ours.call('POST', '/api/v1/sessions', { email, password: PASSWORD }, { key: null });
      assert.equal(answer.statusCode, 201, answer.body);
      const { token } = answer.json().session;
      sessions.set(role, { token, atMs: fixture.clock.nowMs });
      return token;
    },
    /** Calls `check` for each route; what it finds odd is listed together at the end, as one failure. */
    async each<Row>(
      rows: readonly (readonly [RouteId, Row])[],
      check: (id: RouteId, route: Row, expect: (what: string, answer: Answer, expected: Expected) => void) => unknown,
    ): Promise<void> {
      const unexpected: string[] = [];
      for (const [id, route] of rows) {
        // Requests without credentials are limited by address; these would be too many at once.
        fixture.clock.nowMs += 60_000;
        await check(id, route, (what, answer, expected) => {
          const fits =
            'status' in expected ? answer.statusCode === expected.status : reasonOf(answer) === expected.reason;
          if (!fits) {
            unexpected.push(
              `${id}, ${what}: ${JSON.stringify(expected)}, not ${answer.statusCode} ${answer.body.slice(0, 300)}`,
            );
          }
        });
      }
      assert.deepEqual(unexpected, []);
    },
  };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const cookie = (session: string) => ({ cookie: `zn_console=${session}`, origin: ORIGIN, 'x-zeronaut-page': '1' });
const reasonOf = (answer: Answer): string | undefined => (answer.body === '' ? undefined : answer.json().reason);

/** How many rows an organization has in each table, and the head of its audit chain: nothing was made, removed or done. */
async function stateOf({ context }: Fixture, organizationId: string): Promise<string> {
  const { db } = context.store;
  const tables = await sql<{ name: string }>`
    select m.name from sqlite_master m where m.type = 'table'
    and exists (select 1 from pragma_table_info(m.name) where name = 'organization_id')`.execute(db);
  assert.ok(tables.rows.length > 30);
  const counts = tables.rows.map(
    ({ name }) => sql`(select count(*) from ${sql.table(name)} where organization_id = ${organizationId})`,
  );
  const state = await sql`
    select audit_head, json_array(${sql.join(counts)}) as counts from organizations where id = ${organizationId}`.execute(
    db,
  );
  return JSON.stringify(state.rows);
}

/** `GET /api/v1/me` and so on, sorted, from the tree that Fastify prints of what it serves. */
function servedRoutes(fixture: Fixture): string[] {
  const path: string[] = [];
  return fixture.api
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const match = /^([ │]*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?$/.exec(line);
      if (match === null) return [];
      const [, indent, part, methods] = match;
      path.splice(indent!.length / 4, Number.POSITIVE_INFINITY, part!);
      const url = path.join('');
      return (methods?.split(', ') ?? []).filter((method) => method !== 'HEAD').map((method) => `${method} ${url}`);
    })
    .sort();
}

test('the API answers as the table of permissions says', async (t) => {
  const matrix = await startMatrix(t);
  const { fixture, ours, owner, people, programs, strangers, make, send, each } = matrix;

  await t.test('every route of the API is a row of the table', () => {
    assert.deepEqual(
      servedRoutes(fixture).filter((route) => / \/api\//.test(route) && !DESCRIPTIONS.includes(route)),
      ROWS.map(([, { method, path }]) => `${method} ${path}`).sort(),
    );
  });

  await t.test('a credential that is not good opens nothing, and changes nothing', () =>
    each(ROWS, async (id, route, expect) => {
      const request = await make(id, owner);
      if (route.permission === 'none') {
        // Whoever needs no credentials is not asked for good ones.
        expect('a tampered key', await send(route, request, bearer(`${ours.key}A`)), { status: route.status });
        await ROUTE_CASES[id].restore?.(owner);
        return;
      }
      const before = await stateOf(fixture, ours.id);
      for (const { what, headers, reason } of matrix.bad) expect(what, await send(route, request, headers), { reason });
      assert.equal(await stateOf(fixture, ours.id), before, id);
    }),
  );

  await t.test('a key does what its scopes say', async () => {
    const all = Object.keys(PERMISSIONS) as Permission[];
    async function newKey(scopes: string[]): Promise<string> {
      const input = { name: 'narrow', role: 'owner', scopes };
      const answer = await ours.call('POST', '/api/v1/api-keys', input, { key: owner.key });
      assert.equal(answer.statusCode, 201, answer.body);
      return answer.json().key;
    }
    const resource = { name: 'another', targets: [{ address: '10.0.0.1:80' }] };
    const { id: another } = (await ours.call('POST', '/api/v1/resources', resource)).json();
    const keys = new Map<Permission, { only: string; allBut: string; elsewhere: string | null }>();
    for (const permission of all) {
      keys.set(permission, {
        only: await newKey([permission]),
        allBut: await newKey(all.filter((other) => other !== permission)),
        elsewhere: parseScope(`${permission}@${another}`) === null ? null : await newKey([`${permission}@${another}`]),
      });
    }
    await each(GUARDED, async (id, route, expect) => {
      const { only, allBut, elsewhere } = keys.get(route.permission)!;
      const request = await make(id, owner);
      const missing: Expected = { reason: 'api.scope_missing' };
      expect('all scopes but its own', await send(route, request, bearer(allBut)), missing);
      if (elsewhere !== null) expect('another resource', await send(route, request, bearer(elsewhere)), missing);
      const maker = ONLY_FOR_ITS_MAKER[id];
      const served: Expected = HANDS_ON.includes(id)
        ? missing
        : maker === undefined
          ? { status: route.status }
          : { reason: maker };
      expect('its scope alone', await send(route, request, bearer(only)), served);
    });
  });

  await t.test('what belongs to another organization does not exist, for any role', () =>
    each(GUARDED, async (id, route, expect) => {
      const request = await make(id, owner);
      const before = await stateOf(fixture, ours.id);
      for (const [role, key] of strangers) {
        const answer = await send(route, request, bearer(key));
        if (!roleHas(role, route.permission)) expect(role, answer, { reason: 'api.forbidden' });
        else if (ROUTE_CASES[id].foreign === 'not_found') expect(role, answer, { reason: 'api.not_found' });
        assert.ok(answer.statusCode < 500, id);
        for (const theirsNot of [ours.id, ours.owner.id, owner.email]) assert.ok(!answer.body.includes(theirsNot), id);
      }
      assert.equal(await stateOf(fixture, ours.id), before, id);
    }),
  );

  await t.test('a cookie counts for a write only from our own pages', () =>
    each(GUARDED, async (id, route, expect) => {
      if (route.method === 'GET') return;
      const request = await make(id, owner);
      const session = request.key?.startsWith('znk_') ? null : (request.key ?? (await matrix.signIn('owner')));
      if (session === null) return;
      const before = await stateOf(fixture, ours.id);
      const csrf: Expected = { reason: 'access.csrf' };
      for (const headers of [
        {},
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'http://localhost:8081' },
        { origin: ORIGIN, 'sec-fetch-site': 'same-site' },
        { origin: ORIGIN, 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'none' },
        { origin: ORIGIN, 'x-zeronaut-page': '' },
      ] as Record<string, string>[]) {
        const answer = await send(route, request, {
          cookie: `zn_console=${session}`,
          'x-zeronaut-page': '1',
          ...headers,
        });
        expect(JSON.stringify(headers), answer, csrf);
      }
      assert.equal(await stateOf(fixture, ours.id), before, id);
    }),
  );

  await t.test('what is good once is refused the second time', () =>
    each(ROWS, async (id, route, expect) => {
      if (route.method === 'GET') return;
      const request = await make(id, owner);
      const headers = route.permission === 'none' ? {} : bearer(request.key ?? owner.key);
      expect('first', await send(route, request, headers), { status: route.status });
      const again = AGAIN[id];
      const second = await send(route, request, headers);
      expect('again', second, again === undefined ? { status: route.status } : { reason: again });
      await ROUTE_CASES[id].restore?.(owner);
    }),
  );

  await t.test('each role does what the table says: by key, by cookie and as a service account', () =>
    each(GUARDED, async (id, route, expect) => {
      for (const role of ROLES) {
        const allowed = roleHas(role, route.permission);
        const expected: Expected = allowed ? { status: route.status } : { reason: 'api.forbidden' };
        const [person, program] = [people.get(role)!, programs.get(role)!];
        const byKey = await make(id, person);
        // What was refused is still good for the next.
        const next = (world: World) => (allowed && route.method !== 'GET' ? make(id, world) : byKey);
        expect(`${role} by key`, await send(route, byKey, bearer(byKey.key ?? person.key)), expected);
        const byCookie = await next(person);
        // A key is no cookie, and what is made for one call may come with a key of its own.
        const session = byCookie.key?.startsWith('znk_') ? null : (byCookie.key ?? (await matrix.signIn(role)));
        if (session !== null) expect(`${role} by cookie`, await send(route, byCookie, cookie(session)), expected);
        const byProgram = await next(program);
        const refused = ONLY_FOR_ITS_MAKER[id];
        const forProgram = refused === undefined || !allowed ? expected : { reason: refused };
        expect(`${role} as a service account`, await send(route, byProgram, bearer(program.key)), forProgram);
      }
    }),
  );

  t.diagnostic(`${matrix.counts.calls} calls of ${ROWS.length} routes`);
});
