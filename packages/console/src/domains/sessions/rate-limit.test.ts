import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimit, rateLimitKey } from './rate-limit.ts';
import { createSignInLimits } from './sign-in-limits.ts';

test('a burst is allowed, then one per interval, and the wait is told exactly', () => {
  const limit = new RateLimit({ burst: 3, intervalMs: 1_000 });
  assert.deepEqual(
    [0, 0, 0].map((at) => limit.take('a', at)),
    [0, 0, 0],
  );
  assert.equal(limit.take('a', 0), 1_000);
  assert.equal(limit.take('a', 999), 1);
  assert.equal(limit.take('a', 1_000), 0);
  assert.equal(limit.take('a', 1_000), 1_000);
  assert.equal(limit.take('b', 1_000), 0);
  limit.giveBack('a');
  assert.equal(limit.take('a', 1_000), 0, 'what was given back can be taken again');
});

test('keys are bounded, and the oldest goes first', () => {
  const limit = new RateLimit({ burst: 1, intervalMs: 1_000_000, maxKeys: 10 });
  for (let i = 0; i < 1_000; i++) limit.take(`key-${i}`, 0);
  assert.equal(limit.size, 10);
  assert.ok(limit.take('key-999', 0) > 0);
  assert.equal(limit.take('key-0', 0), 0);
});

test('an IPv6 customer is one key, whatever address of the /64', () => {
  for (const address of ['2001:db8:1:2::1', '2001:0DB8:1:2:ffff::', '2001:db8:1:2:3:4:5:6']) {
    assert.equal(rateLimitKey(address), '2001:db8:1:2::/64', address);
  }
  assert.notEqual(rateLimitKey('2001:db8:1:3::1'), rateLimitKey('2001:db8:1:2::1'));
  assert.equal(rateLimitKey('::1'), '0:0:0:0::/64');
  assert.equal(rateLimitKey('192.0.2.1'), '192.0.2.1');
});

test('nobody can lock a user out of an address that the user signs in from', async () => {
  const limits = createSignInLimits();
  const unknown = async () => false;
  let refused = 0;
  for (let i = 0; i < 500; i++) {
    if ((await limits.take('ann@example.com', `198.51.100.${i % 250}`, 0, unknown)).waitMs > 0) refused++;
  }
  assert.ok(refused >= 400, `${refused} guesses from many addresses were refused`);
  assert.ok((await limits.take('ann@example.com', '203.0.113.9', 0, unknown)).waitMs > 0, 'a new address has to wait');
  const known = await limits.take('ann@example.com', '192.0.2.1', 0, async () => true);
  assert.deepEqual(known, { waitMs: 0, precedence: 'known' }, 'a known one has not');
});

test('guesses at many accounts from one address are few, and other addresses go on', async () => {
  const limits = createSignInLimits();
  let allowed = 0;
  for (let i = 0; i < 200; i++) {
    if ((await limits.take(`user-${i}@example.com`, '198.51.100.1', 0, async () => false)).waitMs === 0) allowed++;
  }
  assert.equal(allowed, 30);
  assert.equal((await limits.take('user-1@example.com', '198.51.100.2', 0, async () => false)).waitMs, 0);
});

test('an address from which a failure came is a suspect for ten minutes, and no more after a success', async () => {
  const limits = createSignInLimits();
  const take = async (nowMs: number) =>
    (await limits.take('ann@example.com', '198.51.100.1', nowMs, async () => false)).precedence;
  assert.equal(await take(0), 'first');
  assert.equal(await take(1_000), 'suspect');
  assert.equal(await take(599_000), 'suspect');
  assert.equal(await take(600_000), 'first');
  limits.succeeded('ann@example.com', '198.51.100.1');
  assert.equal(await take(601_000), 'first');
});
