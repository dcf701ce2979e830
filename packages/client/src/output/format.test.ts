import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatBytes, formatDuration, formatDurationSeconds, formatTable, parseDurationSeconds } from './format.ts';
import { Output, printable } from './output.ts';

it('writes sizes and times for people', () => {
  assert.deepEqual([0, 1023, 1024, 1_048_575, 1_048_576, 5e12].map(formatBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '4.5 TiB',
  ]);
  assert.deepEqual([0.42, 12.4, 999, 3_400, 125_000].map(formatDuration), [
    '0.4 ms',
    '12 ms',
    '999 ms',
    '3.4 s',
    '2 min 5 s',
  ]);
});

it('reads times and nothing else', () => {
  assert.deepEqual(
    ['90s', '30m', '24h', '7d', '2w'].map(parseDurationSeconds),
    [90, 1_800, 86_400, 604_800, 1_209_600],
  );
  assert.deepEqual([1_209_600, 86_400, 43_200, 5_400, 90, 0].map(formatDurationSeconds), [
    '14d',
    '1d',
    '12h',
    '90m',
    '90s',
    '0s',
  ]);
  for (const text of ['', '24', 'h', '1y', '-1h', '1.5h', '1h ', '99999999s']) {
    assert.equal(parseDurationSeconds(text), null, text);
  }
});

it('lets nobody drive the terminal', () => {
  assert.equal(printable('/a\u001b[2J\r\n\u009b\u202e\u2028b'), '/a?[2J?????b');
  assert.deepEqual(formatTable(['A', 'B'], [['x\u001b', 'y']]), ['A   B', 'x?  y']);
});

it('colours only a terminal that wants it', () => {
  const sink = (isTTY: boolean) => ({ isTTY, write: () => true });
  const styled = (isTTY: boolean, environment: NodeJS.ProcessEnv) =>
    new Output({ json: false, stdout: sink(isTTY), stderr: sink(isTTY), environment }).style('red', 'x') !== 'x';
  assert.equal(styled(true, {}), true);
  assert.equal(styled(true, { NO_COLOR: '1' }), false);
  assert.equal(styled(true, { TERM: 'dumb' }), false);
  assert.equal(styled(false, {}), false);
});
