import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillPage } from './fill-page.ts';

/** Pages of `rows` numbers each, as many as there are, from the cursor on. */
function pages(counts: readonly number[]) {
  const asked: (string | null)[] = [];
  const fetchPage = async (cursor: string | null) => {
    asked.push(cursor);
    const at = Number(cursor ?? 0);
    const items = Array.from({ length: counts[at]! }, (_, index) => at * 1_000 + index);
    return { items, nextCursor: at + 1 < counts.length ? String(at + 1) : null };
  };
  return { asked, fetchPage };
}

test('a search goes on until there is enough to show', async () => {
  const { asked, fetchPage } = pages([0, 3, 0, 17, 200, 200]);
  const page = await fillPage(fetchPage, null, 10_000);
  assert.deepEqual([page.items.length, page.nextCursor, asked.length], [20, '4', 4]);
  const next = await fillPage(fetchPage, page.nextCursor, 10_000);
  assert.deepEqual([next.items.length, next.nextCursor], [200, '5'], 'a full page is one call');
});

test('a search ends with the list, and when its time is over', async () => {
  assert.deepEqual(await fillPage(pages([0, 0, 1]).fetchPage, null, 10_000), { items: [2_000], nextCursor: null });
  assert.deepEqual(await fillPage(pages([0, 0, 1]).fetchPage, null, 0), { items: [], nextCursor: '1' });
});
