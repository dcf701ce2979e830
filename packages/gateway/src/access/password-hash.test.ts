import assert from 'node:assert/strict';
import { argon2Sync } from 'node:crypto';
import { test } from 'node:test';
import { parseBasic } from './basic-credentials.ts';
import { matchPassword, parsePasswordHash } from './password-hash.ts';

const SALT = 'c2FsdHNhbHRzYWx0c2FsdA';
const HASH = 'aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
const phc = (cost: string, salt = SALT, hash = HASH) => `$argon2id$v=19$${cost}$${salt}$${hash}`;

test('a password hash is read exactly, and only what is affordable', () => {
  assert.deepEqual(parsePasswordHash(phc('m=19456,t=2,p=1')), {
    memoryKib: 19_456,
    passes: 2,
    parallelism: 1,
    salt: Buffer.from('saltsaltsaltsalt'),
    hash: Buffer.from('hashhashhashhashhashhashhashhash'),
  });
  for (const text of [
    '',
    phc('m=19456,t=2,p=1').replace('argon2id', 'argon2i'),
    phc('m=19456,t=2,p=1').replace('v=19', 'v=16'),
    phc('m=19456,t=2,p=1').replace('$v=19', ''),
    phc('t=2,m=19456,p=1'),
    phc('m=19456,t=2'),
    phc('m=19456,t=2,p=1,keyid=x'),
    phc('m=019456,t=2,p=1'),
    phc('m=-1,t=2,p=1'),
    phc('m=131073,t=2,p=1'),
    phc('m=19456,t=17,p=1'),
    phc('m=19456,t=0,p=1'),
    phc('m=19456,t=2,p=9'),
    phc('m=19456,t=2,p=0'),
    phc('m=7,t=2,p=1'),
    phc('m=31,t=2,p=4'),
    phc('m=19456,t=2,p=1', 'c2FsdA'),
    phc('m=19456,t=2,p=1', SALT, 'aGFzaA'),
    phc('m=19456,t=2,p=1', `${SALT}==`),
    phc('m=19456,t=2,p=1', 'a'.repeat(600)),
    `${phc('m=19456,t=2,p=1')}\n`,
    ` ${phc('m=19456,t=2,p=1')}`,
  ]) {
    assert.equal(parsePasswordHash(text), null, text);
  }
});

test('the reference vector of the argon2 authors verifies', async () => {
  // phc-winner-argon2, test.c: hashtest(version, 2, 16, 1, "password", "somesalt", ..., Argon2_id)
  const hash = '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7';
  const stored = parsePasswordHash(
    `$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$${Buffer.from(hash, 'hex').toString('base64').replaceAll('=', '')}`,
  );
  assert.equal(await matchPassword(stored!, 'password'), true);
  assert.equal(await matchPassword(stored!, 'Password'), false);
});

test('a password of any length and script is hashed as UTF-8', async () => {
  for (const password of ['', 'ü', '\u{1f512}', 'x'.repeat(1024)]) {
    const nonce = Buffer.from('saltsaltsaltsalt');
    const hash = argon2Sync('argon2id', {
      message: Buffer.from(password),
      nonce,
      parallelism: 1,
      tagLength: 32,
      memory: 64,
      passes: 1,
    });
    const stored = parsePasswordHash(phc('m=64,t=1,p=1', SALT, hash.toString('base64').replaceAll('=', '')));
    assert.equal(await matchPassword(stored!, password), true);
    assert.equal(await matchPassword(stored!, `${password}x`), false);
  }
});

test('Basic credentials have one reading or none', () => {
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  assert.deepEqual(parseBasic(`Basic ${encoded('a:b:c')}`), { username: 'a', password: 'b:c' });
  assert.deepEqual(parseBasic(`bASIC   ${encoded('ü:')}`), { username: 'ü', password: '' });
  for (const value of [
    'Basic',
    'Basic ',
    `Basic  ${encoded('ab')}`,
    `Basic ${encoded(':b')}`,
    `Basic ${encoded('a:\n')}`,
    `Basic ${encoded('a:b')} x`,
    `Basicx ${encoded('a:b')}`,
    `Basic ${encoded('a:b')}===`,
    'Basic a_-',
    `Basic ${'A'.repeat(5000)}`,
  ]) {
    assert.equal(parseBasic(value), null, value.slice(0, 30));
  }
});
