import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerRulesInput } from '@zeronaut/model';
import { missingSecurityHeaders, ruleText } from './header-rules.ts';

test('the usual security headers are rules that the API takes, each once', () => {
  const response = missingSecurityHeaders([]);
  assert.equal(response.length, 4);
  assert.equal(headerRulesInput.safeParse({ response }).success, true);
  assert.deepEqual(missingSecurityHeaders(response), []);
  const own = { action: 'remove', name: 'referrer-policy', value: null } as const;
  assert.ok(!missingSecurityHeaders([own]).some(({ name }) => name === 'Referrer-Policy'), 'what somebody said stays');
});

test('a secret is shown as one', () => {
  assert.equal(ruleText({ name: 'X-Key', value: null, secret: true }), 'X-Key: ••••••');
  assert.equal(ruleText({ name: 'Server', value: null, secret: false }), 'Server');
  assert.equal(ruleText({ name: 'X-Env', value: 'prod' }), 'X-Env: prod');
});
