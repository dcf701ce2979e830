import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areaPath, formatBytes, formatCount, formatMs, linePath, lonely, scaleOf, settled } from './chart-scale.ts';

test('a scale ends round, above every value', () => {
  const cases: [number, boolean, number[]][] = [
    [0, true, [0, 1]],
    [0, false, [0, 0.5]],
    [1, true, [0, 1]],
    [3, true, [0, 1, 2, 3]],
    [7, true, [0, 5, 10]],
    [100, true, [0, 50, 100]],
    [1234, true, [0, 500, 1000, 1500]],
    [0.7, false, [0, 0.25, 0.5, 0.75]],
  ];
  for (const [greatest, whole, ticks] of cases)
    assert.deepEqual(scaleOf(greatest, whole).ticks, ticks, String(greatest));
  for (let value = 0; value < 5000; value += 7) {
    const { max, ticks } = scaleOf(value, true);
    assert.ok(max >= value && ticks.length <= 5 && ticks.every(Number.isInteger), String(value));
  }
});

test('lines leave holes where nothing is known, areas reach the ground', () => {
  const place = (index: number, value: number) => [index * 10, 100 - value] as const;
  assert.equal(linePath([1, null, 3, 4], place), 'M0.0 99.0M20.0 97.0L30.0 96.0');
  assert.equal(areaPath([1, null], place), 'M0.0 100.0L0.0 99.0L10.0 100.0L10.0 100.0Z');
  assert.equal(areaPath([], place), '');
});

test('a value with none beside it is a point', () => {
  for (const [values, expected] of [
    [[7], [0]],
    [[null, 7, null], [1]],
    [
      [1, null, 2, 3, null, 0],
      [0, 5],
    ],
    [[1, 2], []],
    [[null], []],
    [[], []],
  ] as const)
    assert.deepEqual(lonely(values), expected);
});

test('amounts are short, in the words of the language', () => {
  const plain = (text: string) => text.replace(/\s/g, ' ');
  assert.equal(formatBytes(0, 'en'), '0 B');
  assert.equal(plain(formatBytes(1536, 'en')), '1.54 kB');
  assert.equal(plain(formatBytes(2_500_000_000, 'de')), '2,5 GB');
  assert.equal(plain(formatMs(12.345, 'en')), '12.3 ms');
  assert.equal(plain(formatMs(1500, 'en')), '1.5 sec');
  assert.equal(formatCount(9999, 'en'), '10,000');
  assert.equal(formatCount(1_234_567, 'en'), '1.23M');
});

test('a step that is not over is shown only where nothing was before it', () => {
  const isEmpty = (step: number) => step === 0;
  assert.deepEqual(settled([3, 4, 1], isEmpty), [3, 4]);
  assert.deepEqual(settled([0, 0, 1], isEmpty), [0, 0, 1]);
  assert.deepEqual(settled([], isEmpty), []);
});
