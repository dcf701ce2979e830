import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNetwork, maskNetwork, parseNetwork } from './text-values.ts';

test('a network keeps the bits that count', () => {
  for (const [network, masked] of [
    ['10.7.255.129/0', '0.0.0.0/0'],
    ['255.255.255.255/9', '255.128.0.0/9'],
    ['10.7.255.129/25', '10.7.255.128/25'],
    ['10.7.255.129/32', '10.7.255.129/32'],
    ['fd07:ffff::1/17', 'fd07:8000::/17'],
    ['fd07::ff/128', 'fd07::ff/128'],
  ]) {
    assert.equal(formatNetwork(maskNetwork(parseNetwork(network!)!)), masked);
  }
});
