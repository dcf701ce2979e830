import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EMPTY_QUESTION, fieldsOf, questionOf } from './question.ts';

it('asks for a moment in the zone of whoever asks, and shows it there again', () => {
  const fields = { ...EMPTY_QUESTION, object: 'wiki', at: '2027-07-31T18:05' };
  const question = questionOf(fields);
  assert.equal(question.circumstances.at, new Date(2027, 6, 31, 18, 5).toISOString());
  assert.deepEqual(fieldsOf(question), fields);
});

it('assumes nothing of what is empty', () => {
  assert.deepEqual(questionOf({ ...EMPTY_QUESTION, object: ' wiki ' }), {
    ...{ user: null, action: 'read', object: 'wiki', circumstances: {} },
  });
  assert.deepEqual(fieldsOf(questionOf(EMPTY_QUESTION)), EMPTY_QUESTION);
});
