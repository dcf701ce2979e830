import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EMPTY_QUESTION, fieldsOf, fieldsOfSearch, type QuestionFields, questionOf, searchOf } from './question.ts';

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

it('is in the address of the page as a whole, and comes out of it again', () => {
  const fields: QuestionFields = {
    user: 'max@example.com',
    action: 'write',
    object: 'wiki',
    address: '192.0.2.7',
    country: 'CH',
    device: 'dev_1',
    at: '2027-07-31T18:05',
    risk: '40',
    factors: ['passkey', 'totp'],
    factorMinutesAgo: '5',
    granted: true,
    method: 'POST',
    path: '/a',
    gateway: 'eu',
  };
  assert.deepEqual(fieldsOfSearch(searchOf(fields, false)), { fields, administers: false });
  assert.deepEqual(fieldsOfSearch(searchOf(fields, true)), {
    fields: { ...fields, action: 'read' },
    administers: true,
  });
  assert.deepEqual(searchOf(EMPTY_QUESTION, false), { action: 'read' });
});

it('takes nothing of an address that makes no sense', () => {
  const { fields } = fieldsOfSearch({ action: 'fly', at: 'soon', factors: 'luck', granted: 'yes', object: 'wiki' });
  assert.deepEqual(fields, { ...EMPTY_QUESTION, object: 'wiki' });
});

it('assumes a country and a device', () => {
  const fields = { ...EMPTY_QUESTION, object: 'wiki', country: 'ch', device: 'dev_1' };
  assert.deepEqual(questionOf(fields).circumstances, { country: 'CH', deviceId: 'dev_1' });
});
