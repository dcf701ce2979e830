import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines } from './deadlines.ts';

test('a deadline that is set after a long silence counts from now', async () => {
  const deadlines = new Deadlines();
  const entry = { deadline: Number.POSITIVE_INFINITY, onDeadline: () => undefined };
  deadlines.add(entry);
  deadlines.remove(entry);
  const silentUntil = performance.now() + 20;
  while (performance.now() < silentUntil) await new Promise((resolve) => setImmediate(resolve));

  assert.ok(deadlines.now >= silentUntil, 'nothing was in it, so nothing ticked');
});

test('time stands still between ticks, and every tick ends what is due', async () => {
  const deadlines = new Deadlines();
  const ended = new Promise<void>((resolve) => {
    const entry = {
      deadline: deadlines.now + 1,
      onDeadline() {
        deadlines.remove(entry);
        resolve();
      },
    };
    deadlines.add(entry);
    const { now } = deadlines;
    assert.equal(deadlines.now, now);
  });
  // The timer of deadlines does not keep a process alive.
  const alive = setInterval(() => undefined, 1_000);
  await ended;
  clearInterval(alive);
});
