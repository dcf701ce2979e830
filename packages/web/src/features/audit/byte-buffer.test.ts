import assert from 'node:assert/strict';
import { generateKeyPairSync, createHash as nodeHash, randomBytes, sign } from 'node:crypto';
import { test } from 'node:test';
import { ByteBuffer } from './byte-buffer.ts';
import { checkSignature, createHash, createPublicKey, forgetSignatures, hash, verify } from './node-crypto.ts';

test('hashes are those of Node, whatever the length and the pieces', () => {
  for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1000, 70_001]) {
    const bytes = randomBytes(length);
    const cut = Math.floor(length / 3);
    const own = createHash('sha256').update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).digest('hex');
    assert.equal(own, nodeHash('sha256').update(bytes).digest('hex'), `${length} bytes`);
  }
  const text = 'Zürich 🜂\n';
  assert.equal(
    createHash('sha256').update(text).digest('base64url'),
    nodeHash('sha256').update(text).digest('base64url'),
  );
  assert.equal(hash('sha256', text, 'base64url'), nodeHash('sha256').update(text).digest('base64url'));
  assert.throws(() => createHash('md5'));
});

test('bytes are those of Buffer', () => {
  for (const length of [0, 1, 2, 3, 32, 257]) {
    const bytes = randomBytes(length);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      assert.equal(ByteBuffer.from(bytes).toString(encoding), bytes.toString(encoding));
    }
    for (const encoding of ['base64', 'base64url'] as const) {
      assert.deepEqual([...ByteBuffer.from(bytes.toString(encoding), encoding)], [...bytes]);
    }
  }
  assert.deepEqual([...ByteBuffer.from('ä€')], [...Buffer.from('ä€')]);
  assert.equal(ByteBuffer.from('ä€').toString(), 'ä€');
  assert.equal(ByteBuffer.from('no base64 at all!', 'base64').length, 0);
  for (const [a, b] of [
    ['a', 'b'],
    ['b', 'a'],
    ['a', 'a'],
    ['a', 'ab'],
    ['ab', 'a'],
    ['', 'a'],
  ] as const) {
    assert.equal(
      ByteBuffer.compare(ByteBuffer.from(a), ByteBuffer.from(b)),
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    assert.equal(ByteBuffer.from(a).equals(ByteBuffer.from(b)), a === b);
  }
  const long = ByteBuffer.concat([ByteBuffer.from('abc'), ByteBuffer.from('defghijk')]);
  assert.equal(long.toString(), 'abcdefghijk');
  assert.equal((long.subarray(3) as ByteBuffer).readBigUInt64BE(), Buffer.from('defghijk').readBigUInt64BE());
  assert.ok(long.subarray(1, 2) instanceof ByteBuffer);
});

test('a signature counts when WebCrypto found it good for this key and text, and not before', async () => {
  for (const kind of ['ed25519', 'ml-dsa-65'] as const) {
    const { publicKey, privateKey } = generateKeyPairSync(kind as 'ed25519');
    const raw = publicKey.export({ format: 'raw-public' } as never) as unknown as Buffer;
    const key = createPublicKey({ key: raw, asymmetricKeyType: kind });
    const data = Buffer.from('checkpoint\n');
    const signature = sign(null, data, privateKey);
    assert.equal(verify(null, data, key, signature), false, 'not checked yet');
    await checkSignature(data, key, signature);
    assert.equal(verify(null, data, key, signature), true);
    assert.equal(verify(null, Buffer.from('checkpoint'), key, signature), false);
    const forged = Buffer.from(signature);
    forged[9]! ^= 1;
    await checkSignature(data, key, forged);
    assert.equal(verify(null, data, key, forged), false);
    const other = createPublicKey({ key: Buffer.from(raw).fill(1, 5, 9), asymmetricKeyType: kind });
    await checkSignature(data, other, signature);
    assert.equal(verify(null, data, other, signature), false);
    forgetSignatures();
    assert.equal(verify(null, data, key, signature), false);
  }
});
