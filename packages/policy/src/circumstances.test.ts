import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Circumstances, factShown, factText } from './circumstances.ts';

const circumstances: Circumstances = {
  address: '192.0.2.7',
  nowMs: Date.UTC(2026, 10, 29, 23, 30, 15),
  timeZone: 'Europe/Zurich',
  risk: 12,
  factors: ['password', 'totp'],
  factorsAtMs: Date.UTC(2026, 10, 29, 23, 0),
  by: 'session',
  granted: false,
  device: null,
  http: null,
  destination: null,
  gateway: null,
};

test('people read the time where the organization is; everything else as it is compared', () => {
  const shown = (fact: string) => factShown(fact, circumstances);
  assert.equal(shown('now'), '2026-11-29T23:30:00.000Z');
  // Half an hour past midnight, on Monday.
  assert.deepEqual([shown('time.weekday'), shown('time.hour'), shown('time.minute')], ['1', '0', '30']);
  assert.equal(shown('time'), '{"weekday":1,"hour":0,"minute":30}');
  for (const fact of ['address', 'risk', 'factors', 'factorMinutesAgo', 'by', 'granted']) {
    assert.equal(shown(fact), factText(fact, circumstances), fact);
  }
});
