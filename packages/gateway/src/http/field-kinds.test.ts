import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONTENT_LENGTH, classifyField, FORWARDED, IDENTITY, LOOK_ALIKE, PLAIN } from './field-kinds.ts';

function kindOf(name: string): number {
  return classifyField(Buffer.from(name, 'latin1'), 0, name.length);
}

test('names are known in any case', () => {
  assert.equal(kindOf('X-Zeronaut-User'), IDENTITY);
  assert.equal(kindOf('x-ZERONAUT-anything'), IDENTITY);
  assert.equal(kindOf('Content-Length'), CONTENT_LENGTH);
  assert.equal(kindOf('X-Real-IP'), FORWARDED);
});

test('any mark in the place of a hyphen makes a look-alike, because some services read all marks as one', () => {
  for (const mark of "!#$%&'*+.^_`|~") {
    assert.equal(kindOf(`X${mark}Zeronaut${mark}User`), LOOK_ALIKE, mark);
    assert.equal(kindOf(`X-Zeronaut-User${mark}`), LOOK_ALIKE, mark);
    assert.equal(kindOf(`X-Forwarded${mark}For`), LOOK_ALIKE, mark);
    assert.equal(kindOf(`Content${mark}Length`), LOOK_ALIKE, mark);
  }
});

test('names that only look a little alike are left alone', () => {
  for (const name of ['X.Request.Count', 'X_Custom_Field', 'Zeronaut-User', 'Content-Lengths', 'A']) {
    assert.equal(kindOf(name), PLAIN, name);
  }
});
