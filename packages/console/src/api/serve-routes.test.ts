import assert from 'node:assert/strict';
import { PERMISSIONS, type Role, type RouteDefinition, type RouteId, routes } from '@zeronaut/model';
import { eachDatabase } from '@zeronaut/testkit';
import { startFixture, type TestOrganization } from '../testing/fixture.suite.ts';
import { NOT_HERE } from '../testing/matrix.suite.ts';
import { ROUTE_CASES, type RouteCall, urlOf, type World } from '../testing/route-cases.suite.ts';

/** Every row of the route table once: as it should be, without credentials, with a poor role, from another organization. */
eachDatabase('every route serves, refuses and keeps organizations apart', async (t, database) => {
  const fixture = await startFixture(t, database);
  const ours = await fixture.organization('ours');
  const theirs = await fixture.organization('theirs');
  await theirs.enrolGateway();
  await ours.enrolGateway();
  const device = await ours.enrolDevice();
  const caller = { key: ours.key, role: 'owner' as const, deviceId: device.id, deviceKey: device.privateKey };
  const world: World = { fixture, ours, ...caller, ownerDeviceId: device.id };
  const poor = new Map<Role, string>();
  for (const role of ['member', 'auditor', 'operator', 'admin'] as const) poor.set(role, (await ours.user(role)).key);
  assert.deepEqual(Object.keys(ROUTE_CASES).sort(), Object.keys(routes).sort());

  for (const [id, route] of Object.entries(routes) as [RouteId, RouteDefinition][]) {
    // Requests without credentials are limited by address; these would be too many at once.
    fixture.clock.nowMs += 60_000;
    const { prepare, restore, foreign } = ROUTE_CASES[id];
    const make = async (): Promise<RouteCall> => (await prepare?.(world)) ?? {};
    const send = (request: RouteCall, key: string | null | undefined) =>
      ours.call(route.method, urlOf(route, request), request.body, {
        ...(key === undefined ? {} : { key }),
        ...(request.headers === undefined ? {} : { headers: request.headers }),
      });

    if (route.permission !== 'none') {
      const request = await make();
      const anonymous = await send(request, null);
      assert.equal(anonymous.statusCode, 401, `${id} without credentials`);
      assert.equal(anonymous.json().reason, 'api.unauthenticated', id);
      assert.equal(anonymous.json().requestId, anonymous.headers['x-request-id'], id);
      assert.equal((await send(request, 'znk_nobody')).statusCode, 401, `${id} with an unknown key`);

      const allowed: readonly Role[] = PERMISSIONS[route.permission];
      for (const [role, key] of poor) {
        if (allowed.includes(role)) continue;
        const denied = await send(request, key);
        assert.equal(denied.statusCode, 403, `${id} as ${role}`);
        assert.equal(denied.json().reason, 'api.forbidden', id);
      }

      const outside = await send(request, theirs.key);
      if (foreign === 'not_found') {
        assert.equal(outside.statusCode, 404, `${id} from another organization: ${outside.body}`);
        assert.equal(outside.json().reason, 'api.not_found', id);
      } else {
        assert.ok(!outside.body.includes(ours.id), `${id} shows another organization`);
        assert.ok(!outside.body.includes(ours.owner.id), `${id} shows a user of another organization`);
      }
      // What was refused must not have happened: the same request is still good. What they may do, they have done.
      const good = foreign === 'own' ? await make() : request;
      const served = await send(good, good.key);
      const elsewhere = NOT_HERE[id];
      if (elsewhere === undefined) {
        assert.equal(served.statusCode, route.status, `${id}: ${served.body}`);
        checkAnswer(id, route, served);
      } else {
        assert.equal(served.json().reason, elsewhere, id);
      }
    } else {
      const request = await make();
      const served = await send(request, null);
      assert.equal(served.statusCode, route.status, `${id}: ${served.body}`);
      checkAnswer(id, route, served);
    }

    if (route.body !== undefined) {
      const request = await make();
      const invalid = await send({ ...request, body: { ...(request.body as object), unknownField: 1 } }, request.key);
      assert.equal(invalid.statusCode, 400, `${id} with an unknown field`);
      assert.equal(invalid.json().reason, 'api.invalid', id);
    }
    if (route.query !== undefined) {
      const request = await make();
      const unknown = await send({ ...request, query: `${request.query ?? ''}&unknownField=1` }, request.key);
      assert.equal(unknown.json().reason, 'api.invalid', `${id} with an unknown query`);
    }
    if (route.query !== undefined && 'cursor' in route.query.shape) {
      const request = await make();
      const invalid = await send({ ...request, query: 'limit=0' }, request.key);
      assert.equal(invalid.json().errors?.[0].path, 'query/limit', id);
      const cursor = await send({ ...request, query: 'cursor=nonsense' }, request.key);
      assert.equal(cursor.json().errors?.[0].path, 'query/cursor', id);
    }
    if (route.ifMatch !== undefined) {
      const request = await make();
      if (route.ifMatch === true) {
        assert.equal((await send({ ...request, headers: {} }, undefined)).statusCode, 428, id);
      }
      assert.equal((await send({ ...request, headers: { 'if-match': '"99"' } }, undefined)).statusCode, 412, id);
    }
    await restore?.(world);
  }
  const verified = await ours.call('GET', '/api/v1/audit/verification');
  assert.equal(verified.json().valid, true);
  assert.ok(verified.json().entries > 40);

  // Of whoever did and whom it was done to, entries hold ids alone in the clear.
  const rows = await fixture.context.store.db.selectFrom('audit_entries').select('body').execute();
  for (const { body } of rows) {
    const { personal: _, actor, ...rest } = JSON.parse(body);
    const machine = actor.kind === 'system' || actor.kind === 'workload';
    const text = JSON.stringify(machine ? rest : { ...rest, actor });
    assert.doesNotMatch(text, /@example\.com|lightMyRequest|"(?:address|lastUsedAddress)":"(?:127\.|192\.0)/);
  }
});

function checkAnswer(id: RouteId, route: RouteDefinition, answer: Awaited<ReturnType<TestOrganization['call']>>): void {
  assert.equal(answer.headers['cache-control'], 'no-store', id);
  assert.equal(answer.headers['x-content-type-options'], 'nosniff', id);
  if (route.response === undefined) {
    assert.equal(answer.body, '', id);
    return;
  }
  const parsed = route.response.safeParse(answer.json());
  assert.ok(parsed.success, `${id}: ${parsed.error?.message}`);
  if (typeof answer.json().version === 'number' && id !== 'health.get') {
    assert.equal(answer.headers.etag, `"${answer.json().version}"`, id);
  }
}
