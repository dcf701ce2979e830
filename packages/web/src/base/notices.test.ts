import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dismissNotice, tell, undoLast } from './notices.ts';

it('takes back what was told last, once', async () => {
  const calls: string[] = [];
  tell('first', async () => calls.push('first'));
  tell('second', async () => calls.push('second'));
  assert.equal(undoLast(), true);
  assert.equal(undoLast(), false, 'it is being taken back already');
  await Promise.resolve();
  assert.equal(undoLast(), false, 'it was taken back');
  assert.deepEqual(calls, ['second']);
});

it('has nothing to take back where there is no way back, or nothing was told', () => {
  tell('gone for good');
  assert.equal(undoLast(), false);
  dismissNotice();
  assert.equal(undoLast(), false);
});

it('can be asked again after a refusal only by telling it again', async () => {
  tell('refused', () => Promise.reject(new Error('somebody else changed it')));
  assert.equal(undoLast(), true);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(undoLast(), false);
});
