import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SyncFromGateway, syncFromGateway } from '@zeronaut/model';
import { waitFor } from '@zeronaut/testkit';
import { createLog } from './log.ts';
import { LogRing, toLogLine } from './log-ring.ts';
import { LogTail } from './log-tail.ts';

type Sent = SyncFromGateway & { type: 'log' };

test('nothing is sent while nobody looks; then what is kept, what comes, and not more than is good', async (t) => {
  const written: string[] = [];
  const ring = new LogRing({ write: (line) => written.push(line) });
  const log = createLog({ level: 'debug', destination: ring });
  const sent: Sent[] = [];
  const tail = new LogTail(ring, (message) => {
    sent.push(syncFromGateway.parse(message) as Sent);
    return true;
  });
  t.after(() => tail.stop());
  const lines = () => sent.flatMap((message) => message.lines.map(({ level, message: text }) => `${level} ${text}`));
  for (let index = 1; index <= 510; index++) log.warn({ index, token: 'the secret' }, `kept ${index}`);
  log.info('not kept');
  assert.equal(written.length, 511, 'all of it goes where it went before');
  assert.equal(sent.length, 0);

  tail.follow('warn');
  assert.equal(lines().length, 500);
  assert.deepEqual([lines()[0], lines().at(-1)], ['warn kept 11', 'warn kept 510'], 'the newest');
  assert.deepEqual(JSON.parse(sent[0]!.lines[0]!.fields), { index: 11, token: '[secret]' });
  tail.follow('warn');
  assert.equal(lines().length, 500, 'asked again, it goes on');

  sent.length = 0;
  log.info('too quiet');
  log.error('live');
  await waitFor(() => lines().length > 0, { what: 'the line' });
  assert.deepEqual(lines(), ['error live']);
  tail.follow('info');
  sent.length = 0;
  for (let index = 0; index < 200; index++) log.info(`flood ${index}`);
  await waitFor(() => sent.length > 0, { what: 'the flood' });
  const [flood] = sent;
  assert.ok(flood!.lines.length <= 50 && flood!.lines.length + flood!.dropped === 200, JSON.stringify(flood!.dropped));

  tail.follow(null);
  sent.length = 0;
  log.fatal('nobody looks');
  tail.follow('warn');
  assert.equal(lines().filter((line) => line === 'fatal nobody looks').length, 1, 'it was kept');
});

test('a line is bounded, and what is none is left out', () => {
  const line = (more: object) =>
    toLogLine(JSON.stringify({ time: '2026-11-29T08:00:00.000Z', level: 'warn', ...more }));
  assert.deepEqual(line({ msg: 'x'.repeat(5_000), pid: 1 }), {
    ...{ at: '2026-11-29T08:00:00.000Z', level: 'warn', message: 'x'.repeat(1_000), fields: '{}' },
  });
  assert.equal(line({ more: 'y'.repeat(5_000) })?.fields.length, 2_000);
  assert.equal(line({ more: 'y'.repeat(70_000) }), null);
  assert.deepEqual([toLogLine('no JSON'), toLogLine('{"level":"warn"}'), line({ level: 'debug' })], [null, null, null]);
});
