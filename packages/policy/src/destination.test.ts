import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkContains, parseAddress, parseNetwork } from '@zeronaut/model';
import { seededRandom } from '@zeronaut/testkit';
import { matchDestination } from './destination.ts';

const CASES: readonly [pattern: string, host: string, port: number, expected: boolean][] = [
  ['db.corp:5432', 'db.corp', 5432, true],
  ['db.corp:5432', 'DB.Corp', 5432, true],
  ['DB.corp:5432', 'db.corp', 5432, true],
  ['db.corp:5432', 'db.corp', 5433, false],
  ['db.corp:5432', 'db.corp.', 5432, false],
  ['db.corp:5432', 'xdb.corp', 5432, false],
  ['db.corp:5432', 'db.corp.evil', 5432, false],
  ['db.corp:5432', 'a.db.corp', 5432, false],
  ['db.corp:*', 'db.corp', 1, true],
  ['db.corp:*', 'db.corp', 65535, true],
  ['db.corp:*', 'db.corp', 0, false],
  ['db.corp:*', 'db.corp', 65536, false],
  ['db.corp:*', 'db.corp', 1.5, false],
  ['db.corp:*', 'db.corp', Number.NaN, false],
  ['*.corp:22', 'db.corp', 22, true],
  ['*.corp:22', 'a.b.c.corp', 22, true],
  ['*.corp:22', 'corp', 22, false],
  ['*.corp:22', '.corp', 22, false],
  ['*.corp:22', 'xcorp', 22, false],
  ['*.corp:22', 'db.corp.', 22, false],
  ['*.corp:22', 'db.corp.evil', 22, false],
  ['*.corp:22', 'a..corp', 22, false],
  ['*.corp:22', '*.corp', 22, false],
  ['*.0.0.1:22', '10.0.0.1', 22, false],
  ['*:443', 'anything.example', 443, true],
  ['*:443', '192.0.2.1', 443, true],
  ['*:443', '2001:db8::1', 443, true],
  ['*:443', 'anything.example', 80, false],
  ['*:*', 'x', 1, true],
  ['*:*', '', 1, false],
  ['*:*', 'x.', 1, false],
  ['*:*', 'a b', 1, false],
  ['*:*', 'a/b', 1, false],
  ['*:*', 'a:1', 1, false],
  ['*:*', 'a\0', 1, false],
  ['*:*', 'a\r\nb', 1, false],
  ['*:*', '[::1]', 1, false],
  ['*:*', 'fe80::1%eth0', 1, false],
  ['*:*', '-a', 1, false],
  ['*:*', 'münchen.example', 1, false],
  ['*:*', `${'a'.repeat(64)}.corp`, 1, false],
  ['*:*', `${'a.'.repeat(127)}a`, 1, false],
  ['10.0.0.0/8:22', '10.255.0.1', 22, true],
  ['10.0.0.0/8:22', '11.0.0.1', 22, false],
  ['10.0.0.0/8:22', 'ten.corp', 22, false],
  ['10.0.0.0/8:22', '10.1', 22, false],
  ['10.0.0.0/8:22', '0x0a.0.0.1', 22, false],
  ['10.0.0.0/8:22', '012.0.0.1', 22, false],
  ['10.0.0.0/8:22', '167772161', 22, false],
  ['10.0.0.0/8:22', '::ffff:10.0.0.1', 22, true],
  ['10.0.0.0/8:22', '::ffff:a00:1', 22, true],
  ['10.0.0.5:22', '10.0.0.5', 22, true],
  ['10.0.0.5:22', '10.0.0.50', 22, false],
  ['0.0.0.0/0:22', '203.0.113.9', 22, true],
  ['0.0.0.0/0:22', '2001:db8::1', 22, false],
  ['[fd00::]/8:22', 'fd12::1', 22, true],
  ['[fd00::]/8:22', 'FD12::1', 22, true],
  ['[fd00::]/8:22', 'fe80::1', 22, false],
  ['[2001:db8::1]:22', '2001:db8:0:0::1', 22, true],
  ['2001:db8::1:22', '2001:db8::1', 22, true],
  ['[::ffff:10.0.0.5]:22', '10.0.0.5', 22, true],
  ['[::]/0:22', '10.0.0.5', 22, false],
  ['db.corp', 'db.corp', 80, false],
  ['db.corp:', 'db.corp', 80, false],
  ['db.corp:0', 'db.corp', 80, false],
  ['db.corp:65536', 'db.corp', 80, false],
  ['db.corp:080', 'db.corp', 80, true],
  [':80', 'db.corp', 80, false],
  ['**.corp:80', 'db.corp', 80, false],
  ['d*.corp:80', 'db.corp', 80, false],
  ['*.:80', 'db.corp', 80, false],
  ['10.0.0.0/33:80', '10.0.0.0', 80, false],
  ['_ldap.corp:389', '_ldap.corp', 389, true],
  ['\u212A.corp:80', 'k.corp', 80, false],
  ['k.corp:80', '\u212A.corp', 80, false],
  ['constructor:80', 'constructor', 80, true],
  ['__proto__:80', '__proto__', 80, true],
  ['db.corp:80', '__proto__', 80, false],
];

for (const [pattern, host, port, expected] of CASES) {
  test(`destination ${JSON.stringify(pattern)} ${expected ? 'covers' : 'does not cover'} ${JSON.stringify(host.slice(0, 30))} ${port}`, () => {
    assert.equal(matchDestination([pattern], host, port), expected);
    assert.equal(matchDestination(['other.example:1', pattern], host, port), expected, 'as one of several');
  });
}

test('no destinations cover nothing', () => {
  assert.equal(matchDestination([], 'db.corp', 5432), false);
});

test('the matcher agrees with a slow and obvious twin on random patterns and hosts', (t) => {
  const random = seededRandom(undefined, t);
  const labels = ['a', 'db', 'corp', 'x-1', '10'];
  const name = () => Array.from({ length: 1 + random.integer(3) }, () => random.pick(labels)).join('.');
  const address = () => random.pick(['10.0.0.1', '10.9.0.1', '192.0.2.7', '::1', 'fd00::1', '::ffff:10.0.0.1']);
  const head = () =>
    random.pick([name, () => `*.${name()}`, () => '*', () => '10.0.0.0/8', () => '[fd00::]/8', () => '192.0.2.7'])();
  const port = () => random.pick(['*', '22', '443']);
  let hits = 0;
  for (let round = 0; round < 20_000; round++) {
    const patterns = Array.from({ length: random.integer(4) }, () => `${head()}:${port()}`);
    const host = random.next() < 0.5 ? name() : address();
    const wanted = Number(random.pick(['22', '443']));
    const expected = patterns.some((pattern) => twin(pattern, host, wanted));
    if (expected) hits++;
    assert.equal(
      matchDestination(patterns, host, wanted),
      expected,
      `seed ${random.seed}: ${patterns} for ${host}:${wanted}`,
    );
  }
  assert.ok(hits > 1_000, `only ${hits} hits`);
});

function twin(pattern: string, host: string, port: number): boolean {
  const cut = pattern.lastIndexOf(':');
  const [head, tail] = [pattern.slice(0, cut).replaceAll(/[[\]]/g, ''), pattern.slice(cut + 1)];
  if (tail !== '*' && tail !== String(port)) return false;
  if (head === '*') return true;
  const network = parseNetwork(head);
  if (parseAddress(host) !== null) return network !== null && networkContains(network, host);
  if (network !== null) return false;
  const [want, have] = [head.split('.').reverse(), host.split('.').reverse()];
  if (want.at(-1) !== '*') return want.join() === have.join();
  want.pop();
  return have.length > want.length && want.every((label, index) => label === have[index]);
}
