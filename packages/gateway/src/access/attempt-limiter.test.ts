import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createId } from '@zeronaut/model';
import { seededRandom, temporaryDirectory } from '@zeronaut/testkit';
import { AttemptLimiter } from '../attempt-limiter.ts';
import { BoundedMap } from '../bounded-map.ts';
import { sourceOf } from '../source-of.ts';
import { EndedSessions } from './ended-sessions.ts';
import { OneTimeCodes } from './one-time-codes.ts';

test('attempts: a key may have a pace of its own, and a faster one counts at once', () => {
  const limiter = new AttemptLimiter({ burst: 1, intervalMs: 1 });
  assert.equal(limiter.take('a', 1_000, 1, 86_400_000), 0);
  assert.equal(limiter.take('a', 2_000, 1, 86_400_000), 86_399_000);
  assert.ok(limiter.take('a', 2_000, 5, 100) <= 100);
  assert.equal(limiter.take('a', 2_100, 5, 100), 0);
});

test('attempts: a burst, then one per interval, and what was good is given back', () => {
  const limiter = new AttemptLimiter({ burst: 3, intervalMs: 1_000 });
  assert.deepEqual(
    [0, 0, 0, 1_000],
    [0, 1, 2, 3].map(() => limiter.take('a', 50_000)),
  );
  assert.equal(limiter.take('b', 50_000), 0, 'another key');
  assert.equal(limiter.take('a', 50_999), 1);
  assert.equal(limiter.take('a', 51_000), 0);
  limiter.giveBack('a');
  assert.equal(limiter.take('a', 51_000), 0);
  limiter.giveBack('never seen');
  assert.equal(limiter.take('a', 1_000_000), 0);
});

test('attempts agree with a twin that counts tokens', (t) => {
  const random = seededRandom(undefined, t);
  const limiter = new AttemptLimiter({ burst: 5, intervalMs: 100 });
  let [nowMs, tokens, filledAt, taken] = [0, 5, 0, 0];
  for (let round = 0; round < 5_000; round++) {
    nowMs += random.integer(80);
    tokens = Math.min(5, tokens + (nowMs - filledAt) / 100);
    filledAt = nowMs;
    const allowed = tokens >= 1 - 1e-9;
    if (allowed) {
      tokens -= 1;
      taken++;
    }
    assert.equal(limiter.take('k', nowMs) === 0, allowed, `seed ${random.seed}, round ${round}`);
  }
  assert.ok(taken > 1_000 && taken < 4_999);
});

test('IPv6 attempts are counted per /64, IPv4 ones per address', () => {
  assert.equal(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:2:ffff::'));
  assert.notEqual(sourceOf('2001:db8:1:2::1'), sourceOf('2001:db8:1:3::1'));
  assert.notEqual(sourceOf('192.0.2.1'), sourceOf('192.0.2.2'));
});

test('a bounded map drops what was used longest ago', () => {
  const map = new BoundedMap<string, number>(2);
  map.set('a', 1);
  map.set('b', 2);
  assert.equal(map.get('a'), 1);
  map.set('c', 3);
  assert.deepEqual([map.get('a'), map.get('b'), map.get('c'), map.size], [1, undefined, 3, 2]);
  map.set('a', 4);
  assert.deepEqual([map.get('c'), map.get('a')], [3, 4]);
});

test('codes are good once; a full memory takes no more rather than forget a live one', () => {
  const codes = new OneTimeCodes();
  assert.equal(codes.use('a', 1_000, 0), true);
  assert.equal(codes.use('a', 1_000, 0), false);
  for (let i = 1; i < 50_000; i++) codes.use(`x${i}`, 1_000, 0);
  assert.equal(codes.use('b', 1_000, 999), false, 'full');
  assert.equal(codes.use('a', 1_000, 999), false);
  assert.equal(codes.use('b', 2_000, 1_000), true, 'the old ones have expired');
});

test('ended sessions are remembered until they would have ended by themselves', () => {
  const ended = new EndedSessions();
  const told: string[] = [];
  const stop = ended.subscribe((id) => told.push(id));
  ended.end('a', 1_000, 0);
  stop();
  for (let i = 1; i < 20_000; i++) ended.end(`x${i}`, 5_000, 0);
  assert.ok(ended.has('a'));
  ended.end('b', 5_000, 2_000);
  assert.deepEqual([ended.has('a'), ended.has('x1'), ended.has('b')], [false, true, true]);
  ended.end('c', 5_000, 2_000);
  assert.deepEqual([ended.has('x1'), ended.has('c')], [false, true], 'full of live ones: the oldest goes');
  assert.deepEqual(told, ['a']);
});

test('ended sessions outlive a restart, as long as they would have lived', async () => {
  const path = join(temporaryDirectory('ended'), 'ended-sessions.json');
  const warnings: string[] = [];
  let nowMs = 0;
  const load = () =>
    EndedSessions.load({
      path,
      write: (to, content) => writeFile(to, content),
      now: () => nowMs,
      log: { warn: (_details, message) => void warnings.push(message) },
    });
  const first = await load();
  const [short, long] = [createId('session'), createId('session')];
  first.end(short, 1_000, nowMs);
  first.end(long, 5_000, nowMs);
  await first.flush();
  assert.deepEqual((await load()).all(), [
    [short, 1_000],
    [long, 5_000],
  ]);
  nowMs = 1_000;
  assert.deepEqual((await load()).all(), [[long, 5_000]]);

  await writeFile(path, '{"format":1,"sessions":[{"id":');
  assert.deepEqual((await load()).all(), []);
  assert.deepEqual(warnings, ['ended sessions are damaged, starting with none']);
  assert.equal(await readFile(`${path}.damaged`, 'utf8'), '{"format":1,"sessions":[{"id":');
});
