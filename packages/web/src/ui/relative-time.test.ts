import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relativeTime } from './relative-time.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000] as const;

test('what is to come is told by the nearest unit, what is over by whole ones', () => {
  const cases: [number, string][] = [
    [0, 'now'],
    [-59 * SECOND, '59 seconds ago'],
    [-119 * SECOND, '1 minute ago'],
    [-HOUR + SECOND, '59 minutes ago'],
    [-2 * DAY + SECOND, 'yesterday'],
    [-7 * DAY - HOUR, '7 days ago'],
    [400, 'now'],
    [600, 'in 1 second'],
    [90 * SECOND, 'in 2 minutes'],
    [MINUTE - 200, 'in 1 minute'],
    [HOUR - SECOND, 'in 1 hour'],
    [8 * HOUR - 5 * SECOND, 'in 8 hours'],
    [DAY - SECOND, 'tomorrow'],
    [7 * DAY - 5 * SECOND, 'in 7 days'],
    [7 * DAY + SECOND, 'in 7 days'],
    [6.4 * DAY, 'in 6 days'],
    [90 * DAY - HOUR, 'in 90 days'],
  ];
  for (const [distance, wanted] of cases)
    assert.equal(relativeTime(1e12 + distance, 1e12, 'en'), wanted, `${distance}`);
  assert.equal(relativeTime(1e12 + 7 * DAY - 5 * SECOND, 1e12, 'de'), 'in 7 Tagen');
});
