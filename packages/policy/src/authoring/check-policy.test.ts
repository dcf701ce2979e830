import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CedarOverflowError, withCedar } from './cedar-library.ts';
import { checkPolicy, splitPolicies } from './check-policy.ts';

const policy = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
const GOOD = policy('context.risk < 50');

test('whatever is nested however deeply is refused, and what comes next is checked as ever', () => {
  const deep: [string, string][] = [
    ['parentheses', '('.repeat(9_000) + 'true' + ')'.repeat(9_000)],
    ['a few hundred of them', '('.repeat(300) + 'true' + ')'.repeat(300)],
    ['sets', `${'['.repeat(9_000)}${']'.repeat(9_000)} == 1`],
    ['denials', `${'!'.repeat(19_000)}true`],
    ['signs', `${'-'.repeat(19_000)}1 == 1`],
    ['if', 'if true then '.repeat(700) + 'true' + ' else true'.repeat(700)],
    ['attributes', `context${'.a'.repeat(9_000)}`],
    ['sums', `1${' + 1'.repeat(4_500)} == 1`],
    ['and', `${'true && '.repeat(2_000)}true`],
  ];
  for (const [name, condition] of deep) {
    const check = checkPolicy(policy(condition));
    assert.equal(check.ok, false, name);
    assert.ok(!check.ok && check.problems[0]!.message !== '', name);
    splitPolicies(policy(condition));
    assert.equal(checkPolicy(GOOD).ok, true, `after ${name}`);
  }
  // As many as people write are fine, also in a file of many policies.
  const some = policy(`${'('.repeat(20)}if context.granted then true else context.risk < 3${')'.repeat(20)}`);
  assert.equal(checkPolicy(some).ok, true);
  assert.equal(splitPolicies(some.repeat(100)).ok, true);
});

test('an instance of the library that failed is not used again', () => {
  const deep = policy('('.repeat(9_000) + 'true' + ')'.repeat(9_000));
  for (let twice = 0; twice < 2; twice++) {
    assert.throws(() => withCedar((cedar) => cedar.policySetTextToParts(deep)), CedarOverflowError);
    assert.equal(checkPolicy(GOOD).ok, true);
  }
  assert.throws(() => withCedar(() => assert.fail('ours')), /ours/);
});

test('a forbid that whose country is unknown would pass is warned of', () => {
  const warnings = (text: string) => {
    const check = checkPolicy(text);
    assert.ok(check.ok, JSON.stringify(check));
    return check.warnings.length;
  };
  const known = 'context has country && ["CH"].contains(context.country)';
  assert.equal(warnings(`forbid (principal, action, resource) when { ${known} };`), 1);
  assert.equal(warnings(`forbid (principal, action, resource) unless { ${known} };`), 0);
  assert.equal(warnings(`permit (principal, action, resource) when { ${known} };`), 0);
});

test('what a policy names is told, in its head and its conditions', () => {
  const check =
    checkPolicy(`forbid (principal in Group::"dev", action in [Action::"read", Action::"write"], resource is Resource in Segment::"prod")
    when { principal != User::"usr_1" && !(resource in Segment::"lab") || principal in Group::"dev" };`);
  assert.ok(check.ok, JSON.stringify(check));
  assert.deepEqual(check.named.map(({ type, id }) => `${type} ${id}`).sort(), [
    'Group dev',
    'Segment lab',
    'Segment prod',
    'User usr_1',
  ]);
});
