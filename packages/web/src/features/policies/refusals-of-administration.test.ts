import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countByPolicy } from './refusals-of-administration.ts';

test('what policies of administer would have refused is counted by policy, newest first', () => {
  const entry = (objectId: string, name: string, after: unknown, at: string) => ({
    ...{ objectId, after, at },
    actor: { kind: 'user', id: 'usr_1', name, address: '' } as const,
  });
  const counted = countByPolicy([
    entry('pol_b', 'bob', { policy: 'no-erasing', permission: 'audit:write' }, '2026-11-30T03:00:00.000Z'),
    entry('pol_a', 'ann', { policy: 'at-night', permission: 'users:write' }, '2026-11-30T02:00:00.000Z'),
    entry('pol_b', 'bob', { policy: 'once-called-so', permission: 'audit:read' }, '2026-11-30T01:00:00.000Z'),
    entry('pol_b', 'ann', '[erased]', '2026-11-30T00:00:00.000Z'),
  ]);
  assert.deepEqual(counted, [
    {
      ...{ policyId: 'pol_b', name: 'no-erasing', count: 3, permissions: ['audit:read', 'audit:write'] },
      ...{ actors: ['bob', 'ann'], lastAt: '2026-11-30T03:00:00.000Z' },
    },
    {
      ...{ policyId: 'pol_a', name: 'at-night', count: 1, permissions: ['users:write'] },
      ...{ actors: ['ann'], lastAt: '2026-11-30T02:00:00.000Z' },
    },
  ]);
  assert.deepEqual(countByPolicy([]), []);
});
