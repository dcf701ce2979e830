import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formCondition } from '@zeronaut/model';
import { conditionAbout, FACTS, LOGIC, subjectOf, testsOf } from './condition.ts';

test('whatever is chosen first is a condition that the API takes', () => {
  assert.ok(FACTS.length > 20);
  for (const fact of FACTS) {
    assert.ok(testsOf(fact).length > 0, fact);
    for (const one of testsOf(fact)) {
      const condition = conditionAbout(fact, one, 'why');
      assert.deepEqual(formCondition.parse(condition), condition);
      assert.equal(condition.test, one);
      assert.equal(subjectOf(condition), fact);
    }
  }
  for (const logic of LOGIC) {
    const condition = conditionAbout(logic, undefined, undefined);
    assert.deepEqual(formCondition.parse(condition), condition);
    assert.equal(subjectOf(condition), logic);
  }
});

test('a test that the new fact does not have gives way to its usual one', () => {
  assert.equal(conditionAbout('risk', 'like', undefined).test, 'below');
  assert.equal(conditionAbout('http.path', 'like', undefined).test, 'like');
});
