import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { SCRATCH, SLOT, TRANSMIT } from '../linux/layout.ts';
import { packetTables } from '../linux/packet-memory.suite.ts';
import { contextRecord } from '../linux/tables.ts';
import { aeadChoice, chooseAead, givesKnownAnswers } from './choose-aead.ts';
import { createEvpAead, freeContext, overwriteContextKey } from './evp-aead.ts';
import { loadRaw } from './openssl.ts';
import { createRawAead } from './raw-aead.ts';

const tables = packetTables();
const { bytes, base, code, layout } = tables;
const slots = layout.lanes[0]!.transmit.bufferAt + TRANSMIT.slots;
const scratch = layout.lanes[0]!.transmit.bufferAt + TRANSMIT.scratch;
const record = contextRecord(tables, layout.lanes[0]!.transmit.at);
const place = { code, bytes, base, scratch, trial: [slots, slots + SLOT.bytes] as const, record };
const evp = createEvpAead(code, base, scratch, record);
const raw = createRawAead(code, base, scratch);
const KEY = slots + 2 * SLOT.bytes;
const PACKET = slots + 64;
const OUT = slots + SLOT.bytes + 64;

function reference(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Buffer {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

test('this Node exports the functions of the raw path, and they give the known answers', () => {
  assert.ok(
    raw !== undefined,
    'the fast path is gone from this Node; the product works on EVP, but the bars do not hold',
  );
  assert.ok(givesKnownAnswers(raw, evp, place));
});

// RFC 8439: 2.4.2 and 2.5.2 print what the two functions must give.
test('the raw functions give the vectors of RFC 8439', () => {
  const { chacha, polyInit, polyUpdate, polyFinal } = loadRaw()!;
  const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
  bytes.set(key, KEY);
  bytes.set(Buffer.from('01000000000000000000004a00000000', 'hex'), scratch);
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
  bytes.set(Buffer.from(text), PACKET);
  chacha(base + OUT, base + PACKET, text.length, base + KEY, base + scratch);
  assert.equal(
    Buffer.from(bytes.slice(OUT, OUT + text.length)).toString('hex'),
    '6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab77937365af90bbf74a35be6b40b8eedf2785e42874d',
  );
  bytes.set(Buffer.from('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b', 'hex'), KEY);
  bytes.set(Buffer.from('Cryptographic Forum Research Group'), PACKET);
  polyInit(base + OUT, base + KEY);
  polyUpdate(base + OUT, base + PACKET, 34);
  polyFinal(base + OUT, base + PACKET);
  assert.equal(Buffer.from(bytes.slice(PACKET, PACKET + 16)).toString('hex'), 'a8061dc1305136c6c22b8baf0c0127a9');
});

for (const aead of [evp, raw]) {
  if (aead === undefined) continue;
  const lengths = [...Array.from({ length: 140 }, (_, index) => index), 1279, 1280, 1420, 1423, 1424, 8999, 9216];

  test(`${aead.name} seals as node:crypto does, at every odd length, and leaves what lies behind the packet`, () => {
    for (const [turn, length] of lengths.entries()) {
      const key = randomBytes(32);
      const nonce = Buffer.concat([Buffer.alloc(4), randomBytes(8)]);
      const plaintext = randomBytes(length);
      const behind = randomBytes(32);
      const padded = turn % 2 === 0 ? length : (length + 15) & ~15;
      bytes.fill(0, scratch, scratch + 16);
      bytes.set(nonce, scratch + SCRATCH.nonce);
      bytes.set(key, KEY);
      bytes.set(plaintext, PACKET);
      bytes.set(behind, PACKET + length);
      aead.seal(KEY, 1000 + turn, PACKET, length, padded, OUT);
      const expected = reference(key, nonce, Buffer.concat([plaintext, Buffer.alloc(padded - length)]));
      assert.deepEqual(Buffer.from(bytes.slice(OUT, OUT + padded + 16)), expected, `${length}`);
      assert.deepEqual(Buffer.from(bytes.slice(PACKET + length, PACKET + length + 32)), behind);
    }
  });

  test(`${aead.name} opens what node:crypto sealed, refuses any changed bit, and leaves the next datagram`, () => {
    for (const [turn, length] of lengths.entries()) {
      const key = randomBytes(32);
      const nonce = Buffer.concat([Buffer.alloc(4), randomBytes(8)]);
      const plaintext = randomBytes(length);
      const sealed = reference(key, nonce, plaintext);
      const behind = randomBytes(48);
      const open = (text: Buffer): boolean => {
        bytes.fill(0, scratch, scratch + 16);
        bytes.set(nonce, scratch + SCRATCH.nonce);
        bytes.set(key, KEY);
        bytes.set(text, PACKET);
        bytes.set(behind, PACKET + text.length);
        return aead.open(KEY, 5000 + turn, PACKET, length, OUT);
      };
      assert.ok(open(sealed), `${length}`);
      assert.deepEqual(Buffer.from(bytes.slice(OUT, OUT + length)), plaintext);
      assert.deepEqual(Buffer.from(bytes.slice(PACKET + sealed.length, PACKET + sealed.length + 48)), behind);
      for (const position of new Set([0, length >> 1, length, sealed.length - 1])) {
        const forged = Buffer.from(sealed);
        forged[position]! ^= 1 << (turn % 8);
        assert.ok(!open(forged), `${length} with a changed byte ${position}`);
      }
    }
  });
}

test('what gives wrong bytes is not chosen, and the switch leaves only EVP', () => {
  assert.equal(aeadChoice({ ZERONAUT_WG_AEAD: 'evp' }), 'evp');
  assert.equal(aeadChoice({}), 'auto');
  assert.equal(chooseAead(place, 'evp').name, 'evp');
  assert.equal(chooseAead(place, 'auto').name, 'raw');
  const wrong = {
    ...raw!,
    seal: (...sealed: Parameters<typeof evp.seal>) => {
      raw!.seal(...sealed);
      bytes[sealed[5] + sealed[4] + 15]! ^= 1;
    },
  };
  assert.equal(givesKnownAnswers(wrong, evp, place), false);
  const credulous = { ...raw!, open: (...opened: Parameters<typeof evp.open>) => raw!.open(...opened) || true };
  assert.equal(givesKnownAnswers(credulous, evp, place), false);
});

test('a context forgets a key that is removed', () => {
  const key = randomBytes(32);
  bytes.set(key, KEY);
  evp.seal(KEY, 7, PACKET, 32, 32, OUT);
  assert.equal(record.words[record.keyed], 8);
  bytes.fill(0, KEY, KEY + 32);
  overwriteContextKey(record, base + KEY);
  assert.equal(record.words[record.keyed], 0);
  freeContext(record);
});
