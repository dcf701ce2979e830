/**
 * Every route of the API, for every role and every kind of credential, against the one table of permissions. A request is
 * good in all but who makes it, so that what should be refused would be served if the check were missing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PERMISSIONS, type Permission, parseScope, type Reason, type RouteId, roleHas } from '@zeronaut/model';
import type { Fixture } from '../testing/fixture.suite.ts';
import { bearer, cookie, type Expected, GUARDED, NOT_HERE, ROLES, ROWS, startMatrix } from '../testing/matrix.suite.ts';
import type { World } from '../testing/route-cases.suite.ts';

/**
 * What a key, of a person or of a service account, is told where the call is about what only its maker has: a session, a
 * factor of one's own, a request that nobody has decided.
 */
const ONLY_FOR_ITS_MAKER: Partial<Record<RouteId, Reason>> = {
  'accessRequests.end': 'request.closed',
  'backups.create': 'factor.session_needed',
  'factors.startTotp': 'factor.session_needed',
  'factors.confirmTotp': 'factor.session_needed',
  'factors.renewRecoveryCodes': 'factor.session_needed',
  'factors.delete': 'factor.session_needed',
  'passkeys.start': 'factor.session_needed',
  'passkeys.create': 'factor.session_needed',
  'push.subscribe': 'factor.session_needed',
  'push.test': 'api.not_found',
  'push.unsubscribe': 'api.not_found',
  'sessions.deleteCurrent': 'api.invalid',
  'me.changePassword': 'factor.session_needed',
  'me.deleteSession': 'api.not_found',
  'oauth.approve': 'api.forbidden',
  'organizations.create': 'factor.session_needed',
  'organizations.join': 'factor.session_needed',
  'organizations.switch': 'factor.session_needed',
};

/** Thousands of calls: half a minute on a machine that does something else, too (ms). */
const LONG = { timeout: 240_000 };

/** What the API is, for everybody: made from the route table, not a part of it. */
const DESCRIPTIONS = ['GET /api/docs', 'GET /api/v1/openapi.json'];

/** They ask for a thing of the caller, which is another one for each. */
const READS_OF_ONES_OWN: ReadonlySet<RouteId> = new Set(['devices.listTargets']);

/** What a key that has the scope of the call and no other is told where the good request takes more than that. */
const BY_SCOPE_ALONE: Partial<Record<RouteId, Reason>> = {
  ...ONLY_FOR_ITS_MAKER,
  // A key or trust without scopes would be wider than the key that makes it.
  'apiKeys.create': 'api.scope_missing',
  'apiKeys.rotate': 'api.scope_missing',
  'workloadTrusts.create': 'api.scope_missing',
  'accessRequests.end': 'request.not_approver',
};

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

test('the API answers as the table of permissions says', LONG, async (t) => {
  const matrix = await startMatrix(t);
  const { fixture, ours, owner, people, programs, make, send, each } = matrix;

  await t.test('every route of the API is a row of the table', () => {
    assert.deepEqual(
      servedRoutes(fixture).filter((route) => / \/api\//.test(route) && !DESCRIPTIONS.includes(route)),
      ROWS.map(([, { method, path }]) => `${method} ${path}`).sort(),
    );
  });

  await t.test('each role does what the table says: by key, by cookie and as a service account', LONG, () =>
    each(GUARDED, async (id, route, expect) => {
      for (const role of ROLES) {
        const allowed = roleHas(role, route.permission);
        const elsewhere = NOT_HERE[id];
        const good: Expected = elsewhere === undefined ? { status: route.status } : { reason: elsewhere };
        const expected: Expected = allowed ? good : { reason: 'api.forbidden' };
        const [person, program] = [people.get(role)!, programs.get(role)!];
        const byKey = await make(id, person);
        // What was refused is still good for the next.
        const next = (world: World) =>
          allowed && (route.method !== 'GET' || READS_OF_ONES_OWN.has(id)) ? make(id, world) : byKey;
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

  await t.test('a key does what its scopes say', LONG, async () => {
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
      const refused = BY_SCOPE_ALONE[id];
      const served: Expected = refused === undefined ? { status: route.status } : { reason: refused };
      expect('its scope alone', await send(route, request, bearer(only)), served);
    });
  });

  t.diagnostic(`${matrix.counts.calls} calls of ${ROWS.length} routes`);
});
