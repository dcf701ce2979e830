import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AccessEvent } from '@zeronaut/model';
import { bodyOf, isAskable, searchOf } from './event-question.ts';

const event = {
  ...{ requestId: 'req_1', at: '2030-01-01T00:00:00.000Z', effect: 'deny', reason: 'access.not_allowed' },
  ...{ protocol: 'http', method: 'POST', host: 'wiki.example.com', path: `/${'a'.repeat(300)}`, country: 'CH' },
  ...{ subject: 'usr_1', credentialId: 'ses_1', resourceId: 'res_1', gatewayId: 'gw_1', sourceAddress: '192.0.2.1' },
} as AccessEvent;

it('asks what an access asked, as of now', () => {
  assert.deepEqual(bodyOf(event), {
    ...{ user: 'usr_1', action: 'write', object: 'res_1' },
    circumstances: {
      ...{ address: '192.0.2.1', gateway: 'gw_1', country: 'CH', method: 'POST', path: `/${'a'.repeat(199)}` },
    },
  });
  assert.equal(searchOf(event).at, event.at, 'the simulator is asked as of then');
  const forward = { ...event, protocol: 'forward', credentialId: 'dev_1' } as AccessEvent;
  assert.deepEqual(bodyOf(forward).circumstances, {
    ...{ address: '192.0.2.1', gateway: 'gw_1', country: 'CH', deviceId: 'dev_1' },
  });
  assert.equal(bodyOf({ ...event, protocol: 'tcp' } as AccessEvent).action, 'connect');
});

it('asks only where somebody who is known was kept out by a rule', () => {
  assert.equal(isAskable(event), true);
  assert.equal(isAskable({ ...event, effect: 'pass' }), false);
  assert.equal(isAskable({ ...event, subject: '' }), false);
  assert.equal(isAskable({ ...event, resourceId: null }), false);
  assert.equal(isAskable({ ...event, reason: 'proxy.no_target' }), false);
});
