import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createId } from '@zeronaut/model';
import { createTestAuthority } from '@zeronaut/testkit';
import { isRenewalDue } from './device.ts';

it('renews a certificate when two thirds of its life are over', async () => {
  const authority = await createTestAuthority();
  const ids = {
    organizationId: createId('organization'),
    userId: createId('user'),
    deviceId: createId('device'),
  };
  const day = 86_400_000;
  const start = Math.floor(Date.now() / 1_000) * 1_000;
  const { cert, key } = await authority.device(ids, {
    notBefore: new Date(start),
    notAfter: new Date(start + 90 * day),
  });
  const device = { ...ids, name: 'x', privateKey: key, certificate: cert, certificateAuthority: authority.certificate };
  assert.equal(isRenewalDue(device, start), false);
  assert.equal(isRenewalDue(device, start + 59 * day), false);
  assert.equal(isRenewalDue(device, start + 61 * day), true);
  assert.equal(isRenewalDue(device, start + 100 * day), true);
});
