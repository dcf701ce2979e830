import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REASONS } from '@zeronaut/model';
import { LANGUAGES } from './messages.ts';
import type { ProblemTexts } from './problem-texts.ts';

test('each reason has its text in each language, and says what to do where the API does', async () => {
  for (const language of LANGUAGES.filter((one) => one !== 'en')) {
    const { texts } = (await import(`./problems.${language}.ts`)) as { texts: ProblemTexts };
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(REASONS).sort(), language);
    for (const [reason, { title, next }] of Object.entries(REASONS)) {
      assert.notEqual(title, '', reason);
      assert.notEqual(texts[reason]!.title, '', `${reason} in ${language}`);
      assert.notEqual(texts[reason]!.title, title, `${reason} in ${language}`);
      assert.equal(texts[reason]!.next === '', next === '', `what to do: ${reason} in ${language}`);
      const commands = (text: string) => [...text.matchAll(/zeronaut \w+( \w+)?|ZERONAUT_\w+/g)].length;
      assert.equal(commands(texts[reason]!.next), commands(next), `commands: ${reason} in ${language}`);
    }
  }
});
