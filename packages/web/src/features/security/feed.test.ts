import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccessEvent } from '@zeronaut/model';
import { filterOf, fits, joined, keyOf, MAX_LIVE, prepend } from './feed.ts';

function event(seq: number, change: Partial<AccessEvent> = {}): AccessEvent {
  return {
    ...{ gatewayId: 'gw_1', epoch: 'epoch-01', seq, at: '2026-11-29T08:00:00.000Z', requestId: `req_${seq}` },
    ...{ organizationId: 'org_1', resourceId: 'res_1', protocol: 'http', effect: 'pass', reason: 'access.session' },
    ...{ subject: 'usr_1', credentialId: '', sourceAddress: '192.0.2.1', method: 'GET', host: 'Wiki.example.com' },
    ...{ path: '/a', status: 200, bytesIn: 1, bytesOut: 1, durationMs: 1, targetId: '', snapshotVersion: 1 },
    ...change,
  };
}
const seqs = (rows: readonly AccessEvent[]) => rows.map(({ seq }) => seq);

test('what comes live is filtered like what is stored', () => {
  const one = event(1, { effect: 'deny', reason: 'access.no_rule' });
  assert.ok(fits(one, {}));
  assert.ok(fits(one, { effect: 'deny', reason: 'access.no_rule', sourceAddress: '192.0.2.1', q: ' wiki ' }));
  assert.ok(fits(one, { q: 'req_1' }));
  const ruled = event(2, {
    ...{ effect: 'deny', status: 502 },
    explanation: {
      ...{ policies: ['pol_1'], facts: {}, advice: '' },
      reported: { effect: 'deny', policies: ['pol_2'] },
    },
  });
  for (const policyId of ['pol_1', 'pol_2']) assert.ok(fits(ruled, { policyId, failed: 'true', gatewayId: 'gw_1' }));
  assert.ok(fits(one, { from: one.at, to: '2026-11-29T08:00:00.001Z', failed: 'false' }));
  for (const filter of [
    ...[{ effect: 'pass' }, { resourceId: 'res_2' }, { subject: '' }, { q: 'nothing' }, { gatewayId: 'gw_2' }],
    ...[{ policyId: 'pol_1' }, { failed: 'true' as const }, { to: one.at }, { from: '2026-11-29T08:00:00.001Z' }],
  ]) {
    assert.equal(fits(one, filter), false, JSON.stringify(filter));
  }
});

test('the newest is on top, nothing stands twice, and the page does not grow without end', () => {
  const live = prepend(prepend([], [event(3), event(4)]), [event(5)]);
  assert.deepEqual(seqs(live), [5, 4, 3]);
  assert.deepEqual(seqs(joined(live, [event(4), event(3), event(2)])), [5, 4, 3, 2]);
  assert.deepEqual(seqs(joined(live, [event(4, { epoch: 'epoch-02' })])), [5, 4, 3, 4]);
  const many = prepend(
    live,
    Array.from({ length: MAX_LIVE }, (_, n) => event(100 + n)),
  );
  assert.equal(many.length, MAX_LIVE);
  assert.equal(many[0]!.seq, 99 + MAX_LIVE);
  assert.equal(keyOf(many[0]!), `gw_1.epoch-01.${99 + MAX_LIVE}`);
});

test('of a URL from anywhere, what the API would refuse is left out', () => {
  assert.deepEqual(
    filterOf({ effect: 'all', failed: '1', from: 'yesterday', to: '', policy: 'pol_1', address: '::1' }),
    {
      policyId: 'pol_1',
      sourceAddress: '::1',
    },
  );
  assert.deepEqual(filterOf({ from: '2026-11-29T09:00+01:00' }), { from: '2026-11-29T08:00:00.000Z' });
});
