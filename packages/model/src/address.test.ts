import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatHostPort, networkContains, parseAddress, parseHostPort, parseNetwork } from './address.ts';

test('an address has one spelling', () => {
  const cases: [string, string | null][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:0201', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    // What inet_aton would take, and attackers therefore try.
    ['0x7f.1', null],
    ['127.1', null],
    ['2130706433', null],
    ['0177.0.0.1', null],
    ['127.0.0.01', null],
    ['256.0.0.1', null],
    ['1.2.3.4 ', null],
    ['', null],
    ['localhost', null],
    ['1.2.3.4/32', null],
  ];
  for (const [text, expected] of cases) assert.equal(parseAddress(text), expected, text);
});

test('a network holds exactly its addresses', () => {
  const cases: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.255.255', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.128.0.0/9', '10.127.255.255', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::/0', '203.0.113.9', false],
    ['10.0.0.0/8', '::ffff:10.1.2.3', true],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['10.0.0.0/8', 'ten', false],
  ];
  for (const [network, address, expected] of cases) {
    assert.equal(networkContains(parseNetwork(network)!, address), expected, `${address} in ${network}`);
  }
});

test('what is no network is nothing', () => {
  for (const text of [
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '/8',
    '10.0.0/8',
    '::/129',
    '10.0.0.0/8/8',
    '10.0.0.0/+8',
  ]) {
    assert.equal(parseNetwork(text), null, text);
  }
});

test('host and port are split only where it is plain which is which', () => {
  assert.deepEqual(parseHostPort('DB.corp:5432'), { host: 'db.corp', port: 5432 });
  assert.deepEqual(parseHostPort('[::1]:53'), { host: '::1', port: 53 });
  for (const text of [
    '::1:53',
    'host',
    'host:',
    'host:0',
    'host:65536',
    ':80',
    '[::1]',
    '[zz]:1',
    'a b:1',
    'a/b:1',
    `${'a'.repeat(400)}:1`,
  ]) {
    assert.equal(parseHostPort(text), null, text);
  }
  assert.equal(formatHostPort('::1', 53), '[::1]:53');
});

test('an IPv4 address in its one spelling is told from everything that looks like one', () => {
  for (const text of ['0.0.0.0', '255.255.255.255', '1.20.255.0']) assert.equal(parseAddress(text), text);
  for (const text of [
    '1.2.3',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    '1.2.3.4.5',
    '00.0.0.0',
    '1.2.3.04',
    '1.2.3.256',
    '1.2.3.4a',
    '１.2.3.4',
  ]) {
    assert.equal(parseAddress(text), null, text);
  }
});
