import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameIn } from './name-in.ts';

test('an entry says what it is about, not who asked for it', () => {
  for (const [objectKind, before, after, expected] of [
    ['resource', null, { email: 'ann@example.com', object: 'payroll', status: 'pending' }, 'resource payroll'],
    ['user', null, { name: 'Ann', email: 'ann@example.com' }, 'user Ann'],
    ['invitation', null, { email: 'ann@example.com' }, 'invitation ann@example.com'],
    ['resource', { name: 'wiki' }, null, 'resource wiki'],
    ['organization', null, null, 'organization'],
    ['session', null, { object: { name: 'no text' } }, 'session'],
  ] as const) {
    assert.equal(nameIn({ objectKind, before, after }), expected);
  }
});
