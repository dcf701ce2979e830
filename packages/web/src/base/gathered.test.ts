import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gathered } from './gathered.ts';

test('what is asked for at once is one call for each hundred, and everybody gets their own answer', async () => {
  const calls: (readonly string[])[] = [];
  const ask = gathered(async (ids) => {
    calls.push(ids);
    return new Map(ids.filter((id) => id !== 'none').map((id) => [id, `of ${id}`]));
  });
  const ids = [...Array.from({ length: 149 }, (_, index) => `${index}`), 'none'];
  const answers = await Promise.all([...ids, '7'].map(ask));
  assert.deepEqual(answers, [...ids.map((id) => (id === 'none' ? undefined : `of ${id}`)), 'of 7']);
  assert.deepEqual(
    calls.map(({ length }) => length),
    [100, 50],
  );
  assert.equal(await ask('7'), 'of 7');
  assert.equal(calls.length, 3, 'nothing is remembered here');
});

test('a call that fails fails for all who asked, and the next one is made', async () => {
  let isBad = true;
  const ask = gathered(async (ids) => {
    if (isBad) throw new Error('away');
    return new Map(ids.map((id) => [id, id]));
  });
  const failed = await Promise.allSettled([ask('a'), ask('b'), ask('a')]);
  assert.ok(failed.every(({ status }) => status === 'rejected'));
  isBad = false;
  assert.equal(await ask('a'), 'a');
});
