import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProxyDatagramHeader, encodeProxyHeader } from './proxy-protocol.ts';

const V4 = [
  { address: '192.0.2.1', port: 56324 },
  { address: '198.51.100.7', port: 443 },
] as const;
const V6 = [
  { address: '2001:db8::1', port: 1 },
  { address: '2001:db8:0:0:0:0:0:2', port: 65535 },
] as const;

test('version 1 writes the line of the specification', () => {
  assert.equal(encodeProxyHeader('v1', ...V4).toString(), 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n');
  assert.equal(encodeProxyHeader('v1', ...V6).toString(), 'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n');
});

test('version 2 writes the bytes of the specification', () => {
  const signature = '0d0a0d0a000d0a515549540a';
  const v4 = 'c0000201c6336407dc0401bb';
  const v6 = '20010db800000000000000000000000120010db80000000000000000000000020001ffff';
  assert.equal(encodeProxyHeader('v2', ...V4).toString('hex'), `${signature}2111000c${v4}`);
  assert.equal(encodeProxyHeader('v2', ...V6).toString('hex'), `${signature}21210024${v6}`);
  assert.equal(encodeProxyDatagramHeader(...V4).toString('hex'), `${signature}2112000c${v4}`);
  assert.equal(encodeProxyDatagramHeader(...V6).toString('hex'), `${signature}21220024${v6}`);
});

test('an IPv4 caller on an IPv6 listener is written in one family', () => {
  const mapped = { address: '::ffff:192.0.2.1', port: 5 };
  assert.equal(encodeProxyHeader('v1', mapped, V4[1]).toString(), 'PROXY TCP4 192.0.2.1 198.51.100.7 5 443\r\n');
  assert.equal(
    encodeProxyHeader('v1', V4[0], V6[1]).toString(),
    'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 56324 65535\r\n',
  );
  assert.equal(
    encodeProxyHeader('v2', V4[0], V6[1]).subarray(16, 32).toString('hex'),
    '00000000000000000000ffffc0000201',
  );
});
