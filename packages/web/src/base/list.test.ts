import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matching, sorted } from './list-order.ts';
import { listSearch } from './list-search.ts';

test('search finds rows with every word, in any case', () => {
  const rows = ['Shop http', 'shop TCP', 'wiki'];
  const find = (q: string) => matching(rows, q, (row) => row);
  assert.deepEqual(find(' SHOP  t'), ['Shop http', 'shop TCP']);
  assert.deepEqual(find('tcp shop'), ['shop TCP']);
  assert.equal(find('  '), rows);
});

test('order is that of people, with nothing at the end both ways', () => {
  const rows = ['app10', null, 'App2', 'äpfel', 'zebra'];
  assert.deepEqual(
    sorted(rows, (row) => row, false, 'de'),
    ['äpfel', 'App2', 'app10', 'zebra', null],
  );
  assert.deepEqual(
    sorted(rows, (row) => row, true, 'de'),
    ['zebra', 'app10', 'App2', 'äpfel', null],
  );
  assert.deepEqual(
    sorted([10, 9, null, 100], (row) => row, false, 'en'),
    [9, 10, 100, null],
  );
});

test('of the URL only short texts are taken over', () => {
  const validate = listSearch('status');
  assert.deepEqual(validate({ q: 8080, sort: '-name', status: 'away', other: 'x', __proto__: { q: 'y' } }), {
    q: '8080',
    sort: '-name',
    status: 'away',
  });
  assert.deepEqual(validate({ q: ['a'], sort: '', status: 'x'.repeat(201) }), {});
});
