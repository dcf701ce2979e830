import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mayDialLocally, resolveLocally } from './local-destination.ts';

const at = (host: string, port = 80) => ({ host, port });

test('addresses of the gateway itself are reached only where they are named literally', () => {
  const open = ['*:*'];
  for (const address of [
    '127.0.0.1',
    '127.8.8.8',
    '::1',
    '::',
    '0.0.0.0',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '168.63.129.16',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
  ]) {
    assert.equal(mayDialLocally(open, at(address), address), false, `${address} by *`);
    assert.equal(mayDialLocally(['0.0.0.0/0:*', '[::]/0:*'], at(address), address), false, `${address} by a network`);
    assert.equal(mayDialLocally(['*:*', 'app.corp:*'], at('app.corp'), address), false, `${address} by a name`);
    const literal = address.includes(':') ? `[${address}]:80` : `${address}:80`;
    assert.equal(mayDialLocally([literal], at(address), address), true, `${address} by itself`);
    assert.equal(mayDialLocally([literal], at(address, 81), address), false, `${address} on another port`);
    assert.equal(mayDialLocally([literal, '*:*'], at('app.corp'), address), false, `${address} behind a name`);
  }
  assert.equal(mayDialLocally(['127.0.0.1/32:*'], at('127.0.0.1'), '127.0.0.1'), true);
  assert.equal(mayDialLocally(['127.0.0.1/32:*'], at('127.0.0.2'), '127.0.0.2'), false);
  // The mapped form is the same address.
  assert.equal(mayDialLocally(['127.0.0.1:80'], at('::ffff:127.0.0.1'), '127.0.0.1'), true);
  assert.equal(mayDialLocally(open, at('::ffff:127.0.0.1'), '127.0.0.1'), false);
  for (const address of [
    '10.0.0.1',
    '192.168.1.1',
    '192.0.2.1',
    '2001:db8::1',
    'fd00::1',
    '128.0.0.1',
    '170.254.1.1',
  ]) {
    assert.equal(mayDialLocally(open, at(address), address), true, address);
  }
});

test('a name that leads to the gateway itself is denied, a name that leads nowhere is refused', async () => {
  await assert.rejects(resolveLocally(['*:*'], at('localhost'), 2_000), { code: 'forward.denied' });
  await assert.rejects(resolveLocally(['localhost:*', '127.0.0.1:80'], at('localhost'), 2_000), {
    code: 'forward.denied',
  });
  await assert.rejects(resolveLocally(['*:*'], at('::ffff:7f00:1'), 2_000), { code: 'forward.denied' });
  await assert.rejects(resolveLocally(['*:*'], at('nowhere.invalid'), 5_000), { code: 'target.dial_refused' });
  assert.deepEqual(await resolveLocally(['*:*'], at('192.0.2.7'), 2_000), ['192.0.2.7']);
  assert.deepEqual(await resolveLocally(['127.0.0.1:80'], at('127.0.0.1'), 2_000), ['127.0.0.1']);
});
