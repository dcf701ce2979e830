import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId, idTime, isId } from './ids.ts';

test('ids sort by the time they were made and never repeat', () => {
  const ids = Array.from({ length: 1000 }, (_, i) => createId('resource', 1_700_000_000_000 + i));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(Array.from({ length: 1000 }, () => createId('resource', 1))).size, 1000);
});

test('an id is recognised by kind and alphabet', () => {
  const id = createId('user');
  assert.ok(isId('user', id));
  for (const other of [
    id.replace('usr', 'org'),
    `${id}0`,
    id.slice(0, -1),
    id.toUpperCase(),
    `${id.slice(0, -1)}l`,
    `${id.slice(0, -1)}'`,
  ]) {
    assert.ok(!isId('user', other), other);
  }
});

test('an id says when it was made', () => {
  for (const timeMs of [0, 1, 1_700_000_000_000, 2 ** 48 - 1])
    assert.equal(idTime('request', createId('request', timeMs)), timeMs);
  assert.equal(idTime('request', createId('user')), null);
  assert.equal(idTime('request', 'req_'), null);
});
