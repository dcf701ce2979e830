import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GrowingTree } from '@zeronaut/audit';
import { testRecord } from './export-records.ts';
import { formatOtlp } from './otlp.ts';

test('a class of access decisions says who decided, in attributes', () => {
  const root = new GrowingTree().root();
  const checkpoint = { origin: 'o', size: 7, root, head: 'A'.repeat(43), at: '2026-01-01T00:00:00.000Z' };
  const record = testRecord('org_1', checkpoint, 0);
  const attributesOf = (more: object) => {
    const after = {
      subject: 'usr_1',
      reason: 'access.policy',
      snapshotVersion: 3,
      count: 2,
      from: 'x',
      to: 'y',
      ...more,
    };
    const entry = { ...record.entry, action: 'access.pass', after };
    const [{ scopeLogs }] = JSON.parse(formatOtlp([{ ...record, entry }], 'org_1', 0)).resourceLogs;
    const attributes: { key: string; value: { stringValue?: string } }[] = scopeLogs[0].logRecords[0].attributes;
    return Object.fromEntries(
      attributes
        .filter(({ key }) => key.startsWith('zeronaut.access.'))
        .map(({ key, value }) => [key.slice('zeronaut.access.'.length), value.stringValue]),
    );
  };
  const policies = [{ id: 'pol_1', name: 'office-hours' }];
  assert.deepEqual(attributesOf({ decidedBy: 'policies', policies }), {
    ...{ reason: 'access.policy', decided_by: 'policies', policies: 'office-hours', policy_ids: 'pol_1' },
  });
  assert.deepEqual(attributesOf({ decidedBy: 'request' }), { reason: 'access.policy', decided_by: 'request' });
  assert.deepEqual(attributesOf({}), {}, 'of before it was noted');
});
