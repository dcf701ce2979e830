import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createId } from '@zeronaut/model';
import { encodeEventLine, linePrefix, parseEventLine, type UnnumberedEvent } from './event-line.ts';

const gatewayId = createId('gateway');
const prefix = linePrefix(gatewayId, 'epoch-123');
const event: UnnumberedEvent = {
  at: '2026-01-01T00:00:00.000Z',
  requestId: 'req_1',
  organizationId: createId('organization'),
  resourceId: createId('resource'),
  protocol: 'http',
  effect: 'pass',
  reason: 'access.public',
  subject: '',
  credentialId: 'ses_1',
  sourceAddress: '192.0.2.1',
  method: 'GET',
  host: 'app.localhost',
  path: '/',
  status: 200,
  bytesIn: 0,
  bytesOut: 59,
  durationMs: 0.312,
  targetId: createId('target'),
  snapshotVersion: 3,
};

test('a line says the same as JSON.stringify of the event', () => {
  const cases: Partial<UnnumberedEvent>[] = [
    {},
    { organizationId: null, resourceId: null },
    { path: '/"\\\n\u0000\u001f\u007f\u2028é😀' },
    { path: '/\ud800' },
    { subject: 'basic:an"n', host: '[::1]', method: 'M-SEARCH' },
    { durationMs: 0, status: 0, bytesIn: 2 ** 40 },
  ];
  for (const change of cases) {
    const line = encodeEventLine(prefix, 7, { ...event, ...change });
    assert.ok(!line.includes('\n'));
    assert.deepEqual(JSON.parse(line), { gatewayId, epoch: 'epoch-123', seq: 7, ...event, ...change });
  }
});

test('a country is written where it is known', () => {
  const line = encodeEventLine(prefix, 7, event, 'CH');
  assert.deepEqual(parseEventLine(line), { gatewayId, epoch: 'epoch-123', seq: 7, ...event, country: 'CH' });
  assert.equal(parseEventLine(line.replace('"CH"', '"ch"')), null);
});

test('what is beyond the bounds of an event is cut, so that the console never refuses it', () => {
  const line = encodeEventLine(prefix, 1, {
    ...event,
    path: `/${'a'.repeat(5_000)}`,
    host: 'h'.repeat(500),
    method: 'M'.repeat(99),
    subject: 's'.repeat(999),
    requestId: 'r'.repeat(99),
    targetId: 't'.repeat(99),
    durationMs: Number.NaN,
    bytesIn: -1,
    bytesOut: 1.5,
    status: Number.POSITIVE_INFINITY,
  });
  const parsed = parseEventLine(line);
  assert.equal(parsed?.path.length, 1024);
  assert.equal(parsed?.durationMs, 0);
  assert.equal(parsed?.bytesOut, 1);
});

test('a damaged line is no event', () => {
  const line = encodeEventLine(prefix, 1, event);
  assert.notEqual(parseEventLine(line), null);
  for (const damaged of [
    '',
    '{}',
    line.slice(0, -1),
    line.slice(1),
    line.replace('"seq":1', '"seq":0'),
    '\0'.repeat(9),
  ]) {
    assert.equal(parseEventLine(damaged), null);
  }
});
