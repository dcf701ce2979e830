import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_LIMITS } from '@zeronaut/model';
import { createExposeWish } from '../agent/wish.ts';
import { parseMs, parseRate, parseSize, withLimits } from './limit-options.ts';

test('sizes, times and rates in the words of the command line', () => {
  assert.deepEqual(['0', '512KiB', '10MiB', '1GiB'].map(parseSize), [0, 524_288, 10_485_760, 1_073_741_824]);
  assert.deepEqual(['500ms', '30s', '10m', '1h'].map(parseMs), [500, 30_000, 600_000, 3_600_000]);
  assert.deepEqual(parseRate('100/10s'), { requests: 100, perSeconds: 10 });
  for (const text of ['10MB', '-1', '1.5MiB', '']) assert.throws(() => parseSize(text), text);
  for (const text of ['30', '1d', 's', '']) assert.throws(() => parseMs(text), text);
  for (const text of ['100', '100/10', '/1s', '100/500ms']) assert.throws(() => parseRate(text), text);
});

test('what is said changes, none takes away, everything else stays', () => {
  const before = { ...NO_LIMITS, concurrent: 5, bodyBytes: 1024 };
  assert.deepEqual(withLimits(before, { maxBody: null, idleTimeout: 1_000 }), {
    ...NO_LIMITS,
    ...{ concurrent: 5, idleTimeoutMs: 1_000 },
  });
});

test('expose knows what a raw port has no place for', () => {
  assert.equal(createExposeWish('3000', 'http', { limits: { ...NO_LIMITS, bodyBytes: 5 } }).limits?.bodyBytes, 5);
  assert.equal(createExposeWish('3000', 'http', { limits: NO_LIMITS }).limits, undefined);
  assert.throws(() => createExposeWish('22', 'tcp', { limits: { ...NO_LIMITS, bodyBytes: 5 } }), /for http/);
});
