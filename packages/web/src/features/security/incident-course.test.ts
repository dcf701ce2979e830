import assert from 'node:assert/strict';
import { test } from 'node:test';
import { courseOf } from './incident-course.ts';

test('accesses are counted in the step of their time, and those outside of it in none', () => {
  const at = (ms: number) => ({ at: new Date(ms).toISOString() });
  const { times, counts } = courseOf([at(-1), at(0), at(999), at(1_000), at(23_999), at(24_000)], 0, 24_000);
  assert.equal(times.length, counts.length);
  assert.equal(times[1], '1970-01-01T00:00:01.000Z');
  assert.deepEqual([counts[0], counts[1], counts.at(-1)], [2, 1, 1]);
  assert.equal(
    counts.reduce((sum, one) => sum + one, 0),
    4,
  );
  assert.equal(courseOf([at(5)], 5, 5).counts[0], 1, 'a moment is a step of a millisecond');
});
