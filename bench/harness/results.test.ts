import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatTable, median, standing, toResult } from './results.ts';

it('takes the middle, or the mean of the two in the middle', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]));
});

it('orients every ratio so that larger is better for us', () => {
  const more = toResult('s', {
    workload: 'w',
    unit: 'req/s',
    better: 'higher',
    ours: [80],
    peer: { name: 'p', rounds: [100] },
  });
  const less = toResult('s', {
    workload: 'w',
    unit: 'ms',
    better: 'lower',
    ours: [2],
    peer: { name: 'p', rounds: [1] },
  });
  assert.equal(more.ratio, 0.8);
  assert.equal(less.ratio, 0.5);
});

it('compares the ratio with the bars, and the figure itself where there is no peer', () => {
  const against = (must: number, aim: number) =>
    standing(
      toResult('s', {
        workload: 'w',
        unit: 'u',
        better: 'higher',
        ours: [8],
        peer: { name: 'p', rounds: [10] },
        must,
        aim,
      }),
    );
  assert.equal(against(0.6, 0.8), 'aim');
  assert.equal(against(0.6, 0.9), 'must');
  assert.equal(against(0.9, 1), 'below');
  const alone = (ours: number) =>
    standing(toResult('s', { workload: 'w', unit: 'bytes', better: 'lower', ours: [ours], must: 8192 }));
  assert.equal(alone(8000), 'must');
  assert.equal(alone(9000), 'below');
});

it('prints one line per workload', () => {
  const result = toResult('s', { workload: 'w', unit: 'req/s', better: 'higher', ours: [61_234, 60_000, 59_000] });
  assert.match(formatTable([result]), /\nw +req\/s +60,000 .*59,000 - 61,234$/);
});
