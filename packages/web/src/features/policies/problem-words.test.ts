import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyProblem } from '@zeronaut/model';
import { checkPolicy, PROBLEM_CODES } from '@zeronaut/policy/authoring';
import { texts } from './problem-words.de.ts';
import { wordsFor } from './problem-words.ts';

const german = (problem: PolicyProblem) => wordsFor(problem, texts, 'de');

test('each code of what is wrong with a policy has words in German, and no word is for nothing', () => {
  const problem = { values: {}, message: '', help: '', line: 1, column: 1 };
  assert.deepEqual(
    PROBLEM_CODES.filter((code) => german({ ...problem, code }) === null),
    [],
  );
  const parts = new Set(PROBLEM_CODES.flatMap((code) => [code, ...code.split('.')]));
  assert.deepEqual(
    Object.keys(texts).filter((key) => !parts.has(key.replace('+meant', ''))),
    [],
  );
  assert.equal(german({ ...problem, code: 'unheard_of' }), null);
});

test('what people get wrong most is said in German, with all that it names', () => {
  const policy = (condition: string) => `permit (principal, action, resource) when { ${condition} };`;
  const cases: [text: string, german: RegExp][] = [
    [
      policy('context.time.hour > 20 && context.time.hour < 5'),
      /^Sie kann nie greifen: .*über Mitternacht schreibst du/,
    ],
    [policy('context.tim.hour > 2'), /^context hat kein Attribut `tim`\. Meinst du `time`\?$/],
    [policy('context.country == "CH"'), /^`country` von context kann fehlen/],
    [policy('context.risk > "a"'), /^Hier gehört Long hin, da steht String/],
    [policy('context has foo'), /^Sie kann nie greifen: `context has foo` ist nie wahr/],
    [policy('resource == Resource::""'), /^Resource::"" benennt nichts/],
    [policy('context.address.isInRange(ip("10.0.0.300"))'), /^"10\.0\.0\.300" lässt sich nicht lesen/],
    [policy('context.risk >'), /^`}` gehört nicht hierher/],
    [
      'permit (principal, action == Action::"raed", resource);',
      /^Eine Aktion `Action::"raed"` gibt es nicht\. Meinst du/,
    ],
    ['permt (principal, action, resource);', /^Eine Policy beginnt mit permit oder forbid, nicht mit permt/],
  ];
  for (const [text, words] of cases) {
    const check = checkPolicy(text);
    assert.ok(!check.ok, text);
    assert.match(german(check.problems[0]!) ?? '', words);
    assert.doesNotMatch(german(check.problems[0]!)!, /\{\w+\}/);
  }
});
