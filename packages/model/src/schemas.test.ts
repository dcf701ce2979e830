import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessInput, resourceInput } from './api/inputs.ts';
import type { RouteDefinition } from './api/route.ts';
import { routes } from './api/routes.ts';
import { accessRule, destination, hostname, principal, publicJwk, targetAddress } from './entities/index.ts';
import { gatewayFile } from './gateway-file.ts';
import { createId } from './ids.ts';
import { PERMISSIONS, roleHas } from './permissions.ts';
import { isReason, REASONS } from './reasons.ts';
import { deviceUri, parseDeviceUri, parseGatewayUri } from './tunnel-messages.ts';

test('an access rule that says nothing asks for sign-in', () => {
  assert.equal(accessRule.parse({}).mode, 'login');
  assert.equal(accessInput.parse({}).mode, 'login');
  assert.equal(resourceInput.parse({ name: 'a', targets: [{ address: 'a:1' }] }).access.mode, 'login');
  assert.ok(!accessRule.safeParse({ mod: 'public' }).success, 'a typing error is refused, not ignored');
});

test('scalars take what they name and nothing else', () => {
  const cases: [{ safeParse(value: unknown): { success: boolean } }, string[], string[]][] = [
    [
      hostname,
      ['app.example.com', '*.example.com', 'localhost', 'a-b.c'],
      ['', '.', 'a..b', '-a.b', 'a-.b', 'A.b', 'a.*.b', '*', 'a b', 'a/b', 'a:1', `${'a'.repeat(64)}.b`],
    ],
    [
      principal,
      ['ann@example.com', 'group:dev', 'role:owner'],
      ['ann', 'Ann@example.com', 'group:', 'group:De v', 'role:', 'role:God', 'ann@example.com\n'],
    ],
    [
      targetAddress,
      ['10.1.0.7:80', '[::1]:80', 'db.corp:5432', 'unix:/run/app.sock'],
      ['10.1.0.7', 'unix:relative', 'unix:', 'http://a:1', 'unix:/a\0b'],
    ],
    [
      destination,
      ['db.corp:5432', '*.corp:*', '10.0.0.0/8:22', '[2001:db8::]/32:443', '[::1]:80', '*:53'],
      ['db.corp', ':80', 'a:0', 'a:70000', 'a b:1', '*.*.corp:1'],
    ],
  ];
  for (const [schema, good, bad] of cases) {
    for (const value of good) assert.ok(schema.safeParse(value).success, `should take ${value}`);
    for (const value of bad) assert.ok(!schema.safeParse(value).success, `should refuse ${JSON.stringify(value)}`);
  }
});

test('a private key can never travel as a public one', () => {
  assert.ok(publicJwk.safeParse({ kty: 'OKP', kid: 'a', crv: 'Ed25519', x: 'AA' }).success);
  assert.ok(!publicJwk.safeParse({ kty: 'OKP', kid: 'a', crv: 'Ed25519', x: 'AA', d: 'AA' }).success);
});

test('every route is listed once and has a permission that exists', () => {
  const seen = new Set<string>();
  for (const [id, route] of Object.entries(routes) as [string, RouteDefinition][]) {
    const key = `${route.method} ${route.path.replace(/:\w+/g, ':x')}`;
    assert.ok(!seen.has(key), `${id}: ${key} stands twice`);
    seen.add(key);
    assert.ok(route.permission === 'none' || Object.hasOwn(PERMISSIONS, route.permission), id);
    assert.equal(/:\w+/.test(route.path), route.params !== undefined, `${id}: params and path disagree`);
    const isEmpty = route.response === undefined && route.download === undefined;
    assert.equal(isEmpty, route.status === 204, `${id}: 204 exactly without a response`);
    assert.ok(!route.ifMatch || ['PUT', 'PATCH', 'DELETE'].includes(route.method), id);
  }
});

test('auditors and members write nothing but their own things', () => {
  for (const permission of Object.keys(PERMISSIONS) as (keyof typeof PERMISSIONS)[]) {
    if (!permission.endsWith(':write') || permission === 'self:write') continue;
    assert.ok(!roleHas('auditor', permission), permission);
    assert.ok(!roleHas('member', permission), permission);
    assert.ok(roleHas('owner', permission), permission);
  }
});

test('reasons are dotted, and an inherited name is none', () => {
  for (const reason of Object.keys(REASONS)) assert.match(reason, /^[a-z]+\.[a-z0-9_]+$/);
  assert.ok(isReason('access.session'));
  assert.ok(!isReason('toString') && !isReason('__proto__'));
});

test('a gateway file cannot have resources of its own beside a console', () => {
  const resource = { name: 'a', access: 'public', targets: [{ address: '127.0.0.1:1' }] };
  assert.ok(gatewayFile.safeParse({ version: 1, resources: [resource] }).success);
  assert.ok(
    !gatewayFile.safeParse({
      version: 1,
      resources: [resource],
      console: { url: 'http://127.0.0.1:8080', baseDomain: 'localhost' },
    }).success,
  );
  const { access: _, ...open } = resource;
  assert.ok(!gatewayFile.safeParse({ version: 1, resources: [open] }).success, 'nothing is public by omission');
});

test('device names survive the certificate and nothing else does', () => {
  const [org, user, device] = [createId('organization'), createId('user'), createId('device')];
  const uri = deviceUri(org, user, device);
  assert.deepEqual(parseDeviceUri(uri), { organizationId: org, userId: user, deviceId: device });
  for (const bad of [`${uri}/`, `x${uri}`, `${uri}\n`, uri.replace('/device/', '/gateway/'), uri.replace(user, org)])
    assert.equal(parseDeviceUri(bad), null, bad);
  assert.equal(parseGatewayUri(uri), null);
});

test('a list that is asked for without a filter is not filtered', () => {
  let lists = 0;
  for (const [name, { query }] of Object.entries(routes as Record<string, RouteDefinition>)) {
    if (query === undefined || !('shape' in query) || !Object.hasOwn(query.shape as object, 'cursor')) continue;
    lists++;
    const { limit: _limit, sort: _sort, ...filters } = query.parse({}) as Record<string, unknown>;
    assert.deepEqual(filters, {}, name);
  }
  assert.ok(lists > 15);
});
