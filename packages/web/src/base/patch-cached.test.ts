import assert from 'node:assert/strict';
import { it } from 'node:test';
import { QueryClient } from '@tanstack/react-query';
import { patchCached } from './patch-cached.ts';

it('changes one thing in each shape that the cache has it in, and nothing else', () => {
  const client = new QueryClient();
  const one = { id: 'a', on: false };
  const other = { id: 'b', on: false };
  client.setQueryData(['things.get', { params: { id: 'a' } }], one);
  client.setQueryData(['things.list', {}], { items: [one, other], nextCursor: null });
  client.setQueryData(['things.list', {}, 'pages'], { pages: [{ items: [other] }, { items: [one] }], pageParams: [] });
  client.setQueryData(['others.get', {}], one);
  patchCached(
    client,
    (route) => route.startsWith('things.'),
    'a',
    (shown) => ({ ...shown, on: true }),
  );
  const changed = { id: 'a', on: true };
  assert.deepEqual(client.getQueryData(['things.get', { params: { id: 'a' } }]), changed);
  assert.deepEqual(client.getQueryData(['things.list', {}]), { items: [changed, other], nextCursor: null });
  assert.deepEqual(client.getQueryData(['things.list', {}, 'pages']), {
    pages: [{ items: [other] }, { items: [changed] }],
    pageParams: [],
  });
  assert.deepEqual(client.getQueryData(['others.get', {}]), one);
});
