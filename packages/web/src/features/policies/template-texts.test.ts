import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PARAMETER_KINDS, POLICY_TEMPLATES } from '@zeronaut/policy/authoring';
import { texts } from './template-texts.de.ts';

test('what templates say has words in German, and nothing else has', () => {
  const said = new Set([
    ...POLICY_TEMPLATES.flatMap(({ summary, parameters, cases }) => [
      summary,
      ...parameters.map((parameter) => parameter.summary),
      ...cases.map(({ title }) => title),
    ]),
    ...Object.values(PARAMETER_KINDS).map(({ what }) => what),
  ]);
  assert.deepEqual([...said].filter((text) => !Object.hasOwn(texts, text)).sort(), [], 'without German');
  assert.deepEqual(
    Object.keys(texts)
      .filter((text) => !said.has(text))
      .sort(),
    [],
    'said by no template',
  );
  for (const [english, german] of Object.entries(texts)) assert.ok(german !== '' && german !== english, english);
});
