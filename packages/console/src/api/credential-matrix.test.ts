/**
 * Every route of the API, for credentials that must not count: bad ones, those of another organization, cookies of foreign
 * pages, and what was used before. Together with permission-matrix.test.ts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reason, type RouteId, roleHas } from '@zeronaut/model';
import { sql } from 'kysely';
import { type BadCredential, makeBadCredentials } from '../testing/credentials.suite.ts';
import type { Fixture } from '../testing/fixture.suite.ts';
import { bearer, type Expected, GUARDED, NOT_HERE, ORIGIN, ROWS, startMatrix } from '../testing/matrix.suite.ts';
import { ROUTE_CASES } from '../testing/route-cases.suite.ts';

/** What a write says that comes a second time, just as it was. All others are served again. */
const AGAIN: Partial<Record<RouteId, Reason>> = {
  'audit.setRetention': 'api.precondition_failed',
  'auditExports.create': 'api.name_taken',
  'auditExports.delete': 'api.not_found',
  'auditExports.update': 'api.precondition_failed',
  'notifications.create': 'api.name_taken',
  'notifications.delete': 'api.not_found',
  'notifications.update': 'api.precondition_failed',
  'push.unsubscribe': 'api.not_found',
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
  'invitations.create': 'invitation.open',
  'me.changePassword': 'api.password_wrong',
  'me.deleteConsent': 'api.not_found',
  'setup.create': 'api.token_used',
  'sessions.deleteCurrent': 'access.session_revoked',
  'oauth.approve': 'api.not_found',
  'organizations.join': 'invitation.invalid',
  'oauth.token': 'api.token_used',
  'users.create': 'api.conflict',
  'users.update': 'api.precondition_failed',
  'users.delete': 'api.not_found',
  'groups.create': 'api.name_taken',
  'groups.update': 'api.precondition_failed',
  'groups.delete': 'api.not_found',
  'roles.create': 'api.name_taken',
  'roles.update': 'api.precondition_failed',
  'roles.delete': 'api.not_found',
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

/** Thousands of calls: half a minute on a machine that does something else, too (ms). */
const LONG = { timeout: 240_000 };

test('what must not count opens nothing', LONG, async (t) => {
  let bad: readonly BadCredential[] = [];
  const matrix = await startMatrix(t, async (fixture, ours) => {
    bad = await makeBadCredentials(fixture, ours);
  });
  const { fixture, ours, owner, strangers, make, send, each } = matrix;

  await t.test('a credential that is not good opens nothing, and changes nothing', LONG, () =>
    each(ROWS, async (id, route, expect) => {
      const request = await make(id, owner);
      if (route.permission === 'none') {
        // Whoever needs no credentials is not asked for good ones.
        expect('a tampered key', await send(route, request, bearer(`${ours.key}A`)), { status: route.status });
        await ROUTE_CASES[id].restore?.(owner);
        return;
      }
      const before = await stateOf(fixture, ours.id);
      for (const { what, headers, reason } of bad) expect(what, await send(route, request, headers), { reason });
      assert.equal(await stateOf(fixture, ours.id), before, id);
    }),
  );

  await t.test('what belongs to another organization does not exist, for any role', LONG, () =>
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

  await t.test('a cookie counts for a write only from our own pages', LONG, () =>
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
        { origin: ORIGIN, 'x-zeronaut-page': '' },
        { origin: ORIGIN, 'sec-fetch-site': 'same-site' },
        { origin: ORIGIN, 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'none' },
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

  await t.test('what is good once is refused the second time', LONG, () =>
    each(ROWS, async (id, route, expect) => {
      if (route.method === 'GET') return;
      const request = await make(id, owner);
      const headers = route.permission === 'none' ? {} : bearer(request.key ?? owner.key);
      const elsewhere = NOT_HERE[id];
      const good: Expected = elsewhere === undefined ? { status: route.status } : { reason: elsewhere };
      expect('first', await send(route, request, headers), good);
      const again = AGAIN[id] ?? elsewhere;
      const second = await send(route, request, headers);
      expect('again', second, again === undefined ? { status: route.status } : { reason: again });
      await ROUTE_CASES[id].restore?.(owner);
    }),
  );

  t.diagnostic(`${matrix.counts.calls} calls of ${ROWS.length} routes`);
});
