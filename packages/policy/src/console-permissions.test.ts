import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { builtInRole, PERMISSIONS, type Permission, permissionsOfBuiltIn, roleHas } from '@zeronaut/model';
import { seededRandom } from '@zeronaut/testkit';
import { permissionsOf, type RoleGrant, rolePolicy, rolePolicyText } from './console-permissions.ts';

const ALL = Object.keys(PERMISSIONS) as Permission[];

/** What the Cedar library says of the policies of all these roles together, for a holder of one of them. */
function library(roles: readonly RoleGrant[], role: string, action: string): boolean {
  const answer = cedar.isAuthorized({
    principal: { type: 'User', id: 'holder' },
    action: { type: 'Action', id: action },
    resource: { type: 'Console', id: 'console' },
    context: {},
    policies: { staticPolicies: Object.fromEntries(roles.map((one) => [one.name, rolePolicyText(one)])) },
    entities: [{ uid: { type: 'User', id: 'holder' }, attrs: {}, parents: [{ type: 'Role', id: role }] }],
  });
  assert.equal(answer.type, 'success', JSON.stringify(answer));
  return answer.response.decision === 'allow';
}

test('for every role and action the engine, the Cedar library and the table say the same', () => {
  const roles = builtInRole.options.map((name) => ({ name, permissions: permissionsOfBuiltIn(name) }));
  let yes = 0;
  for (const role of roles) {
    for (const action of ALL) {
      const table = (PERMISSIONS[action] as readonly string[]).includes(role.name);
      assert.equal(permissionsOf(role).has(action), table, `${role.name} ${action}`);
      assert.equal(library(roles, role.name, action), table, `${role.name} ${action}, library`);
      assert.equal(roleHas(role.name, action), table);
      if (table) yes++;
    }
    for (const made of ['users:delete', '', 'users:read ', 'USERS:READ', '*', 'access']) {
      assert.equal(permissionsOf(role).has(made as Permission), false, `${role.name} ${made}`);
    }
  }
  assert.ok(yes > ALL.length, `${yes}`);
});

test('roles of any permissions have exactly these, by the engine and by the library', (t) => {
  const random = seededRandom(undefined, t);
  const roles = Array.from({ length: 40 }, (_, index) => ({
    name: `role-${index}`,
    permissions: ALL.filter(() => random.integer(3) === 0),
  }));
  for (const role of roles) {
    assert.deepEqual([...permissionsOf(role)], role.permissions, `seed ${random.seed}`);
    const json = cedar.policyToJson(rolePolicyText(role));
    assert.equal(json.type, 'success');
    assert.deepEqual(json.json, rolePolicy(role));
    const action = ALL[random.integer(ALL.length)]!;
    assert.equal(library(roles, role.name, action), role.permissions.includes(action), `seed ${random.seed} ${action}`);
  }
});

test('a definition that changed is another one, and a name alone gives nothing', () => {
  assert.deepEqual([...permissionsOf({ name: 'helpdesk', permissions: ['users:read'] })], ['users:read']);
  assert.deepEqual([...permissionsOf({ name: 'helpdesk', permissions: [] })], []);
  assert.deepEqual([...permissionsOf({ name: 'owner', permissions: [] })], []);
  const first = permissionsOf({ name: 'helpdesk', permissions: ['users:read', 'audit:read'] });
  assert.equal(permissionsOf({ name: 'helpdesk', permissions: ['users:read', 'audit:read'] }), first);
});
