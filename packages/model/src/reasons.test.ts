import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANGUAGES } from './language-choice.ts';
import { REASON_TEXTS } from './reason-texts.ts';
import { REASONS, type Reason } from './reasons.ts';

test('each reason has its text in each language, and says what to do where the API does', () => {
  for (const language of LANGUAGES.filter((one) => one !== 'en')) {
    const texts = REASON_TEXTS[language];
    assert.deepEqual(Object.keys(texts).sort(), Object.keys(REASONS).sort(), language);
    for (const [name, { title, next }] of Object.entries(REASONS)) {
      const reason = name as Reason;
      assert.notEqual(title, '', reason);
      assert.notEqual(texts[reason].title, '', `${reason} in ${language}`);
      assert.notEqual(texts[reason].title, title, `${reason} in ${language}`);
      assert.equal(texts[reason].next === '', next === '', `what to do: ${reason} in ${language}`);
      const commands = (text: string) => [...text.matchAll(/zeronaut \w+( \w+)?|ZERONAUT_\w+/g)].length;
      assert.equal(commands(texts[reason].next), commands(next), `commands: ${reason} in ${language}`);
    }
  }
});
