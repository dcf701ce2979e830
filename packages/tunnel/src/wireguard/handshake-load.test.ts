import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COOKIE_REPLIES_PER_SECOND,
  HandshakeLoad,
  LOAD_FRUITLESS_PER_SECOND,
  LOAD_HOLD_MS,
  LOAD_WAITING,
} from './handshake-load.ts';

test('a queue of handshake messages is a load, and is one for a second more', () => {
  const load = new HandshakeLoad();
  assert.equal(load.arrived(LOAD_WAITING - 1, 0), false);
  assert.equal(load.arrived(LOAD_WAITING, 10), true);
  assert.equal(load.arrived(0, 10 + LOAD_HOLD_MS - 1), true);
  assert.equal(load.arrived(0, 10 + LOAD_HOLD_MS), false);
});

test('many messages in one second that come to nothing are a load, spread over more they are not', () => {
  const load = new HandshakeLoad();
  for (let index = 0; index < 3 * LOAD_FRUITLESS_PER_SECOND; index++) {
    load.fruitless((index * 1000) / (LOAD_FRUITLESS_PER_SECOND - 1));
  }
  const now = 10_000;
  assert.equal(load.arrived(0, now), false);
  for (let index = 1; index < LOAD_FRUITLESS_PER_SECOND; index++) load.fruitless(now);
  assert.equal(load.arrived(0, now), false);
  load.fruitless(now + 1);
  assert.equal(load.arrived(0, now + 2), true);
  // While they go on it stays one; when they stop it ends.
  for (let index = 0; index < LOAD_FRUITLESS_PER_SECOND; index++) load.fruitless(now + 1_000);
  assert.equal(load.arrived(0, now + 1_900), true);
  assert.equal(load.arrived(0, now + 2_001), false);
});

test('cookie replies are counted by the second', () => {
  const load = new HandshakeLoad();
  const given = (now: number) => Array.from({ length: 5_000 }, () => load.mayReply(now)).filter(Boolean).length;
  assert.equal(given(0), COOKIE_REPLIES_PER_SECOND);
  assert.equal(given(999), 0);
  assert.equal(given(1000), COOKIE_REPLIES_PER_SECOND);
});
