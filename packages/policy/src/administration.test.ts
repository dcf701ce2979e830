import assert from 'node:assert/strict';
import { test } from 'node:test';
import { administrationPolicies, explainAdministration, forbidAdministration } from './administration.ts';
import { checkPolicy } from './authoring/check-policy.ts';
import type { Circumstances } from './circumstances.ts';

const user = { id: 'usr_1', organizationId: 'org_1', email: 'a@x', name: 'A', role: 'admin' as const, groups: ['ops'] };
const circumstances: Circumstances = {
  address: '192.0.2.7',
  nowMs: Date.UTC(2026, 10, 27, 12),
  timeZone: 'UTC',
  risk: 0,
  factors: ['password'],
  factorsAtMs: null,
  by: 'session',
  granted: false,
  device: null,
  http: null,
  destination: null,
  gateway: null,
};

const cases: [name: string, text: string, forbids: boolean][] = [
  ['by its action alone', 'forbid (principal, action == Action::"administer", resource);', true],
  ['among others', 'forbid (principal, action in [Action::"read", Action::"administer"], resource);', true],
  ['of the console', 'forbid (principal, action == Action::"administer", resource is Console);', true],
  ['of a group', 'forbid (principal in Group::"ops", action == Action::"administer", resource);', true],
  ['of another group', 'forbid (principal in Group::"dev", action == Action::"administer", resource);', false],
  [
    'from elsewhere',
    'forbid (principal, action == Action::"administer", resource) unless { context.address.isInRange(ip("198.51.100.0/24")) };',
    true,
  ],
  [
    'from here',
    'forbid (principal, action == Action::"administer", resource) unless { context.address.isInRange(ip("192.0.2.0/24")) };',
    false,
  ],
  [
    'with another factor',
    'forbid (principal, action == Action::"administer", resource) unless { context.factors.contains("totp") };',
    true,
  ],
  ['of no action, which speaks of access', 'forbid (principal, action, resource);', false],
  ['of access', 'forbid (principal, action in Action::"access", resource);', false],
];
for (const [name, text, forbids] of cases) {
  test(`a forbid keeps out ${forbids ? '' : 'nobody, '}${name}`, () => {
    const check = checkPolicy(text);
    assert.ok(check.ok, JSON.stringify(check));
    const policy = { id: 'pol_1', name: 'p', json: check.json };
    const held = (mode: 'enforce' | 'report') =>
      forbidAdministration(administrationPolicies([{ ...policy, mode }]), user, circumstances).map((one) => one.mode);
    assert.deepEqual([held('enforce'), held('report')], forbids ? [['enforce'], ['report']] : [[], []]);
    const [said] = explainAdministration(administrationPolicies([{ ...policy, mode: 'report' }]), user, circumstances);
    assert.notEqual(said?.decides, true);
  });
}

test('one that cannot be evaluated forbids', () => {
  const check = checkPolicy(
    'forbid (principal, action == Action::"administer", resource) when { context.risk * 9007199254740991 > 5 };',
  );
  assert.ok(check.ok, JSON.stringify(check));
  const policies = administrationPolicies([{ id: 'pol_1', name: 'p', mode: 'enforce', json: check.json }]);
  assert.equal(forbidAdministration(policies, user, { ...circumstances, risk: 2 }).length, 1);
  assert.equal(forbidAdministration(policies, user, circumstances).length, 0);
});

test('a permit of it is refused: roles let people in', () => {
  for (const action of ['action == Action::"administer"', 'action in [Action::"read", Action::"administer"]']) {
    const check = checkPolicy(`permit (principal, ${action}, resource);`);
    assert.ok(!check.ok && /roles say who may administer/.test(check.problems[0]!.message), JSON.stringify(check));
  }
});
