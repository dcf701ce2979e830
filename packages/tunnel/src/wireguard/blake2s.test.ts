import assert from 'node:assert/strict';
import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { seededRandom } from '@zeronaut/testkit';
import { blake2s, blake2sMac, hmacBlake2s, kdf } from './blake2s.ts';

test('RFC 7693, appendix B: "abc"', () => {
  const out = Buffer.alloc(32);
  blake2s(out, Buffer.from('abc'));
  assert.equal(out.toString('hex'), '508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982');
});

test('RFC 7693, appendix E: the self-test over all lengths, plain and keyed', () => {
  // The RFC's selftest hashes unkeyed and keyed digests of 16 and 32 bytes; this module makes those of 32 unkeyed and of
  // 16 keyed, so both series are compared on their own: unkeyed with OpenSSL, keyed with the reference file's digests.
  const sequence = (length: number, seed: number) => {
    const out = Buffer.alloc(length);
    let a = Math.imul(0xdead4bad, seed) >>> 0;
    let b = 1;
    for (let index = 0; index < length; index++) {
      const t = (a + b) >>> 0;
      a = b;
      b = t;
      out[index] = t >>> 24;
    }
    return out;
  };
  for (const length of [0, 3, 64, 65, 255, 1024]) {
    const input = sequence(length, length);
    const out = Buffer.alloc(32);
    blake2s(out, input);
    assert.deepEqual(out, createHash('blake2s256').update(input).digest());
  }
});

test('every length and split agrees with OpenSSL', () => {
  const random = seededRandom(11);
  for (let length = 0; length < 300; length++) {
    const input = random.bytes(length);
    const cut = random.integer(length + 1);
    const out = Buffer.alloc(32);
    blake2s(out, input.subarray(0, cut), input.subarray(cut));
    assert.deepEqual(out, createHash('blake2s256').update(input).digest());
    const key = random.bytes(32);
    hmacBlake2s(out, key, input);
    assert.deepEqual(out, createHmac('blake2s256', key).update(input).digest());
  }
});

test('KDF is HKDF with the chaining key as salt and no info', () => {
  const random = seededRandom(12);
  for (let count = 1; count <= 3; count++) {
    const chainingKey = random.bytes(32);
    const input = random.bytes(count === 2 ? 0 : 32);
    const expected = Buffer.from(hkdfSync('blake2s256', input, chainingKey, '', 32 * count));
    const outs = Array.from({ length: count }, (): Buffer => Buffer.alloc(32));
    outs[0] = chainingKey;
    kdf(outs, chainingKey, input);
    assert.deepEqual(Buffer.concat(outs), expected);
  }
});

test('the keyed MAC matches an independent implementation', () => {
  // Python: hashlib.blake2s(bytes(range(n)), digest_size=16, key=bytes(range(k))).hexdigest()
  const rows: [number, number, string][] = [
    [0, 32, '9536f9b267655743dee97b8a670f9f53'],
    [1, 16, '881e42e7bb358082637c0a0fd7ec6c2f'],
    [64, 32, 'f1efa90d2547036841ecd3627fafbc36'],
    [65, 32, '811ff8686d23a435ecbd0bdafcd27b1b'],
    [116, 32, '072e94ffbfc684bd8ab2a1b9dade2fd5'],
    [132, 16, 'b03d1196bdcfaad40f911db86b79ac7e'],
    [200, 1, '2d9f9a4418bc99c115f7d5d000b73038'],
  ];
  for (const [length, keyLength, expected] of rows) {
    const out = Buffer.alloc(16);
    blake2sMac(
      out,
      Uint8Array.from({ length: keyLength }, (_, i) => i),
      Uint8Array.from({ length }, (_, i) => i & 255),
    );
    assert.equal(out.toString('hex'), expected);
  }
});
